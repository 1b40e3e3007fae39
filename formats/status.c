#include "formats/status.h"

#include <stdio.h>

enum status problem_set(struct problem *problem, enum status status, const char *format, ...)
{
    if (problem) {
        va_list args;
        problem->status = status;
        va_start(args, format);
        vsnprintf(problem->text, sizeof problem->text, format, args);
        va_end(args);
    }
    return status;
}
