/* Nobody asks: a virtual method. */
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
static __attribute__((noinline)) worker *make(int kind)
{
    if (kind > 100) return new plain_worker;
    return new rich_worker;
}
int main(int argc, char **)
{
    worker *w = make(argc);
    uint32_t sum = w->work(1) + (argc > 100 ? has() : 0);
    delete w;
    return done(sum);
}
