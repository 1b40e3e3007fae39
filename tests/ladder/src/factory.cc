/* A factory asks, and makes an object of the class that can run. */
#include "feature.h"
struct worker {
    virtual ~worker() {}
    virtual uint32_t work(uint32_t x) = 0;
};
struct plain_worker : worker {
    uint32_t work(uint32_t x) override { return plain(x); }
};
struct rich_worker : worker {
    uint32_t work(uint32_t x) override { return rich(x); }
};
static __attribute__((noinline)) worker *make()
{
    if (has()) return new rich_worker;
    return new plain_worker;
}
int main()
{
    worker *w = make();
    uint32_t sum = w->work(1);
    delete w;
    return done(sum);
}
