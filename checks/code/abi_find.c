/* Functions are those that tables name and, where no table does, what is called. Before they are followed one sweep over
 * the code and one over the data tell which of them are called by name and which have their address taken: only the
 * latter, and what nobody calls, are interfaces. */
#include <string.h>

#include "checks/code/a64.h"
#include "checks/code/a64_fields.h"
#include "checks/code/abi_work.h"
#include "checks/code/imports.h"
#include "checks/code/operands.h"

enum { R_AARCH64_RELATIVE = 1027, R_X86_64_RELATIVE = 8 };
enum { MOST_CALLED = 1 << 18, LEAST_SIZE = 32 }; /* functions that only calls name: so many, or one in so many bytes */

void abi_bits_make(struct abi_bits *bits, struct arena *arena, enum arch arch, const struct map *map)
{
    const struct code_range *last = &map->code[map->code_count - 1];
    bits->shift = (uint8_t)(arch == ARCH_ARM64 ? 2 : 0);
    bits->base = map->code[0].address & ~(uint64_t)3;
    bits->count = ((last->address + last->size - bits->base) >> bits->shift) + 1;
    bits->words = arena_array(arena, bits->count / 64 + 1, sizeof *bits->words);
}

/* The same as abi_set() of what is `by` words behind the word `at`. */
static inline void set_word(const struct abi_bits *bits, uint64_t at, uint64_t by)
{
    at += by;
    if (at < bits->count)
        bits->words[at / 64] |= (uint64_t)1 << (at % 64);
}

enum { B = 1, BL, B_IF, TBZ, ADR, ADRP, ADD };

/* What the sweep looks at, by bits 31 to 24. */
static const uint8_t kinds[256] = {
    [0x14] = B,    [0x15] = B,    [0x16] = B,    [0x17] = B,    [0x94] = BL,   [0x95] = BL,   [0x96] = BL,
    [0x97] = BL,   [0x34] = B_IF, [0x35] = B_IF, [0xb4] = B_IF, [0xb5] = B_IF, [0x54] = B_IF, [0x36] = TBZ,
    [0x37] = TBZ,  [0xb6] = TBZ,  [0xb7] = TBZ,  [0x10] = ADR,  [0x30] = ADR,  [0x50] = ADR,  [0x70] = ADR,
    [0x90] = ADRP, [0xb0] = ADRP, [0xd0] = ADRP, [0xf0] = ADRP, [0x91] = ADD};

