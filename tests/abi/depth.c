/* depth FILE...: of each call in functions for amd64, how far RSP is from where it was before the function was called: the
 * address and the bytes between, "?" where that is not known. cfa.py holds it against unwind tables. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "checks/code/abi_work.h"
#include "checks/code/x86.h"
#include "formats/read.h"

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
    if (!abi_find(&work))
        abort();
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
    abi_work_free(&work);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        struct file file;
        struct problem problem = {0};
        struct reading reading = {0};
        const struct file_options options = {.max_size = UINT64_MAX};
        const struct read_options read = {.code = true};
        jmp_buf escape;
        int fd = open(argv[i], O_RDONLY | O_CLOEXEC);
        if (fd < 0 || file_from_fd(&file, fd, &options, &problem) != STATUS_OK) {
            fprintf(stderr, "%s: %s\n", argv[i], problem.text);
            return 2;
        }
        file.arena.escape = &escape;
        if (setjmp(escape) != 0)
            return 2;
        read_file(&file, &read, &reading);
        for (size_t n = 0; n < reading.count; n++)
            if (reading.images[n].judged)
                tell_all(&reading.images[n], &file.arena);
        file_close(&file);
    }
    return 0;
}
