/* One ELF file: identity, then both views, then what follows from them.
 *
 * Linux decides by the magic and e_machine alone: for EM_X86_64 and EM_AARCH64 it
 * reads a 64-bit little-endian file whatever e_ident claims (fs/binfmt_elf.c,
 * elf_check_arch). So do we, and a contradicting e_ident is a defect. Other machines
 * and classes are named and not read further. */
#include "formats/elf/elf.h"

#include <stdlib.h>
#include <string.h>

#include "formats/certain.h"
#include "formats/limits.h"

static const struct machine {
    uint16_t value;
    enum arch arch;
    const char *name, *text;
} machines[] = {{EM_X86_64, ARCH_AMD64, "amd64", "EM_X86_64"}, {EM_AARCH64, ARCH_ARM64, "arm64", "EM_AARCH64"},
                {EM_386, ARCH_386, "386", "EM_386"},           {EM_ARM, ARCH_ARM, "arm", "EM_ARM"},
                {EM_RISCV, ARCH_OTHER, "riscv", "EM_RISCV"},   {EM_PPC64, ARCH_OTHER, "ppc64", "EM_PPC64"},
                {EM_PPC, ARCH_OTHER, "ppc", "EM_PPC"},         {EM_S390, ARCH_OTHER, "s390x", "EM_S390"},
                {EM_MIPS, ARCH_OTHER, "mips", "EM_MIPS"},      {EM_SPARCV9, ARCH_OTHER, "sparc64", "EM_SPARCV9"},
                {EM_SPARC, ARCH_OTHER, "sparc", "EM_SPARC"},   {EM_IA_64, ARCH_OTHER, "ia64", "EM_IA_64"},
                {EM_BPF, ARCH_OTHER, "bpf", "EM_BPF"},         {EM_68K, ARCH_OTHER, "m68k", "EM_68K"},
                {258, ARCH_OTHER, "loong64", "EM_LOONGARCH"},  {0, ARCH_OTHER, NULL, NULL}};

static void name_machine(struct elf_view *view, unsigned machine)
{
    struct image *image = view->image;
    const struct machine *m = machines;
    while (m->name && m->value != machine)
        m++;
    image->arch = m->arch;
    image->name = m->name;
    image->machine = m->text;
    if (!m->name)
        image->name = image->machine = arena_print(&view->file->arena, "e_machine %u", machine);
}

static enum os os_of(unsigned osabi)
{
    static const struct {
        uint8_t value;
        enum os os;
    } table[] = {{ELFOSABI_SYSV, OS_LINUX},    {ELFOSABI_GNU, OS_LINUX},       {ELFOSABI_FREEBSD, OS_FREEBSD},
                 {ELFOSABI_NETBSD, OS_NETBSD}, {ELFOSABI_OPENBSD, OS_OPENBSD}, {ELFOSABI_SOLARIS, OS_SOLARIS}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].value == osabi)
            return table[i].os;
    return OS_UNKNOWN;
}

static enum kind kind_of_type(unsigned type)
{
    static const enum kind kinds[] = {KIND_UNKNOWN, KIND_OBJECT, KIND_EXECUTABLE, KIND_SHARED_LIBRARY, KIND_CORE};
    return type < sizeof kinds / sizeof *kinds ? kinds[type] : KIND_OTHER;
}

/* A machine, class or byte order that is named and not judged. */
static void read_foreign(struct elf_view *view, struct view head)
{
    struct image *image = view->image;
    struct cursor c = cursor_at(head, view->extra->ident_data == ELFDATA2MSB);
    cursor_skip(&c, EI_NIDENT);
    unsigned type = cursor_u16(&c), machine = cursor_u16(&c);
    name_machine(view, machine);
    view->extra->type = type;
    view->extra->machine = machine;
    image->bits = view->extra->ident_class == ELFCLASS32 ? 32 : view->extra->ident_class == ELFCLASS64 ? 64 : 0;
    image->big_endian = view->extra->ident_data == ELFDATA2MSB;
    image->kind = kind_of_type(type);
    if (image->arch == ARCH_AMD64 && image->bits == 32)
        image->name = "x32";
    if (image->arch == ARCH_ARM64)
        image->name = image->big_endian ? "arm64be" : image->bits == 32 ? "arm64_ilp32" : "arm64";
    if (image->arch == ARCH_AMD64 || image->arch == ARCH_ARM64)
        image->arch = ARCH_OTHER;
    if (machine == EM_NONE || type == ET_NONE || image->bits == 0)
        ELF_DEFECT(view, elf_header, 4, "a class, a type and a machine", "EI_CLASS %u, e_type %u, e_machine %u",
                   view->extra->ident_class, type, machine);
    image->linkage = LINKAGE_UNKNOWN;
    image->segments.known = image->sections.known = image->needed.known = image->search_paths.known =
        image->interpreter_known = image->symbols.known = image->debug.known = image->versions.known = KNOWN_BROKEN;
}

