/* Functions that start code calls by their addresses: those of DT_PREINIT_ARRAY, DT_INIT_ARRAY and DT_FINI_ARRAY, and in a
 * static program that is not relocated of the sections of their types, between whose ends the C library calls each word
 * (glibc csu/libc-start.c, call_init; musl src/env/__libc_start_main.c, libc_start_init). Neither asks what stands there, so
 * one word that is not the address of code ends the program before main(). */
#include "formats/elf/elf.h"

enum { WORD = 8, RECORD = 24 };

struct array {
    uint64_t address, size;
};

struct calls {
    struct elf_view *view;
    size_t count, relocated; /* arrays; words that a relocation fills in */
    struct array *arrays;
    uint64_t bytes; /* of all arrays */
    bool told;
};

static void tell(struct calls *calls, uint64_t address, const char *observed)
{
    uint64_t offset = 0;
    if (!calls->told && exec_view_offset(calls->view, address, 0, &offset))
        offset += calls->view->image->offset;
    if (!calls->told)
        ELF_DEFECT(calls->view, elf_array, offset, "addresses of functions, which start code calls", "%s at %#llx",
                   observed, (unsigned long long)address);
    calls->told = true;
}

static void look_at_word(struct calls *calls, uint64_t place, uint64_t function)
{
    if (!exec_view_is_code(calls->view, function))
        tell(calls, place, "a word that leads to no code");
}

static bool is_called(const struct calls *calls, uint64_t place)
{
    for (size_t i = 0; i < calls->count; i++)
        if (place - calls->arrays[i].address < calls->arrays[i].size)
            return true;
    return false;
}

/* Words that are filled in while the program relocates itself. */
static void look_at_relocations(struct calls *calls)
{
    const struct elf_view *view = calls->view;
    const uint64_t relative = view->extra->machine == EM_X86_64 ? R_X86_64_RELATIVE : R_AARCH64_RELATIVE;
    const struct dyn *table = dynamic_last(view, DT_RELA), *size = dynamic_last(view, DT_RELASZ);
    struct view v;
    if (!table || !size || !exec_view_bytes(view, table->value, size->value, &v))
        return;
    for (size_t i = 0; i + RECORD <= v.size; i += RECORD) {
        const uint64_t place = load_le64(v.data + i), type = load_le64(v.data + i + 8) & UINT32_MAX;
        if (type == 0 || !is_called(calls, place))
            continue;
        calls->relocated++;
        if (type == relative)
            look_at_word(calls, place, load_le64(v.data + i + 16));
    }
}

/* Words as they stand in the file. */
static void look_at_words(struct calls *calls)
{
    for (size_t i = 0; i < calls->count; i++) {
        const struct array *array = &calls->arrays[i];
        struct view v;
        if (!exec_view_bytes(calls->view, array->address, array->size, &v)) {
            tell(calls, array->address, "words that do not stand in the file");
            return;
        }
        for (size_t at = 0; at + WORD <= v.size; at += WORD)
            look_at_word(calls, array->address + at, load_le64(v.data + at));
    }
}

static void add_array(struct calls *calls, uint64_t address, uint64_t size)
{
    if (size == 0)
        return;
    if (size % WORD || address % WORD)
        tell(calls, address, "a size or a place that words do not have");
    calls->arrays[calls->count++] = (struct array){address, size};
    calls->bytes = range_end(calls->bytes, size);
}

static void find_arrays(struct calls *calls)
{
    const struct elf_extra *extra = calls->view->extra;
    const struct section_list *sections = &calls->view->image->sections;
    uint64_t left = calls->view->image->size; /* sections that name the same bytes again and again are not followed */
    for (size_t i = 0; i < 3 && calls->view->dyn_count; i++)
        add_array(calls, extra->arrays[i].address, extra->arrays[i].size);
    for (size_t i = 0; i < sections->count && !calls->view->dyn_count; i++) {
        const struct section *s = &sections->items[i];
        const bool array = s->type == SHT_INIT_ARRAY || s->type == SHT_FINI_ARRAY || s->type == SHT_PREINIT_ARRAY;
        if (!array || !(s->flags & SHF_ALLOC) || s->size > left)
            continue;
        left -= s->size;
        add_array(calls, s->address, s->size);
    }
}

void check_arrays(struct elf_view *view)
{
    const struct image *image = view->image;
    struct calls calls = {.view = view};
    if (image->linkage != LINKAGE_STATIC && image->linkage != LINKAGE_STATIC_PIE)
        return; /* nor is what its dynamic table says known to its end, then */
    calls.arrays = arena_array(&view->file->arena, image->sections.count + 3, sizeof *calls.arrays);
    find_arrays(&calls);
    if (calls.count == 0 || calls.told)
        return;
    look_at_relocations(&calls);
    if (calls.relocated == 0 && (view->extra->type == ET_EXEC || view->extra->packed_relocations))
        look_at_words(&calls);
    else if (calls.relocated < calls.bytes / WORD && !view->extra->packed_relocations)
        tell(&calls, calls.arrays[0].address, "words that no relocation fills in, among those");
}
