/* Addresses of functions that are formed to be compared, as std::random_device of libstdc++ compares the function that it
 * holds with those that read RDRAND and RDSEED, and MariaDB names its CRC by: nobody is called by them. From there on, every way is followed until the
 * register is set to something else or the function is left; where it is used for anything but a comparison before that,
 * or the ways are too long, the address counts as formed to be used. */
#include "checks/code/a64.h"
#include "checks/code/a64_fields.h"
#include "checks/code/operands.h"
#include "checks/code/outline.h"
#include "checks/code/x86.h"

enum { STEPS = 64, WAITING = 8, RAX = 0 };
enum { SAVED = 1 << 3 | 1 << 5 | 0xf << 12 }; /* RBX, RBP, R12 to R15 */
enum use { USE_NONE, USE_OVER, USE_ANY };     /* NONE: or a comparison */

static bool in_memory_operand(const struct x86_insn *i, unsigned r)
{
    if (!i->has_modrm || i->modrm >= 0xc0)
        return false;
    unsigned base = (i->has_sib ? i->sib & 7u : i->modrm & 7u) | (i->rex & 1 ? 8 : 0);
    unsigned index = (i->sib >> 3 & 7u) | (i->rex & 2 ? 8 : 0);
    return (!i->rip_relative && base == r) || (i->has_sib && index == r);
}

static bool sets(const struct x86_insn *i, unsigned reg, unsigned rm, unsigned r)
{
    unsigned op = i->opcode;
    bool register_operand = i->modrm >= 0xc0;
    if (i->operand_16)
        return false; /* the other bits stay */
    if (i->map == MAP_ONE)
        return ((op == 0x8d || op == 0x8b) && reg == r && !(register_operand && rm == r)) ||
               (op == 0xc7 && register_operand && rm == r) ||
               ((op == 0x31 || op == 0x33) && register_operand && reg == r && rm == r);
    return i->map == MAP_0F &&
           (((op & 0xf0) == 0x90 && register_operand && rm == r && (r < 4 || i->rex)) ||
            ((op == 0xb6 || op == 0xb7 || op == 0xbe || op == 0xbf) && reg == r && !(register_operand && rm == r)));
}

/* What an instruction does with register `r`. */
static enum use use_of(const struct x86_insn *i, unsigned r)
{
    unsigned op = i->opcode, reg = (i->modrm >> 3 & 7u) | (i->rex & 4 ? 8 : 0),
             rm = (i->modrm & 7u) | (i->rex & 1 ? 8 : 0);
    bool one = i->map == MAP_ONE, by_opcode = ((op & 7u) | (i->rex & 1 ? 8u : 0)) == r;
    if (i->map != MAP_ONE && i->map != MAP_0F)
        return i->has_modrm ? USE_ANY : USE_NONE;
    bool swaps = one && op >= 0x90 && op <= 0x97 && !(op == 0x90 && !(i->rex & 1)); /* 90 is NOP */
    bool hands_rax_on = swaps || (one && (op == 0xa2 || op == 0xa3 || op == 0xaa || op == 0xab));
    if ((r == RAX && hands_rax_on) || (!one && op == 0xc7))
        return USE_ANY; /* XCHG, MOV to an absolute address, STOS; CMPXCHG16B stores registers that no field names */
    if (one && op >= 0xb8 && op <= 0xbf)
        return !by_opcode ? USE_NONE : i->operand_16 ? USE_ANY : USE_OVER;
    if (swaps || (one && op >= 0x50 && op <= 0x5f) || (!one && op >= 0xc8 && op <= 0xcf))
        return by_opcode ? USE_ANY : USE_NONE;
    if (!i->has_modrm || !(reg == r || (i->modrm >= 0xc0 && rm == r) || in_memory_operand(i, r)))
        return USE_NONE;
    if (in_memory_operand(i, r))
        return USE_ANY;
    if (sets(i, reg, rm, r))
        return USE_OVER;
    bool extends =
        one && (op == 0x80 || op == 0x81 || op == 0x83 || op == 0xc0 || op == 0xc1 || op == 0xc6 || op == 0xc7 ||
                op == 0xd0 || op == 0xd1 || op == 0xd3 || op == 0xf6 || op == 0xf7 || op == 0xfe || op == 0xff);
    if (extends && !(i->modrm >= 0xc0 && rm == r))
        return USE_NONE; /* the field says what is done */
    return one && (op == 0x39 || op == 0x3b) ? USE_NONE : USE_ANY;
}

struct follow {
    const struct map *map;
    bool amd64;
    uint64_t start, end;
    unsigned r, steps, count;
    uint64_t waiting[WAITING];
};

/* Whether fields that name registers, or may, name `r`. */
static bool may_name(uint32_t word, const struct operands *o, unsigned r)
{
    const bool first = field(word, 0, 5) == r, base = field(word, 5, 5) == r, second = field(word, 10, 5) == r,
               third = field(word, 16, 5) == r;
    if (o->form == FORM_PAGE || o->form == FORM_CONSTANT || o->form == FORM_KEEP)
        return first;
    if (o->form == FORM_ADD)
        return first || base;
    if (o->form == FORM_LOAD || o->form == FORM_STORE)
        return first || base || (o->count > 1 && second) || (o->indexed && third);
    return first || base || second || third;
}

