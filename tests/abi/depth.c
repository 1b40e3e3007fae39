/* depth FILE...: of each call in functions for amd64, how far RSP is from where it was before the function was called: the
 * address and the bytes between, "?" where that is not known. cfa.py holds it against unwind tables. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "checks/code/abi_work.h"
#include "checks/code/x86.h"
#include "tests/code/each_image.h"

static void tell(void *context, size_t at, const struct abi_state *before, const struct abi_state *after, bool loose)
{
    const struct abi_walk *walk = context;
    struct x86_insn insn;
    struct abi_value sp = before->x[REGISTER_SP];
    (void)after;
    (void)loose;
    if (!x86_decode(walk->bytes + at, walk->units - at, &insn) ||
        (insn.flow != X86_CALL && insn.flow != X86_CALL_INDIRECT))
        return;
    if (sp.kind == ABI_STACK)
        printf("%" PRIx64 " %d\n", walk->f->start + at, -(int)sp.n);
    else
        printf("%" PRIx64 " ?\n", walk->f->start + at);
}

static void tell_all(const struct image *image, struct arena *arena)
{
    struct ground ground;
    if (image->arch != ARCH_AMD64 || !ground_make(image, arena, &ground))
        return;
    struct abi_work work = abi_work_on(&ground);
    abi_find(&work);
    struct abi_walk walk = abi_walk_of(&work);
    walk.trace = tell;
    walk.context = &walk;
    for (size_t i = 0; i < work.starts.count; i++) {
        struct abi_function f = abi_function_of(&work, i);
        if (f.source != START_EH_FRAME || f.part)
            continue;
        printf("f %" PRIx64 " %" PRIx64 "\n", f.start, f.size);
        if (!abi_walk(&walk, &f))
            abort();
    }
    abi_walk_free(&walk);
}

static void look(const struct image *image, struct arena *arena, void *context)
{
    (void)context;
    if (image->judged)
        tell_all(image, arena);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (!each_image(argv[i], look, NULL))
            return 2;
    return 0;
}
