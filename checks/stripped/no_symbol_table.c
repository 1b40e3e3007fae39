/* Did the symbol table go? Loaders need .dynsym or the imports of LC_SYMTAB; SHT_SYMTAB
 * and local nlists serve linkers and debuggers alone. In a Mach-O LC_SYMTAB must stay for
 * the imports, so what counts there is what kind of entries it has: no defined local
 * symbol, and in a program no defined external one but __mh_execute_header. A library's
 * defined externals are its exports, and have their names in the export trie. Stabs belong to stripped/no-debug-info. */
#include "checks/common.h"

static void check_elf(const struct symbols *symbols, struct finding *f)
{
    unsigned long long count = symbols->count;
    if (symbols->known == KNOWN_BROKEN) {
        unknown(f, "whether a symbol table is left cannot be told");
    } else if (symbols->known == KNOWN_COMPLETE) {
        evidence(f, symbols->offset, "no SHT_SYMTAB", "a symbol table of %llu entries", count);
        if (symbols->first_named)
            fail(f, "a symbol table of %llu entries, %s among them", count, symbols->first_named);
        else
            fail(f, "a symbol table of %llu entries", count);
    } else {
        pass(f, "no symbol table but the one that loaders need");
    }
}

static void check_macho(const struct image *image, struct finding *f)
{
    const struct symbols *symbols = &image->symbols;
    /* The one external that a program may define is not `first_named`. */
    bool external =
        image->kind == KIND_EXECUTABLE && symbols->external > 0 && (symbols->external > 1 || symbols->first_named);
    unsigned long long left = symbols->local + (external ? symbols->external : symbols->unexported);
    if (left) {
        evidence(f, symbols->offset, symbols->unexported ? "imports and exports" : "imports, and __mh_execute_header",
                 "%llu local and %llu external symbols are defined%s", (unsigned long long)symbols->local,
                 (unsigned long long)symbols->external, symbols->unexported ? ", more than are exported" : "");
        if (symbols->first_named)
            fail(f, "%llu symbols that only debuggers use, %s among them", left, symbols->first_named);
        else
            fail(f, "%llu symbols that only debuggers use", left);
    } else if (symbols->known == KNOWN_BROKEN) {
        unknown(f, "the symbol table cannot be read to its end");
    } else if (symbols->known == KNOWN_ABSENT) {
        pass(f, "no LC_SYMTAB");
    } else {
        pass(f, "of %llu symbols none that loading does not need", (unsigned long long)symbols->count);
    }
}

static void check(const struct subject *subject, struct finding *f)
{
    if (subject->image->format == FORMAT_ELF)
        check_elf(&subject->image->symbols, f);
    else
        check_macho(subject->image, f);
}

const struct rule rule_stripped_no_symbol_table = {
    .id = "stripped/no-symbol-table",
    .level = LEVEL_ERROR,
    .applies = APPLIES_ELF | APPLIES_MACHO | APPLIES_LOADABLE,
    .title = "No symbol table is left but what loading needs",
    .why = "The symbol table names every function and variable of the program: megabytes that nobody loads, and a map "
           "for whoever takes it apart. Removing debug information alone leaves it in place, and so does -w without "
           "-s in Go.",
    .fix = {.go = "go build -ldflags '-s -w'",
            .c = "cc -s, or strip --strip-all (ELF) and strip (macOS; strip -x for libraries)",
            .rust = "strip = true in [profile.release]"},
    .refs = {"gABI chapter 4, Symbol Table: SHT_SYMTAB", "<mach-o/nlist.h>: n_type", "strip(1)"},
    .example = {.fails = "stripped-no-symbol-table", .passes = "elf-static-clean"},
    .check = check,
};
