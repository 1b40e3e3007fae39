/* A clean ELF program, and for each rule one that differs from it in a single thing. The
 * clean one is a static PIE without a C library. */
#include "corpus/samples/elf.h"

#include <stdlib.h>
#include <string.h>

static void start(struct elf *e)
{
    *e = (struct elf){
        .type = ET_DYN, .stack = PF_R | PF_W, .data_access = PF_R | PF_W, .align = ELF_STEP, .relro = true};
}

static void clean(struct elf *e)
{
    (void)e;
}

static void clean_arm64(struct elf *e)
{
    e->arm64 = e->arm64_code = true;
}

static void clean_go(struct elf *e)
{
    e->type = ET_EXEC;
    e->base = 0x400000;
    e->relro = false;
    e->go = true;
    e->settings = "path\texample.test/hello\nbuild\t-buildmode=exe\nbuild\t-compiler=gc\nbuild\t-ldflags=\"-s -w\"\n"
                  "build\tCGO_ENABLED=0\nbuild\tGOARCH=amd64\nbuild\tGOOS=linux\nbuild\tGOAMD64=v1\n";
}

static void clean_glibc(struct elf *e)
{
    e->abi_tag = true;
    e->constants = "GLIBC_TUNABLES\0gconv-modules\0";
}

/* one change each, by the rule that it breaks */
static void change_interpreter(struct elf *e)
{
    e->interpreter = "/lib/my-loader";
}

static void change_needed(struct elf *e)
{
    e->needed = "libfoo.so.1";
}

static void change_libc(struct elf *e)
{
    e->version = "GLIBC_2.34";
}

static void change_latent(struct elf *e)
{
    clean_glibc(e);
    e->constants = "GLIBC_TUNABLES\0gconv-modules\0libnss_%s.so\0_nss_%s_%s\0/etc/nsswitch.conf\0";
}

/* mov $319, %eax; syscall; mov $322, %eax; syscall: memfd_create(), execveat() */
static void change_memory_program(struct elf *e)
{
    static const uint8_t code[] = {0xb8, 0x3f, 1, 0, 0, 0x0f, 0x05, 0xb8, 0x42, 1, 0, 0, 0x0f, 0x05};
    e->code = code;
    e->code_size = sizeof code;
}

static void empty_search_path(struct elf *e)
{
    e->runpath = "";
}

static void change_search_path(struct elf *e)
{
    e->runpath = "/tmp/lib";
}

static void change_symbols(struct elf *e)
{
    e->symbols = true;
}

static void change_debug(struct elf *e)
{
    e->debug = true;
}

static void change_paths(struct elf *e)
{
    e->constants = "/home/builder/project/src/main.c\0";
}

static void change_stack(struct elf *e)
{
    e->stack |= PF_X;
}

static void change_access(struct elf *e)
{
    e->data_access |= PF_X;
}

static void change_code_memory(struct elf *e)
{
    e->code_memory = 0x1000;
}

static void change_text_relocations(struct elf *e)
{
    e->dynamic_flags = DF_TEXTREL;
}

static void change_relro(struct elf *e)
{
    e->relro = false;
}

static void change_pie(struct elf *e)
{
    e->type = ET_EXEC;
    e->base = 0x400000;
}

static void change_format(struct elf *e)
{
    e->flags = 1; /* amd64 defines none */
}

static void change_truth(struct elf *e)
{
    e->arm64_code = true;
}

static void change_overlay(struct elf *e)
{
    e->appended = "PK\3\4 an archive behind the program";
}

static void change_packed(struct elf *e)
{
    e->constants = "...UPX!\0" /* at a multiple of 4 */;
}

static void change_entry(struct elf *e)
{
    e->entry = ELF_CONSTANTS;
}

static void change_alignment(struct elf *e)
{
    clean_arm64(e);
    e->align = 0x1000;
}

static void change_cgo(struct elf *e)
{
    clean_go(e);
    e->settings = "path\texample.test/hello\nbuild\t-buildmode=exe\nbuild\t-compiler=gc\nbuild\t-ldflags=\"-s -w\"\n"
                  "build\tCGO_ENABLED=1\nbuild\tGOARCH=amd64\nbuild\tGOOS=linux\nbuild\tGOAMD64=v1\n";
}

