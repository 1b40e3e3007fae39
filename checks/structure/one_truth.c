/* Does the file say the same thing to everyone who reads it? The kernel and ld.so go by
 * program headers and addresses, tools by sections and offsets, and a file can hold both
 * a harmless and a real answer: one changed byte of e_ident makes libelf see a 32-bit
 * file where Linux starts a 64-bit one. Each place that contradicts another is a defect
 * of the family TRUTH; the machine that the header declares is held against the code. */
#include "checks/common.h"

/* What the code says against the header; NULL: nothing. */
static const char *other_code(const struct image *image)
{
    if (image->arch == ARCH_AMD64 && image->code_looks == CODE_LIKE_ARM64)
        return "the header declares amd64, and the code is arm64";
    if (image->arch == ARCH_ARM64 && image->code_looks == CODE_LIKE_AMD64)
        return "the header declares arm64, and the code is no A64 code";
    return NULL;
}

/* Whether there is code that readers would have looked at. */
static bool has_code(const struct image *image)
{
    const uint64_t code =
        image->format == FORMAT_ELF ? 4 /* SHF_EXECINSTR */ : 0x80000000 /* S_ATTR_PURE_INSTRUCTIONS */;
    bool found = image->kind == KIND_EXECUTABLE || image->entry.in_code, loads = false;
    for (size_t i = 0; i < image->segments.count; i++)
        loads |= image->segments.items[i].access & ACCESS_EXECUTE && image->segments.items[i].file_size;
    for (size_t i = 0; i < image->sections.count && !found; i++) {
        const struct section *s = &image->sections.items[i];
        found = loads && s->flags & code && s->has_bytes && s->size;
    }
    return found;
}

static void check(const struct subject *subject, struct finding *f)
{
    const struct image *image = subject->image;
    bool unsure;
    size_t found = common_defects(subject, f, DEFECT_TRUTH, &unsure);
    const char *code = other_code(image), *unread = common_unread(image);
    if (code) {
        evidence(f, image->entry.in_code ? image->entry.offset : image->offset, "code of the declared machine",
                 "%llu of %llu words from the entry on are typical of A64",
                 (unsigned long long)image->code_typical_words, (unsigned long long)image->code_words);
        fail(f, "%s", code);
    } else if (found) {
        fail(f, "%s",
             f->count == 1
                 ? f->evidence[0].observed
                 : arena_print(f->arena, "%zu contradictions; the first: %s", found, f->evidence[0].observed));
    } else if (unsure) {
        unknown(f, "more defects were found than are kept, and those kept are no contradictions");
    } else if (unread) {
        unknown(f, "the %s cannot be read to their end, so they cannot be compared", unread);
    } else if (!subject->code_was_read) {
        pass(f, "all headers and tables agree; the code was not looked at (--no-code)");
    } else if (image->code_looks == CODE_NOT_LOOKED_AT && has_code(image)) {
        unknown(f, "the code cannot be found, so it cannot be held against the declared machine");
    } else if (image->code_looks == CODE_NOT_LOOKED_AT || image->code_looks == CODE_TOO_SHORT) {
        pass(f, "all headers and tables agree; there is too little code to tell its machine by");
    } else {
        pass(f, "all headers and tables agree, and the code is for %s", arch_name(image->arch));
    }
}

const struct rule rule_structure_one_truth = {
    .id = "structure/one-truth",
    .level = LEVEL_ERROR,
    .applies = APPLIES_ELF | APPLIES_MACHO,
    .title = "All parts of the file tell one story",
    .why = "The kernel reads a program by its program headers or load commands; most tools read sections, e_ident and "
           "the universal header. Where the two differ, a scanner approves of one program and the machine runs "
           "another. No linker produces such files: they come from damage, from binary editors, or from intent.",
    .fix = {.go = "publish the linker's output unchanged, stripped by -ldflags '-s -w' and no tool behind it",
            .c = "relink and strip with the target's own strip; avoid editing headers in place",
            .rust = "set strip = true in [profile.release] in place of editing the file afterwards"},
    .refs = {"Linux fs/binfmt_elf.c: load_elf_binary", "glibc elf/rtld.c, elf/get-dynamic-info.h",
             "XNU bsd/kern/mach_fat.c: fatfile_validate_fatarches", "dyld mach_o/Universal.cpp: forEachSlice"},
    .example = {.fails = "structure-one-truth", .passes = "elf-static-clean"},
    .check = check,
};
