#include "checks/code/abi_tell.h"

#include <inttypes.h>

#include "checks/code/operands_x86.h"

enum { WORD = 8 };

void abi_entry_of(const struct image *image, struct abi_state *state)
{
    abi_entry(state);
    if (image->arch == ARCH_AMD64)
        abi_entry_x86(state);
}

/* "entry-32": an address from that in the stack pointer at the entry. */
static const char *place(const struct image *image, struct arena *arena, int64_t n)
{
    n += image->arch == ARCH_AMD64 ? WORD : 0;
    return n ? arena_print(arena, "entry%+" PRId64, n) : "entry";
}

static const char *register_name(const struct image *image, struct arena *arena, unsigned number)
{
    if (image->arch == ARCH_AMD64)
        return number == REGISTER_LR ? "return address" : x86_register_name(number);
    if (number >= ABI_ENTRY_VECTOR)
        return arena_print(arena, "d%u", number - ABI_ENTRY_VECTOR + ABI_FIRST_VECTOR);
    return number == REGISTER_SP ? "sp" : arena_print(arena, "x%u", number);
}

/* `number`: of the register that holds it; REGISTER_NONE: a word of the stack does. */
static const char *words(const struct image *image, struct arena *arena, struct abi_value value, unsigned number)
{
    switch ((enum abi_kind)(value.kind == ABI_WAYS ? ABI_MIXED : value.kind)) {
    case ABI_ENTRY:
        return value.reg == number ? "as at the entry"
                                   : arena_print(arena, "%s of the entry", register_name(image, arena, value.reg));
    case ABI_COMPUTED:
        return "a result";
    case ABI_CONSTANT:
        return arena_print(arena, "%" PRId32, value.n);
    case ABI_STACK:
        return place(image, arena, value.n);
    case ABI_NEAR:
        return arena_print(arena, "%" PRId32 " modulo 16", value.n);
    case ABI_LINKED:
        return "the address behind a call on some ways here";
    case ABI_LINK:
        return "the address behind a call";
    case ABI_RELOADED:
        return value.n == ABI_ANYWHERE ? "a word of the frame"
                                       : arena_print(arena, "what stood at %s", place(image, arena, value.n));
    case ABI_MIXED:
        return "a result on some ways here";
    case ABI_SIGNED:
        return value.n == ABI_ANYWHERE ? arena_print(arena, "x30 of the entry, signed with key %c", value.reg)
                                       : arena_print(arena, "x30 of the entry, signed with key %c and %s", value.reg,
                                                     place(image, arena, value.n));
    case ABI_UNKNOWN:
    default:
        return "not known";
    }
}

static bool is_told(const struct image *image, unsigned r)
{
    return r == REGISTER_SP || (r >= 19 && r <= REGISTER_FP) ||
           (image->arch == ARCH_ARM64 && (r == REGISTER_PLATFORM || r == REGISTER_LR));
}

size_t abi_changes(const struct image *image, struct arena *arena, const struct abi_state *from,
                   const struct abi_state *to, struct listing_change **changes)
{
    size_t count = 0, most = 32 + ABI_VECTORS + 2 * (size_t)ABI_SLOTS;
    struct listing_change found[32 + ABI_VECTORS + 2 * ABI_SLOTS];
    for (unsigned k = 0; k < 32; k++) {
        unsigned r = (k + REGISTER_SP) % 32; /* SP first */
        if (is_told(image, r) && !abi_same(from->x[r], to->x[r]))
            found[count++] = (struct listing_change){register_name(image, arena, r), words(image, arena, to->x[r], r)};
    }
    for (unsigned i = 0; i < ABI_VECTORS; i++)
        if (!abi_same(from->v[i], to->v[i]))
            found[count++] = (struct listing_change){register_name(image, arena, ABI_ENTRY_VECTOR + i),
                                                     words(image, arena, to->v[i], ABI_ENTRY_VECTOR + i)};
    for (uint32_t i = 0; i < to->slot_count; i++)
        if (!abi_same(abi_slot(from, to->slots[i].at), to->slots[i].value))
            found[count++] = (struct listing_change){arena_print(arena, "[%s]", place(image, arena, to->slots[i].at)),
                                                     words(image, arena, to->slots[i].value, REGISTER_NONE)};
    for (uint32_t i = 0; i < from->slot_count; i++)
        if (abi_slot(to, from->slots[i].at).kind == ABI_UNKNOWN)
            found[count++] = (struct listing_change){arena_print(arena, "[%s]", place(image, arena, from->slots[i].at)),
                                                     "not known"};
    *changes = count ? arena_array(arena, count, sizeof **changes) : NULL;
    for (size_t i = 0; i < count && i < most; i++)
        (*changes)[i] = found[i];
    return count;
}

