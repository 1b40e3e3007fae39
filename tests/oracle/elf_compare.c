#include "tests/oracle/elf_compare.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "checks/run.h"
#include "formats/elf/elf.h"
#include "formats/limits.h"

#define DIFFERENCE(name, text) #name,
const char *const elf_difference_names[DIFFERENCE_COUNT] = {ELF_DIFFERENCES};
#undef DIFFERENCE
#define DIFFERENCE(name, text) text,
const char *const elf_difference_texts[DIFFERENCE_COUNT] = {ELF_DIFFERENCES};
#undef DIFFERENCE

enum { RULES = 128, BOTH = ACCESS_WRITE | ACCESS_EXECUTE };

struct comparison {
    const struct kernel *kernel;
    const struct launch *start;
    struct file *file;
    const struct image *image;
    const struct finding *findings;
    uint64_t moved; /* by how much the kernel moved the program */
    uint32_t found;
};

static void differ(struct comparison *c, enum elf_difference difference)
{
    c->found |= UINT32_C(1) << difference;
}

static enum outcome outcome_of(const struct comparison *c, const char *id)
{
    for (size_t i = 0; i < rule_count; i++)
        if (strcmp(rules[i]->id, id) == 0)
            return c->findings[i].outcome;
    return OUTCOME_UNKNOWN;
}

static bool passes(const struct comparison *c, const char *id)
{
    return outcome_of(c, id) == OUTCOME_PASS;
}

static bool fails(const struct comparison *c, const char *id)
{
    return outcome_of(c, id) == OUTCOME_FAIL;
}

/* execve() of a file of memory looks for one path only: that of the interpreter. */
static bool sought_interpreter(const struct launch *start)
{
    return start->fate == FATE_REFUSED &&
           (start->error == ENOENT || start->error == ENOTDIR || start->error == EACCES || start->error == ELIBBAD ||
            start->error == ENAMETOOLONG || start->error == ELOOP);
}

/* Decisive, in one direction: with an interpreter, nothing may be said that only holds without one. In the other, a
 * program that starts alone has no interpreter that could be named; a reader that names one reads another header than
 * the kernel. A path that cannot be opened tells that there is one, but not which. */
static void compare_interpreter(struct comparison *c)
{
    const struct image *image = c->image;
    bool started = c->start->fate == FATE_STARTED,
         interpreted = started ? c->start->interpreter != NULL : sought_interpreter(c->start);
    const char *text = image->interpreter.text;
    struct stat status;
    if (interpreted) {
        if (image->linkage == LINKAGE_STATIC || image->linkage == LINKAGE_STATIC_PIE ||
            image->linkage == LINKAGE_NEEDED_WITHOUT_INTERP)
            differ(c, DIFFERENCE_judged_static);
        if (passes(c, "linkage/no-interpreter"))
            differ(c, DIFFERENCE_no_interpreter_passes);
    }
    /* Sections may say that this is a file of debug information: no path is read then, and that is told. */
    bool unread = image->kind == KIND_DEBUG_FILE && image->interpreter_known == KNOWN_BROKEN;
    if (started && interpreted && !unread &&
        (!text || stat(text, &status) != 0 || status.st_ino != c->start->interpreter->inode))
        differ(c, DIFFERENCE_interpreter);
    if (started && !interpreted &&
        (text || image->linkage == LINKAGE_DYNAMIC || image->linkage == LINKAGE_INTERP_WITHOUT_NEEDED))
        differ(c, DIFFERENCE_interpreter_invented);
}

static const struct mapping *mapping_of(const struct comparison *c, uint64_t address)
{
    size_t low = 0, high = c->start->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct mapping *m = &c->start->mappings[middle];
        if (address >= m->start && address < m->end)
            return m;
        if (address < m->start)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static uint64_t page_down(uint64_t address)
{
    return address & ~(uint64_t)(LIMIT_PAGE - 1);
}

/* Whether the segment has pages of its own: some memory, and no page that another segment has, too. */
static bool stands_apart(const struct segment_list *list, const struct segment *s)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct segment *other = &list->items[i];
        if (other != s && other->memory_size && page_down(other->address) < s->address + s->memory_size &&
            page_down(s->address) < other->address + other->memory_size)
            return false;
    }
    return s->memory_size != 0;
}

static bool asks_for_both(const struct segment_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if ((list->items[i].access & BOTH) == BOTH && stands_apart(list, &list->items[i]))
            return true;
    return false;
}

/* Both directions: a rule that passes over such memory is wrong, and so is one that fails over a program that has none.
 * But the rule goes by what each segment asks for, also where it asks for no memory or a later one is laid over it. */
