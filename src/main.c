/* The command line: options, then one command. */
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio_ext.h>
#include <unistd.h>

#include "src/commands.h"

enum { KEPT = 16 << 20 }; /* bytes; above formats/file.c's limit for memory of its own */

/* What is closed stays as good as closed, and its number is given to nothing else. */
static bool hold_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        /* cppcheck-suppress leakReturnValNotUsed ; it is fd, which stays open */
        if (fcntl(fd, F_GETFD) < 0 && open("/", O_PATH | O_CLOEXEC) != fd)
            return false;
    return true;
}

int main(int argc, char **argv)
{
    static char room[1 << 16];
    struct options options;
    int status;
    if (!hold_standard_streams()) {
        fputs("assay: the standard streams cannot be had\n", stderr); /* to whoever still hears it */
        return 2;
    }
    __fsetlocking(stdout, FSETLOCKING_BYCALLER); /* one thread, many small writes */
    setvbuf(stdout, room, _IOFBF, sizeof room);
#ifdef M_MMAP_THRESHOLD /* glibc: files come and go, keep the memory of small ones */
    mallopt(M_MMAP_THRESHOLD, KEPT);
    mallopt(M_TRIM_THRESHOLD, KEPT);
#endif
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is a report that was not written in full */
    if (!options_read(argc, argv, &options, &status))
        return status == 0 && !flush_or_complain(stdout, "standard output") ? 2 : status;
    switch (options.command) {
    case COMMAND_CHECK:
        return cmd_check(&options);
    case COMMAND_INSPECT:
        return cmd_inspect(&options);
    case COMMAND_RULES:
        return cmd_rules(&options);
    case COMMAND_EXPLAIN:
        return cmd_explain(&options);
    case COMMAND_POLICY:
        return cmd_policy(&options);
    case COMMAND_INIT:
        return cmd_init(&options);
    case COMMAND_CPU:
        return cmd_cpu(&options);
    case COMMAND_COMPLETION:
        return cmd_completion(&options);
    case COMMAND_ALL:
        break;
    }
    return 2;
}