const char *abi_profile_reason(const struct image *image, const struct abi_function *function)
{
    if (function->called)
        return "no table bounds the function: a call leads to it, and it is as long as to the next one";
    switch ((enum abi_profile)function->profile) {
    case ABI_AAPCS64:
        return "an ELF file, and a table bounds the function";
    case ABI_APPLE:
        return "a Mach-O file, and a table bounds the function";
    case ABI_ANDROID:
        return "an ELF file for Android, and a table bounds the function";
    case ABI_SYSV:
        return image->format == FORMAT_MACHO ? "Mach-O for amd64, and a table bounds the function"
                                             : "ELF for amd64, and a table bounds the function";
    case ABI_GO:
        return "a Go program, and its pclntab names the function";
    case ABI_GUESSED:
    case ABI_PROFILES:
    default:
        return "no table bounds the function";
    }
}

static const char *judged_x86(const struct abi_walk *walk, const struct abi_function *f)
{
    if (f->profile != ABI_SYSV)
        return "nothing";
    if (f->part)
        return "nothing: .eh_frame has it begin inside a frame";
    if (walk->odd)
        return "nothing: it switches stacks, or has instructions that are not followed";
    if (f->source == START_ENTRY || !abi_has(walk->taken, f->start))
        return "accesses below the red zone: no pointer leads to it, so its callers are known to its compiler";
    if (walk->jumps)
        return "accesses below the red zone: where its jumps through registers lead is not known";
    return "everything";
}

const char *abi_judged(const struct abi_walk *walk, const struct abi_function *f)
{
    if (walk->arch == ARCH_AMD64)
        return judged_x86(walk, f);
    if (f->profile == ABI_GUESSED)
        return walk->odd ? "nothing: it switches stacks, or has instructions that are not followed"
                         : "the alignment of the stack";
    if (f->profile == ABI_GO)
        return "what Go keeps of it: the alignment of the stack, and the platform's register";
    if (walk->odd && f->called)
        return "nothing: it switches stacks, or has instructions that are not followed";
    if (f->called)
        return "everything, and but for the alignment of the stack what breaks leaves its rule undecided";
    if (walk->odd)
        return "the stack: registers are not, where it switches stacks, uses SVE or calls parts of functions";
    if (f->fragment && !f->interface)
        return "the stack: it is a part of other functions, with a convention of its own";
    return "everything";
}

const char *abi_rule_of(enum abi_breach breach)
{
    static const char *const rules[BREACH_COUNT] = {
        [BREACH_STACK_ALIGNMENT] = "abi/stack-alignment",
        [BREACH_BELOW_SP] = "abi/no-access-below-sp",
        [BREACH_PLATFORM_REGISTER] = "abi/platform-register",
        [BREACH_CALLEE_SAVED] = "abi/callee-saved",
        [BREACH_FRAME_RECORD] = "abi/frame-record",
        [BREACH_RETURN_ADDRESS] = "abi/return-address",
        [BREACH_PAC_PAIRING] = "abi/pac-pairing",
    };
    return rules[breach];
}
