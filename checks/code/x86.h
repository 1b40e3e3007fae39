/* x86-64 instructions (64-bit mode): length, class and control flow, from the opcode maps of x86.def. */
#ifndef ASSAY_CHECKS_CODE_X86_H
#define ASSAY_CHECKS_CODE_X86_H

#include <stddef.h>
#include "checks/code/x86_classes.h"

enum { X86_LONGEST = 15 }; /* bytes of an instruction */

enum x86_flow {
    X86_NEXT,
    X86_BRANCH, /* Jcc, LOOP, JRCXZ, XBEGIN: to its target or on */
    X86_JUMP,
    X86_CALL,
    X86_JUMP_INDIRECT,
    X86_CALL_INDIRECT,
    X86_RETURN,
    X86_STOP,    /* UD0, UD1, UD2, HLT, INT3, INVALID: nothing comes after it */
    X86_SYSCALL, /* SYSCALL, SYSENTER, INT 80h: on */
};

struct x86_insn {
    uint8_t length; /* bytes */
    uint8_t class;  /* enum x86_class */
    uint8_t flow;   /* enum x86_flow */
    uint8_t map;    /* enum x86_map */
    uint8_t opcode;
    uint8_t prefix;  /* the mandatory prefix: 0, 0x66, 0xf3, 0xf2 */
    uint8_t rex;     /* W 8, R 4, X 2, B 1, of REX, VEX or EVEX; 16: there is a REX prefix */
    uint8_t vector;  /* VEX.vvvv, as a register number */
    uint8_t segment; /* 0x64, 0x65 or 0 */
    uint8_t immediate_size;
    bool operand_16; /* prefix 66 */
    bool address_32; /* prefix 67 */
    bool has_modrm, has_sib;
    uint8_t modrm, sib;
    int32_t displacement;
    bool rip_relative; /* displacement from the next instruction */
    int64_t immediate; /* sign-extended; the relative offset of a direct branch */
};

/* Decodes the instruction at `at`, of which `n` bytes may be read (never more than 15 are). Returns its length, or 0
 * where it ends past `n` or past 15 bytes. An undefined one has class INVALID and flow STOP, and a length that is a
 * guess. */
unsigned x86_decode(const unsigned char *at, size_t n, struct x86_insn *out);

/* Where a direct branch at `address` goes. */
static inline uint64_t x86_target(const struct x86_insn *insn, uint64_t address)
{
    return address + insn->length + (uint64_t)insn->immediate;
}

/* Sweeps `n` bytes instruction after instruction from the first on, over undefined bytes one at a time, and counts
 * the classes: counts[X86_CLASS_COUNT] is added to. */
void x86_count(const unsigned char *at, size_t n, uint32_t *counts);

#endif
