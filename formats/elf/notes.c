/* Notes of the PT_NOTE segments (gABI chapter 5, "Note Section"): each is n_namesz,
 * n_descsz, n_type, the name and the descriptor, both padded to the alignment of the
 * segment. They tell the operating system (LSB ABI tag, BSD and Android notes), the
 * build id, and GNU properties, whose pr_datasz must stay inside the descriptor. */
#include "formats/elf/elf.h"

#include <string.h>

#include "formats/limits.h"

enum { SOME = 128 }; /* bytes of a section that holds a build id: 36 with SHA-1 */

static uint64_t padded(uint64_t size, uint64_t align)
{
    return (size + align - 1) & ~(align - 1);
}

static const char *hex(struct arena *arena, struct view bytes)
{
    static const char digits[] = "0123456789abcdef";
    char *text = arena_alloc(arena, bytes.size * 2 + 1);
    for (size_t i = 0; i < bytes.size; i++) {
        text[i * 2] = digits[bytes.data[i] >> 4];
        text[i * 2 + 1] = digits[bytes.data[i] & 15];
    }
    return text;
}

static const uint32_t X86_FEATURE_1_AND = 0xc0000002, X86_ISA_1_NEEDED = 0xc0008002, AARCH64_FEATURE_1_AND = 0xc0000000;

static void take_property(struct elf_view *view, uint32_t type, struct view data, uint64_t offset)
{
    bool amd64 = view->image->arch == ARCH_AMD64; /* or arm64: no other is read so far */
    if (data.size < 4)
        return;
    if (type == (amd64 ? X86_FEATURE_1_AND : AARCH64_FEATURE_1_AND)) {
        view->extra->has_feature_1 = true;
        view->extra->feature_1 = load_le32(data.data);
        view->extra->feature_1_offset = offset;
    } else if (amd64 && type == X86_ISA_1_NEEDED) {
        view->extra->has_isa_needed = true;
        view->extra->isa_needed = load_le32(data.data);
        view->extra->isa_needed_offset = offset;
    }
}

/* pr_type, pr_datasz, data padded to 8: Linux Extensions to gABI, ".note.gnu.property". */
static bool take_properties(struct elf_view *view, struct view desc, uint64_t offset)
{
    struct cursor c = cursor_at(desc, false);
    while (c.at < desc.size) {
        uint32_t type = cursor_u32(&c), size = cursor_u32(&c);
        const size_t at = c.at;
        struct view data = cursor_take(&c, size);
        cursor_skip(&c, padded(size, 8) - size);
        if (c.failed)
            return false;
        take_property(view, type, data, offset + at);
    }
    return true;
}

static bool is(struct view name, const char *text)
{
    return name.size == strlen(text) + 1 && memcmp(name.data, text, name.size) == 0;
}

/* Linux looks at none of these notes. Cosmopolitan's programs run on it and on the BSDs, and have the note of each that does. */
static void take_system(struct elf_view *view, enum os os)
{
    view->os_unsure |= view->os_noted && view->image->os != os;
    view->os_noted = true;
    view->image->os = os;
}

/* `offset`: of the descriptor in the file. */
static bool take_note(struct elf_view *view, struct view name, uint32_t type, struct view desc, uint64_t offset)
{
    static const struct {
        const char *name;
        enum os os;
    } systems[] = {{"FreeBSD", OS_FREEBSD}, {"NetBSD", OS_NETBSD},     {"OpenBSD", OS_OPENBSD},
                   {"Android", OS_ANDROID}, {"DragonFly", OS_UNKNOWN}, {"Minix", OS_UNKNOWN}};
    for (size_t i = 0; i < sizeof systems / sizeof *systems; i++)
        if (type == 1 && is(name, systems[i].name))
            take_system(view, systems[i].os);
    if (is(name, "Xen") || is(name, "Solo5")) { /* what starts such a file is a hypervisor */
        view->extra->no_process = "it has the notes of a guest of a hypervisor";
        view->image->os = OS_UNKNOWN;
    }
    if (!is(name, "GNU"))
        return true;
    if (type == NT_GNU_ABI_TAG && desc.size >= 16) {
        view->extra->abi_tag = true;
        static const enum os tags[] = {OS_LINUX, OS_UNKNOWN, OS_SOLARIS, OS_FREEBSD};
        uint32_t tag = load_le32(desc.data);
        take_system(view, tag < 4 ? tags[tag] : OS_UNKNOWN);
    }
    if (type == NT_GNU_BUILD_ID && desc.size <= 64)
        view->extra->build_id = hex(&view->file->arena, desc);
    return type != NT_GNU_PROPERTY_TYPE_0 || take_properties(view, desc, offset);
}

