#include "src/report/draft.h"

#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 8192 };

/* 0 is how an error is told to stdio (fopencookie(3)). */
static ssize_t take(void *cookie, const char *bytes, size_t size)
{
    struct draft *draft = cookie;
    if (size >= draft->room - draft->size) {
        if (size > SIZE_MAX / 4 - draft->size)
            return 0;
        size_t room = (draft->size + size + 1) * 2;
        char *wider = realloc(draft->text, room);
        if (!wider)
            return 0;
        draft->text = wider;
        draft->room = room;
    }
    memcpy(draft->text + draft->size, bytes, size);
    draft->size += size;
    return (ssize_t)size;
}

bool draft_open(struct draft *draft)
{
    *draft = (struct draft){.text = malloc(FIRST_ROOM), .room = FIRST_ROOM};
    if (draft->text)
        draft->out = fopencookie(draft, "w", (cookie_io_functions_t){.write = take});
    if (draft->out) {
        __fsetlocking(draft->out, FSETLOCKING_BYCALLER); /* one thread, many small writes */
        return true;
    }
    free(draft->text);
    draft->text = NULL;
    return false;
}

bool draft_close(struct draft *draft)
{
    bool good = fflush(draft->out) == 0 && !ferror(draft->out);
    good = fclose(draft->out) == 0 && good;
    draft->out = NULL;
    if (good) {
        draft->text[draft->size] = 0;
        return true;
    }
    free(draft->text);
    draft->text = NULL;
    return false;
}

void draft_drop(struct draft *draft)
{
    if (draft->out)
        fclose(draft->out);
    free(draft->text);
    *draft = (struct draft){0};
}
