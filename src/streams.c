/* Standard output as commands meet it: coloured or not, and written in full or not at all well. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/commands.h"
#include "src/report/escape.h"

bool colour_wanted(const struct options *options)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    if (options->colour != COLOUR_AUTO)
        return options->colour == COLOUR_ALWAYS;
    return isatty(STDOUT_FILENO) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

bool complain_of(const char *name, const char *what, int error)
{
    fputs("assay: ", stderr);
    escape_terminal(stderr, name);
    fprintf(stderr, ": %s%s%s\n", what, error ? ": " : "", error ? strerror(error) : "");
    return false;
}

bool flush_or_complain(FILE *out, const char *name)
{
    errno = 0;
    if (fflush(out) == 0 && !ferror(out))
        return true;
    return complain_of(name, "cannot be written in full", errno ? errno : EIO);
}
