/* Can code run on the stack? PT_GNU_STACK with PF_X asks for it. Without the header a
 * 64-bit Linux gives the main thread no executable stack (arch/x86/include/asm/elf.h,
 * arch/arm64/include/asm/elf.h: exec-none), but glibc on x86-64 makes the stacks of
 * threads executable, also in a static program (sysdeps/x86_64/stackinfo.h,
 * DEFAULT_STACK_PERMS; on aarch64 it does not). On macOS MH_ALLOW_STACK_EXECUTION asks. */
#include "checks/common.h"

static void without_header(const struct image *image, struct finding *f)
{
    if (image->segments.known != KNOWN_COMPLETE) {
        unknown(f, "the program headers cannot be read to their end");
    } else if (image->arch == ARCH_ARM64) {
        pass(f, "no PT_GNU_STACK: on arm64 neither Linux nor glibc makes a stack executable then");
    } else if (image->libc == LIBC_GLIBC) {
        evidence(f, EVIDENCE_NOWHERE, "PT_GNU_STACK with PF_R | PF_W", "no PT_GNU_STACK, and glibc");
        fail(f, "no PT_GNU_STACK: glibc makes the stacks of threads executable then");
    } else if (image->libc == LIBC_NONE || image->libc == LIBC_MUSL) {
        pass(f, "no PT_GNU_STACK: 64-bit Linux (5.8 and later) and %s give no executable stack then",
             image->libc == LIBC_MUSL ? "musl" : "a program without C library");
    } else {
        unknown(f, "no PT_GNU_STACK: what that means is up to the C library, which is not known");
    }
}

static void check(const struct subject *subject, struct finding *f)
{
    const struct image *image = subject->image;
    if (image->format == FORMAT_MACHO) {
        if (image->macho->allow_stack_execution) {
            evidence(f, image->offset + 24, "flags without MH_ALLOW_STACK_EXECUTION", "flags %#x", image->macho->flags);
            fail(f, "MH_ALLOW_STACK_EXECUTION asks for an executable stack");
        } else if (image->segments.known == KNOWN_BROKEN) {
            unknown(f, "the load commands cannot be read to their end");
        } else {
            pass(f, "MH_ALLOW_STACK_EXECUTION is not set");
        }
    } else if (!image->elf->has_gnu_stack) {
        without_header(image, f);
    } else if (image->elf->gnu_stack_access & ACCESS_EXECUTE) {
        evidence(f, image->elf->gnu_stack_offset, "PF_R | PF_W", "p_flags %#x with PF_X", image->elf->gnu_stack_access);
        fail(f, "PT_GNU_STACK asks for an executable stack");
    } else {
        pass(f, "PT_GNU_STACK without PF_X");
    }
}

const struct rule rule_hardening_stack_not_executable = {
    .id = "hardening/stack-not-executable",
    .level = LEVEL_ERROR,
    .applies = APPLIES_ELF | APPLIES_MACHO | APPLIES_LOADABLE,
    .title = "The stack is not executable",
    .why = "With an executable stack, overflowing one buffer on it is enough to run code of one's own. Nothing needs "
           "it but nested functions of GCC; it is mostly asked for by mistake, by one assembler file without "
           ".note.GNU-stack, and a single such library makes the stacks of the whole process executable.",
    .fix = {.go = "nothing in Go needs it: look for C or assembler objects in cgo packages",
            .c =
                ".section .note.GNU-stack,\"\",@progbits in every .s file; -Wl,-z,noexecstack; no nested functions; on "
                "macOS drop -allow_stack_execute",
            .rust = "-C link-arg=-Wl,-z,noexecstack"},
    .refs = {"LSB Core, Program Header: PT_GNU_STACK", "Linux arch/x86/include/asm/elf.h: the table of stack defaults",
             "glibc sysdeps/x86_64/stackinfo.h: DEFAULT_STACK_PERMS", "<mach-o/loader.h>: MH_ALLOW_STACK_EXECUTION"},
    .example = {.fails = "hardening-stack-not-executable", .passes = "elf-static-clean"},
    .check = check,
};