static void check_ident(struct elf_view *view, const uint8_t *head, uint32_t version)
{
    struct elf_extra *extra = view->extra;
    view->honest_ident =
        extra->ident_class == ELFCLASS64 && extra->ident_data == ELFDATA2LSB && head[EI_VERSION] == EV_CURRENT;
    if (!view->honest_ident || version != EV_CURRENT)
        ELF_DEFECT(view, elf_ident, 4, "ELFCLASS64, ELFDATA2LSB, EV_CURRENT as the machine implies",
                   "class %u, data %u, version %u, e_version %u", extra->ident_class, extra->ident_data,
                   head[EI_VERSION], version);
    if (extra->flags != 0)
        ELF_DEFECT(view, elf_flags, 48, "e_flags 0", "e_flags %#x", extra->flags);
}

/* Whether the kernel's loader for this machine would take the header; fills in what it holds. */
static bool read_header(struct elf_view *view)
{
    struct image *image = view->image;
    struct elf_extra *extra = view->extra;
    struct view head;
    uint64_t there = image_view(image, 0, image->size < 64 ? image->size : 64, &head) ? head.size : 0;
    if (there < 64) {
        ELF_DEFECT(view, file_truncated, there, "64 bytes of ELF header", "a file of %llu bytes",
                   (unsigned long long)image->size);
        if (there < 20)
            return false;
    }
    extra->ident_class = head.data[EI_CLASS];
    extra->ident_data = head.data[EI_DATA];
    extra->ident_version = head.data[EI_VERSION];
    extra->osabi = head.data[EI_OSABI];
    image->os = os_of(extra->osabi);
    unsigned machine = load_le16(head.data + 18);
    bool ours = machine == EM_X86_64 || machine == EM_AARCH64;
    bool x32 = there >= 64 && extra->ident_class == ELFCLASS32 && load_le16(head.data + 54) != 56;
    if (!ours || x32 || there < 64) {
        read_foreign(view, head);
        return false;
    }
    struct cursor c = cursor_at(head, false);
    cursor_skip(&c, EI_NIDENT);
    extra->type = cursor_u16(&c);
    extra->machine = cursor_u16(&c);
    uint32_t version = cursor_u32(&c);
    view->entry = cursor_u64(&c);
    view->phoff = cursor_u64(&c);
    view->shoff = cursor_u64(&c);
    extra->flags = cursor_u32(&c);
    cursor_skip(&c, 2);
    view->phentsize = cursor_u16(&c);
    extra->phnum = cursor_u16(&c);
    view->shentsize = cursor_u16(&c);
    view->shnum = cursor_u16(&c);
    view->shstrndx = cursor_u16(&c);
    name_machine(view, extra->machine);
    image->bits = 64;
    image->judged = true;
    check_ident(view, head.data, version);
    return true;
}

static uint64_t lowest_address(const struct elf_view *view)
{
    uint64_t low = UINT64_MAX;
    for (size_t i = 0; i < view->image->segments.count; i++)
        if (view->image->segments.items[i].address < low)
            low = view->image->segments.items[i].address;
    return page_start(low);
}

/* Whether DT_GNU_HASH leads to symbols that others may bind to: some bucket is not empty (binutils bfd/elflink.c). */
static bool exports_symbols(const struct elf_view *view)
{
    enum { HEADER = 16, MOST = 4096 };
    const struct dyn *hash = dynamic_last(view, DT_GNU_HASH);
    struct view head, buckets;
    if (!hash || !exec_view_bytes(view, hash->value, HEADER, &head))
        return false;
    uint64_t count = load_le32(head.data), bloom = (uint64_t)load_le32(head.data + 8) * 8;
    return exec_view_bytes(view, range_end(hash->value, HEADER + bloom), (count < MOST ? count : MOST) * 4, &buckets) &&
           !view_is_zero(buckets);
}

/* ET_DYN with neither interpreter nor needed library: an old static PIE, a loader, or a
 * library? A program has an entry in code, no DT_SONAME, and nothing to bind by name; older
 * linkers give libraries an entry, too, at the first byte of .text. */
static bool is_unmarked_static_pie(const struct elf_view *view)
{
    const struct elf_extra *extra = view->extra;
    return view->image->entry.in_code && !extra->has_soname && extra->symbolic_relocations == 0 &&
           !dynamic_last(view, DT_VERDEF) && !exports_symbols(view) && extra->relocations_known == KNOWN_COMPLETE;
}