static bool walk(struct elf_view *view, const struct phdr *p, uint64_t align)
{
    struct view bytes;
    if (!image_view(view->image, p->offset, p->filesz, &bytes))
        return false;
    struct cursor c = cursor_at(bytes, false);
    while (c.at + 12 <= bytes.size) {
        uint32_t name_size = cursor_u32(&c), desc_size = cursor_u32(&c), type = cursor_u32(&c);
        struct view name = cursor_take(&c, name_size);
        cursor_skip(&c, padded(c.at, align) - c.at);
        const uint64_t offset = view->image->offset + p->offset + c.at;
        struct view desc = cursor_take(&c, desc_size);
        if (c.failed || !take_note(view, name, type, desc, offset))
            return false;
        uint64_t rest = padded(c.at, align) - c.at;
        cursor_skip(&c, rest <= bytes.size - c.at ? rest : bytes.size - c.at); /* the last one may go unpadded */
    }
    return c.at == bytes.size || bytes.size - c.at < align;
}

/* mold puts notes that are padded to 4 and to 8 into one segment aligned to 8: either way may be meant. */
static bool ends_well(struct elf_view *view, const struct phdr *p)
{
    return (p->align == 8 && walk(view, p, 8)) || walk(view, p, 4);
}

/* Go links its GNU build id into a section that no PT_NOTE covers; readelf and gdb read it there. Nothing else that a
 * section says is taken: loaders do not see it. */
static void take_build_id(struct elf_view *view, const struct section *s)
{
    struct view bytes;
    if (!file_view(view->file, s->offset, s->size, &bytes))
        return;
    struct cursor c = cursor_at(bytes, false);
    uint32_t name_size = cursor_u32(&c), desc_size = cursor_u32(&c), type = cursor_u32(&c);
    struct view name = cursor_take(&c, name_size);
    struct view desc = cursor_take(&c, desc_size);
    if (!c.failed && is(name, "GNU") && type == NT_GNU_BUILD_ID && desc.size <= 64)
        view->extra->build_id = hex(&view->file->arena, desc);
}

static void read_note_sections(struct elf_view *view)
{
    const struct section_list *sections = &view->image->sections;
    for (size_t i = 0; i < sections->count && !view->extra->build_id; i++)
        if (sections->items[i].type == SHT_NOTE && sections->items[i].has_bytes && sections->items[i].size <= SOME)
            take_build_id(view, &sections->items[i]);
}

void read_notes(struct elf_view *view)
{
    uint64_t left = view->image->size; /* segments that name the same bytes again and again are not followed */
    for (size_t i = 0; i < view->phnum; i++) {
        const struct phdr *p = &view->phdrs[i];
        if (p->type != PT_NOTE || p->filesz == 0)
            continue;
        if (p->filesz > left)
            ELF_DEFECT(view, elf_note, p->at, "notes that stand once in the file", "%#llx bytes at offset %#llx",
                       (unsigned long long)p->filesz, (unsigned long long)p->offset);
        else if (left -= p->filesz, !ends_well(view, p))
            ELF_DEFECT(view, elf_note, p->at, "notes that fill their segment",
                       "a note at offset %#llx that runs past it", (unsigned long long)p->offset);
    }
    if (!view->extra->build_id)
        read_note_sections(view);
}
