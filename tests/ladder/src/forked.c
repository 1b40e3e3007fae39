/* A child tries it, and how the child ends is the answer. */
#include "feature.h"
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
    int status = 1;
    fflush(NULL);
    pid_t child = fork();
    if (!child) {
        USE();
        _exit(0);
    }
    if (child > 0)
        waitpid(child, &status, 0);
    return done(status ? plain(1) : rich(1));
}
