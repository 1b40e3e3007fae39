/* What one x86-64 instruction does with registers, memory and control, in the words that operands.h has for A64, so that
 * one study follows both. Registers get the numbers of those of A64 that have their part in the calling convention (System
 * V psABI for AMD64, 3.2.1): RSP is 31, RBP 29, RBX and R12 to R15 are 19 to 23, the others are 0 to 8. */
#ifndef ASSAY_CHECKS_CODE_OPERANDS_X86_H
#define ASSAY_CHECKS_CODE_OPERANDS_X86_H

#include "checks/code/operands.h"
#include "checks/code/x86.h"

enum { X86_STEPS = 2, X86_NOTHING = 10 /* a register that nobody has: what is not known */ };

/* In steps that come one after the other; how many. Those that transfer control are the last. */
unsigned x86_operands(const struct x86_insn *insn, struct operands out[X86_STEPS]);
/* "rbx" of 19. */
const char *x86_register_name(unsigned number);

#endif
