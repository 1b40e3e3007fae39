/* The instruction itself is the question: SIGILL is caught, and answers no. */
#include "feature.h"
#include <setjmp.h>
#include <signal.h>
static sigjmp_buf back;
static void caught(int number)
{
    (void)number;
    siglongjmp(back, 1);
}
int main(void)
{
    struct sigaction action;
    volatile int can = 0;
    memset(&action, 0, sizeof action);
    action.sa_handler = caught;
    sigaction(SIGILL, &action, NULL);
    if (!sigsetjmp(back, 1)) {
        USE();
        can = 1;
    }
    signal(SIGILL, SIG_DFL);
    return done(can ? rich(1) : plain(1));
}