static void classify_dyn(struct elf_view *view, bool has_interp, bool has_needed)
{
    struct image *image = view->image;
    const struct elf_extra *extra = view->extra;
    bool other = image->needed.count > 0 && !has_needed; /* DT_FILTER and the like */
    image->kind = KIND_EXECUTABLE;
    if (has_interp) {
        image->linkage = has_needed ? LINKAGE_DYNAMIC : LINKAGE_INTERP_WITHOUT_NEEDED;
        if (extra->has_soname) {
            image->kind = KIND_SHARED_LIBRARY; /* libc.so.6 and ld.so can be started too */
            image->linkage = LINKAGE_NOT_APPLICABLE;
        }
    } else if (has_needed && extra->flag_pie) {
        image->linkage = LINKAGE_NEEDED_WITHOUT_INTERP;
    } else if (extra->flag_pie) { /* NOLINT(bugprone-branch-clone): what lies between comes first */
        image->linkage = LINKAGE_STATIC_PIE;
    } else if (!view->dynamic && image->entry.in_code) {
        image->linkage = LINKAGE_STATIC; /* ET_EXEC relabelled: the kernel starts it, nothing relocates it */
    } else if (!has_needed && !other && is_unmarked_static_pie(view)) {
        image->linkage = LINKAGE_STATIC_PIE;
    } else {
        image->kind = KIND_SHARED_LIBRARY;
        image->linkage = LINKAGE_NOT_APPLICABLE;
    }
    if (image->kind == KIND_EXECUTABLE) {
        /* Go links its PIEs at 0x400000 and marks them; an ET_EXEC with another e_type has neither mark nor relocations. */
        bool moves = lowest_address(view) == 0 || (extra->flag_pie && extra->relocations > 0);
        image->pie = view->dynamic && moves ? ANSWER_YES : extra->flag_pie ? ANSWER_UNKNOWN : ANSWER_NO;
    }
}

/* Go marks neither its programs for Solaris nor those for DragonFly; the loader tells. */
static enum os os_of_loader(const char *path)
{
    static const struct {
        const char *path;
        enum os os;
    } loaders[] = {{"/lib/amd64/ld.so.1", OS_SOLARIS},     {"/usr/lib/amd64/ld.so.1", OS_SOLARIS},
                   {"/lib/64/ld.so.1", OS_SOLARIS},        {"/libexec/ld-elf.so.1", OS_FREEBSD},
                   {"/usr/libexec/ld.so", OS_OPENBSD},     {"/usr/libexec/ld.elf_so", OS_NETBSD},
                   {"/libexec/ld.elf_so", OS_NETBSD},      {"/usr/libexec/ld-elf.so.2", OS_UNKNOWN},
                   {"/usr/lib/ldqnx-64.so.2", OS_UNKNOWN}, {"ld.so.1", OS_UNKNOWN} /* Fuchsia */};
    for (size_t i = 0; i < sizeof loaders / sizeof *loaders; i++)
        if (strcmp(path, loaders[i].path) == 0)
            return loaders[i].os;
    return strstr(path, "/system/bin/linker") ? OS_ANDROID : OS_LINUX;
}

static void classify(struct elf_view *view)
{
    struct image *image = view->image;
    bool has_interp = view->interp != NULL, has_needed = false;
    for (size_t i = 0; i < image->needed.count; i++)
        has_needed |= image->needed.items[i].detail == DEPENDENCY_NEEDED;
    image->kind = kind_of_type(view->extra->type);
    image->linkage = LINKAGE_NOT_APPLICABLE;
    if (view->debug_file) {
        image->kind = KIND_DEBUG_FILE;
    } else if (view->extra->type == ET_EXEC) {
        image->pie = ANSWER_NO;
        image->linkage = has_interp ? (has_needed ? LINKAGE_DYNAMIC : LINKAGE_INTERP_WITHOUT_NEEDED)
                                    : (has_needed ? LINKAGE_NEEDED_WITHOUT_INTERP : LINKAGE_STATIC);
    } else if (view->extra->type == ET_DYN) {
        classify_dyn(view, has_interp, has_needed);
    } else if (view->extra->type != ET_REL && view->extra->type != ET_CORE) {
        ELF_DEFECT(view, elf_header, 16, "e_type ET_EXEC, ET_DYN, ET_REL or ET_CORE", "e_type %u", view->extra->type);
    }
    /* Without a PT_INTERP, program headers that were not read are all that could break it, and they break both. */
    if (image->kind == KIND_EXECUTABLE && (image->linkage == LINKAGE_STATIC || image->linkage == LINKAGE_STATIC_PIE) &&
        (image->needed.known == KNOWN_BROKEN || NEVER(image->interpreter_known == KNOWN_BROKEN)))
        image->linkage = LINKAGE_UNKNOWN;
    if (image->interpreter.text && image->os == OS_LINUX)
        image->os = os_of_loader(image->interpreter.text);
}