static void compare_access(struct comparison *c)
{
    bool both = false, stack = false;
    for (size_t i = 0; i < c->start->count; i++) {
        const struct mapping *m = &c->start->mappings[i];
        if (m->what == MAPPED_STACK)
            stack |= (m->access & ACCESS_EXECUTE) != 0;
        else if (m->what == MAPPED_PROGRAM || m->what == MAPPED_ANONYMOUS)
            both |= (m->access & BOTH) == BOTH;
    }
    if (both && passes(c, "hardening/write-xor-execute"))
        differ(c, DIFFERENCE_write_xor_execute_passes);
    if (!both && fails(c, "hardening/write-xor-execute") && asks_for_both(&c->image->segments))
        differ(c, DIFFERENCE_write_xor_execute_fails);
    if (stack && passes(c, "hardening/stack-not-executable"))
        differ(c, DIFFERENCE_stack_passes);
    if (!stack && c->image->elf->has_gnu_stack && fails(c, "hardening/stack-not-executable"))
        differ(c, DIFFERENCE_stack_fails);
}

/* Whether the entry is in executable memory that holds these very bytes of the file, and not zeros alone: the kernel
 * clears the rest of a page, and gives zeros behind the end of the file. */
static bool begins_in_code(const struct comparison *c)
{
    enum { SOME = 16 };
    uint8_t there[SOME];
    struct view here;
    const struct mapping *m = mapping_of(c, c->start->entry);
    if (!m || m->what != MAPPED_PROGRAM || !(m->access & ACCESS_EXECUTE))
        return false;
    uint64_t offset = m->offset + (c->start->entry - m->start), size = m->end - c->start->entry;
    if (offset < c->file->size && size > c->file->size - offset)
        size = c->file->size - offset;
    if (size > SOME)
        size = SOME;
    return file_view(c->file, offset, size, &here) && kernel_read(c->kernel, c->start->entry, there, size) &&
           memcmp(there, here.data, size) == 0 && !view_is_zero(here);
}

/* Both directions, where the segments could be read and an entry is claimed at all. */
static void compare_entry(struct comparison *c)
{
    const struct entry *entry = &c->image->entry;
    const struct mapping *m = mapping_of(c, c->start->entry);
    bool executable = m && m->what == MAPPED_PROGRAM && m->access & ACCESS_EXECUTE;
    if (!executable && passes(c, "structure/entry-in-code"))
        differ(c, DIFFERENCE_entry_passes);
    if (entry->known != KNOWN_COMPLETE)
        return;
    if (entry->in_code && (!executable || m->offset + (c->start->entry - m->start) != entry->offset))
        differ(c, DIFFERENCE_entry_passes);
    if (!entry->in_code && begins_in_code(c))
        differ(c, DIFFERENCE_entry_fails);
}

static void compare_table(struct comparison *c)
{
    if (c->start->phnum != c->image->elf->phnum || c->start->phent != sizeof(Elf64_Phdr))
        differ(c, DIFFERENCE_table);
}

/* The exec view as read_elf() has it, of which the model keeps segments and entry only. */
static void view_again(const struct comparison *c, struct elf_view *view, struct image *image, struct elf_extra *extra)
{
    struct view head;
    *image = (struct image){.file = c->file, .size = c->file->size};
    *extra = *c->image->elf;
    *view = (struct elf_view){.file = c->file, .image = image, .extra = extra};
    if (!file_view(c->file, 0, sizeof(Elf64_Ehdr), &head))
        return;
    view->entry = load_le64(head.data + offsetof(Elf64_Ehdr, e_entry));
    view->phoff = load_le64(head.data + offsetof(Elf64_Ehdr, e_phoff));
    view->phentsize = load_le16(head.data + offsetof(Elf64_Ehdr, e_phentsize));
    exec_view_headers(view);
}

static bool same_bytes(const struct comparison *c, const struct piece *piece, uint64_t address, size_t size)
{
    uint8_t there[64];
    struct view here;
    if (!kernel_read(c->kernel, address + c->moved, there, size))
        return false;
    if (piece->zero) {
        for (size_t i = 0; i < size; i++)
            if (there[i])
                return false;
        return true;
    }
    return file_view(c->file, piece->offset + (address - piece->start), size, &here) &&
           memcmp(there, here.data, size) == 0;
}

/* Every page of a piece has one mapping: the file's at the offset that the piece says, or cleared memory. */
static void compare_piece(struct comparison *c, const struct piece *piece)
{
    uint64_t at = piece->start;
    while (at < piece->end) {
        const struct mapping *m = mapping_of(c, at + c->moved);
        if (!m || (m->what != MAPPED_PROGRAM && m->what != MAPPED_ANONYMOUS)) {
            differ(c, DIFFERENCE_memory);
            return;
        }
        if (m->access != piece->access)
            differ(c, DIFFERENCE_access);
        if (!piece->zero && (m->what != MAPPED_PROGRAM ||
                             m->offset + (at + c->moved - m->start) != piece->offset + (at - piece->start)))
            differ(c, DIFFERENCE_memory);
        at = m->end - c->moved;
    }
    size_t some = piece->end - piece->start < 64 ? (size_t)(piece->end - piece->start) : 64;
    if (piece->access & ACCESS_READ &&
        (!same_bytes(c, piece, piece->start, some) || !same_bytes(c, piece, piece->end - some, some)))
        differ(c, DIFFERENCE_memory);
}