static void change_claim(struct elf *e)
{
    clean_go(e);
    e->settings = "path\texample.test/hello\nbuild\t-buildmode=pie\nbuild\t-compiler=gc\nbuild\t-ldflags=\"-s -w\"\n"
                  "build\tCGO_ENABLED=0\nbuild\tGOARCH=amd64\nbuild\tGOOS=linux\nbuild\tGOAMD64=v1\n";
}

static void change_level(struct elf *e)
{
    clean_go(e);
    e->settings = "path\texample.test/hello\nbuild\t-buildmode=exe\nbuild\t-compiler=gc\nbuild\t-ldflags=\"-s -w\"\n"
                  "build\tCGO_ENABLED=0\nbuild\tGOARCH=amd64\nbuild\tGOOS=linux\nbuild\tGOAMD64=v3\n";
}

/* vpaddd ymm0, ymm0, ymm0 */
static void change_declared_level(struct elf *e)
{
    static const uint8_t code[] = {0xc5, 0xfd, 0xfe, 0xc0};
    clean_go(e);
    e->code = code;
    e->code_size = sizeof code;
}

/* mov w0, #4; again: add v0.4s, v0.4s, v0.4s; subs w0, w0, #1; b.ne again */
static void clean_neon(struct elf *e)
{
    static const uint8_t code[] = {0x80, 0x00, 0x80, 0x52, 0x00, 0x84, 0xa0, 0x4e,
                                   0x00, 0x04, 0x00, 0x71, 0xc1, 0xff, 0xff, 0x54};
    clean_arm64(e);
    e->code = code;
    e->code_size = sizeof code;
}

/* functions that break one rule of AAPCS64 each */
static const uint32_t misaligned[] = {0xd10023ff, /* sub sp, sp, #8 */
                                      0xf90003e0, /* str x0, [sp] */
                                      0xf94003e0, /* ldr x0, [sp] */
                                      0x910023ff, /* add sp, sp, #8 */
                                      0xd65f03c0, /* ret */
                                      0};
static const uint32_t below_sp[] = {0xf81f03e0, /* stur x0, [sp, #-16] */
                                    0xf85f03e0, /* ldur x0, [sp, #-16] */
                                    0xd65f03c0, /* ret */
                                    0};
static const uint32_t clobbers_x19[] = {0xaa0003f3, /* mov x19, x0 */
                                        0x91000660, /* add x0, x19, #1 */
                                        0xd65f03c0, /* ret */
                                        0};
static const uint32_t loses_lr[] = {0x94000002, /* bl to the next function */
                                    0xd65f03c0, /* ret */
                                    0};
static const uint32_t signs_alone[] = {0xd503233f, /* paciasp */
                                       0xa9bf7bfd, /* stp x29, x30, [sp, #-16]! */
                                       0x910003fd, /* mov x29, sp */
                                       0xa8c17bfd, /* ldp x29, x30, [sp], #16 */
                                       0xd65f03c0, /* ret */
                                       0};

static const uint32_t lands[] = {0xd503245f, /* bti c */
                                 0xd65f03c0, /* ret */
                                 0};

static void clean_guarded(struct elf *e)
{
    clean_arm64(e);
    e->guarded = true;
    e->function = lands;
}

static void change_landing_pad(struct elf *e)
{
    clean_arm64(e);
    e->guarded = true;
}

static void change_tls(struct elf *e)
{
    e->tls = true;
}

static void change_sp(struct elf *e)
{
    clean_arm64(e);
    e->function = misaligned;
}

static void change_below_sp(struct elf *e)
{
    clean_arm64(e);
    e->function = below_sp;
}

static void change_x19(struct elf *e)
{
    clean_arm64(e);
    e->function = clobbers_x19;
}

static void change_lr(struct elf *e)
{
    clean_arm64(e);
    e->function = loses_lr;
}

static void change_pac(struct elf *e)
{
    clean_arm64(e);
    e->function = signs_alone;
}

static void x86(struct elf *e, const uint8_t *function, size_t size)
{
    e->x86_function = function;
    e->x86_function_size = size;
}

/* sub $8, %rsp; call *%rdi; add $8, %rsp; ret */
static void clean_frames(struct elf *e)
{
    static const uint8_t function[] = {0x48, 0x83, 0xec, 0x08, 0xff, 0xd7, 0x48, 0x83, 0xc4, 0x08, 0xc3};
    x86(e, function, sizeof function);
}