/* Words from the start of the function that tables name around `address`, as far as one does. */
static uint64_t words_before(const struct starts *starts, uint64_t address)
{
    size_t low = 0, high = starts->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (starts->items[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? (address - starts->items[low - 1].address) / 4 : UINT64_MAX;
}

/* Whether the register that the ADD at `at` adds to may still hold what ADRP, `by` words before, put there: on a straight way
 * it does, and where another way comes in between in the same function it may. */
static bool holds_page(const struct abi_work *w, const uint8_t *bytes, uint64_t at, uint64_t by, uint64_t address)
{
    enum { FAR = 256 };
    const unsigned reg = field(load_le32(bytes + at * 4), 5, 5);
    const uint64_t first = words_before(&w->starts, address);
    bool joined = abi_has(&w->branched, address);
    if (by > first)
        return false; /* of another function, which has kept its registers to itself */
    struct operands o;
    for (uint64_t back = 1; back <= FAR && back <= at; back++) {
        if (back > first)
            return false; /* of another function */
        const uint32_t word = load_le32(bytes + (at - back) * 4);
        if (a64_classify(word) == A64_UNALLOCATED)
            return joined;
        a64_operands(word, &o);
        const bool calls = o.form == FORM_CALL || o.form == FORM_CALL_REGISTER;
        if (o.gprs >> reg & 1)
            return o.form == FORM_PAGE || joined;
        if (o.form == FORM_RETURN || (calls && reg <= REGISTER_PLATFORM))
            return joined;
        joined |= abi_has(&w->branched, address - back * 4);
    }
    return true;
}

/* Targets of branches, and addresses that ADRP with ADD, or ADR, form. Cold parts are led to by conditional branches, which go
 * forwards there. */
static void sweep_a64(struct abi_work *w, uint64_t address, const uint8_t *bytes, uint64_t size)
{
    if (address % 4)
        return; /* nowhere that instructions can be */
    const struct abi_bits called = w->called, led_to = w->led_to, branched = w->branched, taken = w->taken;
    const uint64_t first = (address - called.base) >> called.shift;
    uint64_t pages[32] = {0}, made[32] = {0};
    for (uint64_t at = 0; at < size / 4; at++) {
        uint32_t word = load_le32(bytes + at * 4);
        uint64_t place = address + at * 4, by;
        switch (kinds[word >> 24]) {
        case B:
            by = sign_extend(word & 0x03ffffffu, 26);
            set_word(&led_to, first + at, by);
            set_word(&branched, first + at, by);
            break;
        case BL:
            by = sign_extend(word & 0x03ffffffu, 26);
            set_word(&led_to, first + at, by);
            set_word(&called, first + at, by);
            break;
        case B_IF:
            by = sign_extend(word >> 5 & 0x7ffff, 19);
            set_word(&branched, first + at, by);
            if (!(by >> 63))
                set_word(&led_to, first + at, by);
            break;
        case TBZ:
            set_word(&branched, first + at, sign_extend(word >> 5 & 0x3fff, 14));
            break;
        case ADRP:
            made[word & 31] = at;
            pages[word & 31] = (place & ~(uint64_t)0xfff) + (sign_extend(word >> 5 & 0x7ffff, 19) << 14) +
                               ((uint64_t)(word >> 29 & 3) << 12);
            break;
        case ADR:
            abi_set(&taken, place + (sign_extend(word >> 5 & 0x7ffff, 19) << 2) + (word >> 29 & 3));
            break;
        case ADD:
            if (word >> 23 & 1 || !pages[word >> 5 & 31])
                break;
            by = pages[word >> 5 & 31] + ((word >> 10 & 0xfff) << (word >> 22 & 1 ? 12 : 0));
            if (by - taken.base < taken.count << taken.shift &&
                holds_page(w, bytes, at, at - made[word >> 5 & 31], place))
                abi_set(&taken, by);
            break;
        default:
            break;
        }
    }
}

/* Where a word at `at` of a Mach-O file leads that is no address as it stands; 0: nowhere. A pointer of a chain says where the
 * next one is, and the last one is where that before it says (<mach-o/fixup-chains.h>, dyld_chained_ptr_64_rebase and
 * _bind): a number is neither. Those of arm64e are of other forms. */
static uint64_t find_chained(const struct abi_work *w, uint64_t word, uint64_t at, uint64_t *next)
{
    enum { TARGET = 36, NEXT = 51, STRIDE = 4, ARM64E = 2 };
    const uint64_t by = (word >> NEXT & 0xfff) * STRIDE, target = word & (((uint64_t)1 << TARGET) - 1);
    const bool last = by == 0, led_to = *next == at, bind = word >> 63;
    if ((w->image->macho->cpusubtype & 0xffffff) == ARM64E && w->image->arch == ARCH_ARM64)
        return map_chained(&w->map, word);
    if (!bind && word >> TARGET & 0x7fff)
        return 0; /* pointers to code have no tag, and the rest is reserved */
    if (!last)
        *next = at + by;
    if (bind || (last && !led_to))
        return 0;
    return map_find(&w->map, target) ? target : w->map.base + target;
}

static void find_pointers(struct abi_work *w, const struct span *span)
{
    uint64_t next = 0;
    bool elf = w->image->format == FORMAT_ELF, low = elf && !w->map.absolute;
    uint64_t most = w->taken.count << w->taken.shift;
    uint32_t relative = w->image->arch == ARCH_ARM64 ? R_AARCH64_RELATIVE : R_X86_64_RELATIVE;
    for (uint64_t at = (8 - span->address % 8) % 8; !span->executes && at + 8 <= span->size; at += 8) {
        uint64_t word = load_le64(span->data + at);
        uint64_t value = elf || word - w->taken.base < most ? word
                         : word                             ? find_chained(w, word, span->address + at, &next)
                                                            : 0;
        if (value - w->taken.base >= most)
            continue;
        bool relocated = elf && at >= 16 && load_le64(span->data + at - 8) == relative;
        if (low && !span->writes && !relocated)
            continue;
        abi_set(&w->taken, value);
        abi_set(&w->pointed, value);
    }
}

static uint64_t code_end(const struct map *map, uint64_t address, size_t *hint)
{
    while (*hint < map->code_count && address >= map->code[*hint].address + map->code[*hint].size)
        ++*hint;
    return *hint < map->code_count ? map->code[*hint].address + map->code[*hint].size : address;
}

static bool is_bounded(const struct start *start)
{
    return start->end || start->source == START_PCLNTAB || start->source == START_EH_FRAME ||
           start->source == START_FUNCTION_STARTS;
}

/* The next address from the index `i` on that is called. False: there is none. */
static bool next_called(const struct abi_work *w, uint64_t *i, uint64_t *address)
{
    for (; *i < w->called.count; *i = (*i | 63) + 1) {
        uint64_t word = w->called.words[*i / 64] >> (*i % 64);
        if (!word)
            continue;
        *i += (unsigned)__builtin_ctzll(word);
        *address = w->called.base + (*i << w->called.shift);
        ++*i;
        return true;
    }
    return false;
}

/* What is called where no table names functions begins one: goes through these, and adds them to the list if it is given.
 * Both are by address. */
static size_t merge_called(const struct abi_work *w, struct start *list)
{
    const struct starts *tables = &w->starts;
    size_t next = 0, added = 0;
    uint64_t i = 0, address;
    while (next_called(w, &i, &address)) {
        if (!map_is_code(&w->map, address))
            continue;
        for (; next < tables->count && tables->items[next].address <= address; next++)
            if (list)
                list[next + added] = tables->items[next];
        const struct start *before = next ? &tables->items[next - 1] : NULL;
        bool known = before && before->address == address;
        bool inside = before && is_bounded(before) && (!before->end || address < before->end);
        if (known || inside)
            continue;
        if (list)
            list[next + added] = (struct start){.address = address, .source = START_CALL};
        added++;
    }
    for (; list && next < tables->count; next++)
        list[next + added] = tables->items[next];
    return added;
}

static void add_called(struct abi_work *w)
{
    const size_t added = merge_called(w, NULL), count = w->starts.count + added;
    if (added > MOST_CALLED && added > w->map.code_size / LEAST_SIZE)
        return; /* hardly functions: they are not covered, then */
    struct start *list = arena_room(w->starts.arena, count * sizeof *list);
    (void)merge_called(w, list);
    w->starts.items = list;
    w->starts.count = count;
}

static void note_endless_stubs(struct abi_work *w)
{
    uint64_t i = 0, address;
    if (!w->map.imports_read)
        imports_find(w->image, &w->map);
    while (w->map.endless_count && next_called(w, &i, &address))
        if (abi_is_endless_stub(&w->map, address))
            abi_set(&w->endless, address);
}

struct abi_function abi_function_of(struct abi_work *w, size_t i)
{
    const struct start *start = &w->starts.items[i];
    uint64_t end = code_end(&w->map, start->address, &w->hint);
    if (i + 1 < w->starts.count && w->starts.items[i + 1].address < end)
        end = w->starts.items[i + 1].address;
    if (start->end && start->end < end)
        end = start->end;
    struct abi_function f = {
        .start = start->address, .size = end - start->address, .source = (uint8_t)start->source, .part = start->part};
    const bool within = start->source == START_FUNCTION_STARTS && start->address - w->go.address < w->go.size;
    bool go = w->image->go && (start->source == START_PCLNTAB || within);
    f.called = start->source == START_CALL && w->image->arch == ARCH_ARM64;
    f.profile = (uint8_t)(go ? ABI_GO : is_bounded(start) || f.called ? abi_platform(w->image) : ABI_GUESSED);
    f.interface = abi_has(&w->taken, f.start) || !abi_has(&w->led_to, f.start);
    f.fragment = abi_has(&w->fragments, f.start);
    return f;
}

/* Functions that other programs call by name. */
static void find_exports(struct abi_work *w)
{
    enum { SHT_DYNSYM = 11, SYM = 24, GLOBAL = 1, WEAK = 2, FUNC = 2, PROTECTED = 3 };
    const struct section_list *sections = &w->image->sections;
    struct view view;
    uint64_t left = w->image->size; /* tables over one another say nothing new */
    for (size_t i = 0; w->image->format == FORMAT_ELF && i < sections->count; i++) {
        const struct section *section = &sections->items[i];
        if (section->type != SHT_DYNSYM || !section->has_bytes || section->offset < w->image->offset ||
            !image_view(w->image, section->offset - w->image->offset, section->size, &view) || view.size > left)
            continue;
        left -= view.size;
        for (uint64_t at = 0; at + SYM <= view.size; at += SYM) {
            const uint8_t *symbol = view.data + at;
            const unsigned binding = symbol[4] >> 4, type = symbol[4] & 15, visibility = symbol[5] & 3;
            const bool seen = visibility == 0 || visibility == PROTECTED, defined = symbol[6] | symbol[7];
            if (defined && seen && type == FUNC && (binding == GLOBAL || binding == WEAK))
                abi_set(&w->taken, load_le64(symbol + 8));
        }
    }
}

void abi_find_pointers(struct abi_work *w)
{
    find_exports(w);

    for (size_t i = 0; i < w->map.count; i++)
        if (!w->map.spans[i].linkedit)
            find_pointers(w, &w->map.spans[i]);
}

void abi_find(struct abi_work *w)
{
    struct abi_bits *const sets[] = {&w->called,    &w->led_to,  &w->taken,   &w->pointed,
                                     &w->fragments, &w->endless, &w->branched};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        if (i < 4 || w->image->arch == ARCH_ARM64)
            abi_bits_make(sets[i], w->starts.arena, w->image->arch, &w->map);
    for (size_t i = 0; i < w->map.code_count; i++) {
        const struct code_range *code = &w->map.code[i];
        const uint8_t *bytes = map_bytes(&w->map, code->address, code->size);
        if (bytes && w->image->arch == ARCH_ARM64)
            sweep_a64(w, code->address, bytes, code->size);
        else if (bytes)
            abi_sweep_x86(w, code->address, bytes, code->size);
    }
    abi_find_pointers(w);
    add_called(w);
    if (w->image->arch == ARCH_ARM64) {
        abi_note_parts(w);
        note_endless_stubs(w);
    }
}

/* Go's code is of one piece. Apple's linker has functions begin wherever Go code calls, too, which is at each second instruction of
 * runtime.duffcopy(). */
static struct code_range go_code(const struct ground *ground)
{
    struct code_range range = {0};
    for (size_t i = 0; ground->image->go && i < ground->starts.count; i++) {
        const struct start *start = &ground->starts.items[i];
        if (start->source != START_PCLNTAB)
            continue;
        range.address = range.address ? range.address : start->address;
        range.size = start->address - range.address;
    }
    return range;
}

struct abi_work abi_work_on(const struct ground *ground)
{
    return (struct abi_work){
        .image = ground->image, .map = ground->map, .starts = ground->starts, .go = go_code(ground)};
}