/* And no byte of the file is mapped where no piece is. */
static void compare_mapping(struct comparison *c, const struct elf_view *view, const struct mapping *m)
{
    uint64_t end = m->end, last = c->file->size > m->offset ? m->start + (c->file->size - m->offset) : m->start;
    if (last < end)
        end = last; /* pages behind the end of the file hold nothing */
    for (uint64_t at = m->start; at < end;) {
        const struct piece *piece = exec_view_piece(view, at - c->moved);
        if (!piece) {
            differ(c, DIFFERENCE_unclaimed);
            return;
        }
        at = piece->end + c->moved;
    }
}

/* A segment at the end of all addresses: the stack is there first, and is written to when the segment is mapped. */
static bool meets_stack(const struct segment_list *list)
{
    static const uint64_t room = UINT64_C(1) << 36; /* 16 GiB of random places, and more */
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].address + list->items[i].memory_size > (UINT64_C(1) << 47) - room)
            return true;
    return false;
}

/* Where the reader says that it could not read the segments it claims nothing about memory. */
static void compare_memory(struct comparison *c)
{
    struct elf_view view;
    struct image image;
    struct elf_extra extra;
    if (c->image->segments.known != KNOWN_COMPLETE || c->start->torn || meets_stack(&c->image->segments))
        return;
    view_again(c, &view, &image, &extra);
    for (size_t i = 0; i < view.piece_count; i++)
        compare_piece(c, &view.pieces[i]);
    for (size_t i = 0; i < c->start->count; i++)
        if (c->start->mappings[i].what == MAPPED_PROGRAM)
            compare_mapping(c, &view, &c->start->mappings[i]);
}

/* Whether a start fails here and not everywhere, so that nothing need be wrong with the file: it asks for more memory
 * than this machine may have to give; it stands where the stack does, which has a random place; or it is an ET_DYN whose
 * first segment has no bytes, which Linux since 6.10 puts at address 0 where there is no interpreter. */
static bool fails_by_chance(const struct image *image)
{
    const struct segment_list *list = &image->segments;
    uint64_t size = 0, low = UINT64_MAX, high = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct segment *s = &list->items[i];
        size += s->memory_size >> 20; /* MiB */
        low = s->address < low ? s->address : low;
        high = s->address + s->memory_size > high ? s->address + s->memory_size : high;
    }
    bool wide =
        image->elf->type == ET_DYN && list->count && high - low > UINT64_C(1) << 30; /* mapped as one at first */
    return size > 1024 || wide || meets_stack(list) ||
           (image->elf->type == ET_DYN && list->count && list->items[0].file_size == 0);
}

/* What the kernel refuses need not fail, but something must be wrong with a program of this machine that cannot be
 * started: a defect, or an entry that is not in code. Missing interpreters are no fault of the file. */
static void compare_refused(struct comparison *c)
{
    const struct image *image = c->image;
    if (image->judged && image->arch == ARCH_AMD64 && image->kind == KIND_EXECUTABLE && image->defects.total == 0 &&
        passes(c, "structure/entry-in-code") && !sought_interpreter(c->start) && !fails_by_chance(image))
        differ(c, DIFFERENCE_refused);
}

static void compare(struct comparison *c)
{
    compare_interpreter(c);
    if (c->start->fate != FATE_STARTED) {
        compare_refused(c);
        return;
    }
    /* Sections may say that a library is a file of debug information; that is told and never passes. */
    if (!c->image->judged || (c->image->kind != KIND_EXECUTABLE && c->image->kind != KIND_SHARED_LIBRARY)) {
        if (!c->image->judged || !fails(c, "identity/executable-kind"))
            differ(c, DIFFERENCE_not_judged);
        return;
    }
    struct view head;
    if (file_view(c->file, 0, sizeof(Elf64_Ehdr), &head))
        c->moved = c->start->entry - load_le64(head.data + offsetof(Elf64_Ehdr, e_entry));
    compare_access(c);
    compare_entry(c);
    compare_table(c);
    compare_memory(c);
}

uint32_t elf_compare(const struct kernel *kernel, const struct launch *start, const uint8_t *bytes, size_t size)
{
    struct file file;
    struct reading reading;
    struct finding findings[RULES];
    const struct expect expect = {0};
    if (rule_count > RULES ||
        file_from_memory(&file, bytes, size, &(struct file_options){.max_size = LIMIT_FILE_SIZE}, NULL) != STATUS_OK)
        return UINT32_MAX;
    read_file(&file, &(struct read_options){.code = false}, &reading);
    const struct subject subject = {.reading = &reading, .image = reading.images, .expect = &expect};
    run_rules(&subject, &file.arena, NULL, findings);
    struct comparison c = {
        .kernel = kernel, .start = start, .file = &file, .image = reading.images, .findings = findings};
    compare(&c);
    file_close(&file);
    return c.found;
}

uint32_t elf_differences(const uint8_t *bytes, size_t size)
{
    static struct launch start;
    struct kernel kernel;
    uint32_t found = 0;
    if (!kernel_open(&kernel))
        return 0;
    if (kernel_start(&kernel, bytes, size, &start))
        found = elf_compare(&kernel, &start, bytes, size);
    kernel_close(&kernel);
    return found;
}
