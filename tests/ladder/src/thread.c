/* Nobody asks: a second thread calls it. */
#include "feature.h"
#include <pthread.h>
static void *run(void *at)
{
    *(uint32_t *)at = rich(1);
    return NULL;
}
int main(void)
{
    pthread_t thread;
    uint32_t sum = 0;
    if (pthread_create(&thread, NULL, run, &sum))
        return 1;
    pthread_join(thread, NULL);
    return done(sum);
}