/* Whether a PT_LOAD owns all bytes of a section; *hint is the one that did last. */
static bool is_loaded(const struct elf_view *view, const struct section *s, size_t *hint)
{
    for (size_t n = 0; n < view->phnum; n++) {
        const size_t i = (*hint + n) % view->phnum;
        const struct phdr *p = &view->phdrs[i];
        if (p->type == PT_LOAD && s->offset >= p->offset && range_fits(p->filesz, s->offset - p->offset, s->size)) {
            *hint = i;
            return true;
        }
    }
    return false;
}

static void read_unowned(struct elf_view *view)
{
    struct image *image = view->image;
    size_t most = view->phnum + image->sections.count + 3, count = 0, hint = 0;
    struct range *owned = arena_array(&view->file->arena, most, sizeof *owned);
    owned[count++] = (struct range){.offset = 0, .size = 64};
    owned[count++] = (struct range){.offset = view->phoff, .size = view->phnum * 56};
    if (image->sections.count)
        owned[count++] = (struct range){.offset = view->shoff, .size = image->sections.count * 64};
    for (size_t i = 0; i < view->phnum; i++) {
        uint32_t type = view->phdrs[i].type;
        if (type == PT_LOAD || type == PT_INTERP)
            owned[count++] = (struct range){.offset = view->phdrs[i].offset, .size = view->phdrs[i].filesz};
    }
    for (size_t i = 0; i < image->sections.count; i++) {
        const struct section *s = &image->sections.items[i];
        if (!s->has_bytes || (s->flags & SHF_ALLOC && is_loaded(view, s, &hint)))
            continue;
        owned[count++] = (struct range){.offset = s->offset, .size = s->size};
    }
    read_ranges(image, owned, count, LIMIT_PAGE);
}

/* Without section headers, bytes that no segment loads may be anything, debug information too. */
static void judge_stripped(struct elf_view *view)
{
    struct image *image = view->image;
    bool hidden = image->unowned.known == KNOWN_BROKEN || image->segments.known == KNOWN_BROKEN;
    for (size_t i = 0; i < image->unowned.count; i++)
        hidden |= !image->unowned.items[i].padding;
    if (image->sections.known == KNOWN_ABSENT && hidden)
        image->symbols.known = image->debug.known = KNOWN_BROKEN;
    bool dwarf = false;
    for (size_t i = 0; i < image->debug.count; i++)
        dwarf |= image->debug.items[i].kind == DEBUG_DWARF;
    if (image->symbols.known == KNOWN_COMPLETE || dwarf)
        image->stripped = ANSWER_NO;
    else if (image->symbols.known == KNOWN_ABSENT && image->debug.known != KNOWN_BROKEN)
        image->stripped = ANSWER_YES;
}

void read_elf(struct file *file, const struct read_options *options, struct reading *reading)
{
    struct image *image = arena_alloc(&file->arena, sizeof *image);
    struct elf_extra *extra = arena_alloc(&file->arena, sizeof *extra);
    struct elf_view view = {.file = file, .image = image, .extra = extra};
    *image = (struct image){.file = file,
                            .size = file->size,
                            .name = "elf",
                            .machine = "ELF",
                            .format = FORMAT_ELF,
                            .kind = KIND_UNKNOWN,
                            .elf = extra,
                            .linkage = LINKAGE_UNKNOWN};
    reading->images = image;
    reading->count = 1;
    if (!read_header(&view))
        return;
    link_view_read(&view);
    if (extra->type == ET_EXEC || extra->type == ET_DYN) {
        exec_view_headers(&view);
        check_headers(&view);
        read_notes(&view);
        if (view.os_unsure && !extra->no_process)
            image->os = os_of(extra->osabi);
        read_dynamic(&view);
        read_relocations(&view);
        compare_views(&view);
    }
    classify(&view);
    if (options->code) {
        check_own_relocations(&view);
        check_arrays(&view);
    }
    read_debug(&view);
    if (options->code && (image->kind == KIND_EXECUTABLE || image->kind == KIND_SHARED_LIBRARY))
        read_hidden_dwarf(image);
    read_unowned(&view);
    judge_stripped(&view);
    if (image->kind != KIND_EXECUTABLE && image->kind != KIND_SHARED_LIBRARY)
        return;
    read_packer(image, options->code);
    read_toolchains(image);
    read_go(image, options);
    read_static_libc(image, options);
    check_start(&view, options->code);
    if (options->code) {
        check_unwind(&view);
        check_entry(&view);
        read_kernel_calls(&view);
        read_code_looks(image);
        read_zeros(image);
        read_build_paths(image);
    }
}