/* What an A64 instruction does with it; where it may be named it counts as used, unless it is set. */
static enum use use_of_word(uint32_t word, const struct operands *o, unsigned r)
{
    enum { CMP = (int)0xeb00001f }; /* of two registers, the second not shifted */
    if (o->form == FORM_MEMORY && (r - field(word, 0, 5) < 8 || r - field(word, 16, 5) < 2))
        return USE_ANY; /* ST64B, CASP: registers that follow those named */
    if (!may_name(word, o, r) || (word & 0xffe0fc1fu) == (uint32_t)CMP)
        return USE_NONE;
    const bool sets = field(word, 0, 5) == r && o->gprs == 1u << r, elsewhere = o->base != r;
    const bool anew = o->form == FORM_PAGE || o->form == FORM_CONSTANT,
               from_register = (o->form == FORM_ADD || o->form == FORM_MOVE) && elsewhere,
               from_memory = o->form == FORM_LOAD && !o->vector && o->count == 1 && elsewhere && !o->indexed;
    return sets && (anew || from_register || from_memory) ? USE_OVER : USE_ANY;
}

/* As walk(), of A64. */
static bool walk_a64(struct follow *f, uint64_t at)
{
    struct operands o;
    for (; f->steps < STEPS; f->steps++, at += 4) {
        const uint8_t *bytes = at - f->start < f->end - f->start ? map_bytes(f->map, at, 4) : NULL;
        if (!bytes || a64_classify(load_le32(bytes)) == A64_UNALLOCATED)
            return false;
        const uint32_t word = load_le32(bytes);
        a64_operands(word, &o);
        if (o.form == FORM_STOP)
            return true;
        if (o.form == FORM_RETURN)
            return f->r != 0 && f->r < 19;
        if (o.form == FORM_JUMP) {
            at += (uint64_t)o.offset - 4;
        } else if (o.form == FORM_BRANCH) {
            const bool tests = word >> 24 != 0x54 && field(word, 0, 5) == f->r; /* not B.cond */
            if (tests || f->count == WAITING)
                return false;
            f->waiting[f->count++] = at + (uint64_t)o.offset;
        } else if (o.form == FORM_CALL || o.form == FORM_CALL_REGISTER || o.form == FORM_JUMP_REGISTER ||
                   o.form == FORM_SUPERVISOR) {
            return false; /* it may be an argument, by whatever convention */
        } else {
            enum use use = use_of_word(word, &o, f->r);
            if (use != USE_NONE)
                return use == USE_OVER;
        }
    }
    return false;
}

/* Along one way, from `at`. False: the register is used, or nobody knows. */
static bool walk(struct follow *f, uint64_t at)
{
    struct x86_insn i;
    for (; f->steps < STEPS; f->steps++, at += i.length) {
        const uint8_t *bytes = at - f->start < f->end - f->start ? map_bytes(f->map, at, (size_t)(f->end - at)) : NULL;
        if (!bytes || !x86_decode(bytes, (size_t)(f->end - at), &i) || i.class == X86_INVALID)
            return false;
        enum use use = use_of(&i, f->r);
        if (use != USE_NONE)
            return use == USE_OVER;
        switch ((enum x86_flow)i.flow) {
        case X86_NEXT:
            break;
        case X86_BRANCH:
            if (f->count == WAITING)
                return false;
            f->waiting[f->count++] = x86_target(&i, at);
            break;
        case X86_JUMP:
            at = x86_target(&i, at) - i.length;
            break;
        case X86_RETURN:
            return !((SAVED | 1 << RAX) >> f->r & 1);
        case X86_STOP:
            return true;
        case X86_CALL: /* it may be an argument, by whatever convention */
        case X86_CALL_INDIRECT:
        case X86_JUMP_INDIRECT:
        case X86_SYSCALL:
        default:
            return false;
        }
    }
    return false;
}

/* The register that the instruction at `at` forms an address in, and where the next one is; false: it is no LEA, ADD or ADR. */
static bool begin(struct follow *f, uint64_t at, uint64_t *next)
{
    struct x86_insn lea;
    struct operands o;
    const uint8_t *bytes = map_bytes(f->map, at, (size_t)(f->end - at));
    if (!bytes)
        return false;
    if (f->amd64) {
        if (!x86_decode(bytes, (size_t)(f->end - at), &lea) || lea.map != MAP_ONE || lea.opcode != 0x8d)
            return false;
        f->r = (lea.modrm >> 3 & 7u) | (lea.rex & 4 ? 8 : 0);
        *next = at + lea.length;
        return true;
    }
    const uint32_t word = f->end - at < 4 ? 0 : load_le32(bytes);
    if (a64_classify(word) == A64_UNALLOCATED)
        return false;
    a64_operands(word, &o);
    f->r = o.regs[0];
    *next = at + 4;
    return (o.form == FORM_ADD || o.form == FORM_PAGE) && f->r != REGISTER_SP && f->r != REGISTER_IP0 &&
           f->r != REGISTER_IP1; /* hints take these */
}

bool outline_is_compared(const struct map *map, bool amd64, uint64_t start, uint64_t end, uint64_t at, uint64_t *fuel)
{
    struct follow f = {.map = map, .amd64 = amd64, .start = start, .end = end};
    uint64_t next;
    if (*fuel < STEPS || !begin(&f, at, &next))
        return false;
    bool (*const way)(struct follow *, uint64_t) = amd64 ? walk : walk_a64;
    bool good = way(&f, next);
    while (good && f.count)
        good = way(&f, f.waiting[--f.count]);
    *fuel -= f.steps;
    return good;
}