/* sub $16, %rsp; call *%rdi; add $16, %rsp; ret */
static void change_call(struct elf *e)
{
    static const uint8_t function[] = {0x48, 0x83, 0xec, 0x10, 0xff, 0xd7, 0x48, 0x83, 0xc4, 0x10, 0xc3};
    x86(e, function, sizeof function);
}

/* mov %rdi, -144(%rsp); mov -144(%rsp), %rax; ret */
static void change_red_zone(struct elf *e)
{
    static const uint8_t function[] = {0x48, 0x89, 0xbc, 0x24, 0x70, 0xff, 0xff, 0xff, 0x48,
                                       0x8b, 0x84, 0x24, 0x70, 0xff, 0xff, 0xff, 0xc3};
    x86(e, function, sizeof function);
}

/* mov %rdi, %rbx; lea 1(%rbx), %rax; ret */
static void change_rbx(struct elf *e)
{
    static const uint8_t function[] = {0x48, 0x89, 0xfb, 0x48, 0x8d, 0x43, 0x01, 0xc3};
    x86(e, function, sizeof function);
}

static const struct {
    const char *name;
    void (*change)(struct elf *e);
} recipes[] = {
    {"elf-static-clean", clean},
    {"elf-static-clean-arm64", clean_arm64},
    {"elf-static-declared", clean},
    {"elf-static-glibc", clean_glibc},
    {"elf-static-go", clean_go},
    {"identity-declared-target", clean},
    {"structure-well-formed", change_format},
    {"structure-one-truth", change_truth},
    {"structure-no-overlay", change_overlay},
    {"structure-not-packed", change_packed},
    {"structure-entry-in-code", change_entry},
    {"linkage-no-interpreter", change_interpreter},
    {"linkage-no-needed-libraries", change_needed},
    {"linkage-no-libc-dependency", change_libc},
    {"linkage-glibc-floor", change_libc},
    {"elf-glibc-allowed", change_libc},
    {"platform-size-budget", clean},
    {"isa-level-ceiling", change_level},
    {"isa-declared-level-true", change_declared_level},
    {"isa-neon-present", clean_arm64},
    {"elf-static-neon", clean_neon},
    {"linkage-no-latent-loads", change_latent},
    {"linkage-no-insecure-search-path", change_search_path},
    {"elf-empty-search-path", empty_search_path},
    {"elf-starts-from-memory", change_memory_program},
    {"stripped-no-symbol-table", change_symbols},
    {"stripped-no-debug-info", change_debug},
    {"stripped-no-build-paths", change_paths},
    {"hardening-stack-not-executable", change_stack},
    {"hardening-write-xor-execute", change_access},
    {"elf-clears-code", change_code_memory},
    {"hardening-no-text-relocations", change_text_relocations},
    {"hardening-relro", change_relro},
    {"hardening-pie", change_pie},
    {"origin-go-cgo-disabled", change_cgo},
    {"origin-claims-match-bytes", change_claim},
    {"platform-page-alignment", change_alignment},
    {"elf-arm64-landing-pads", clean_guarded},
    {"hardening-branch-protection", change_landing_pad},
    {"abi-tls-model", change_tls},
    {"abi-stack-alignment", change_sp},
    {"abi-no-access-below-sp", change_below_sp},
    {"abi-callee-saved", change_x19},
    {"abi-return-address", change_lr},
    {"abi-pac-pairing", change_pac},
    {"elf-amd64-frames", clean_frames},
    {"elf-amd64-misaligned-call", change_call},
    {"elf-amd64-below-red-zone", change_red_zone},
    {"elf-amd64-loses-rbx", change_rbx},
};

bool make_elf(const char *name, struct sample_bytes *out)
{
    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++) {
        if (strcmp(recipes[i].name, name) != 0)
            continue;
        struct elf *e = malloc(sizeof *e);
        if (!e)
            return false;
        start(e);
        recipes[i].change(e);
        elf_write(e);
        out->size = e->size;
        out->data = malloc(e->size);
        if (out->data)
            memcpy(out->data, e->bytes, e->size);
        free(e);
        return out->data != NULL;
    }
    return false;
}
