/* What the x86-64 decoder says of control, in the words of step.h. */
#ifndef ASSAY_CHECKS_CODE_FLOW_X86_H
#define ASSAY_CHECKS_CODE_FLOW_X86_H

#include "checks/code/step.h"
#include "checks/code/x86.h"

static inline enum flow flow_of_x86(enum x86_flow flow)
{
    static const uint8_t flows[] = {
        [X86_NEXT] = FLOW_NEXT,
        [X86_BRANCH] = FLOW_BRANCH,
        [X86_JUMP] = FLOW_JUMP,
        [X86_CALL] = FLOW_CALL,
        [X86_JUMP_INDIRECT] = FLOW_JUMP_INDIRECT,
        [X86_CALL_INDIRECT] = FLOW_CALL_INDIRECT,
        [X86_RETURN] = FLOW_RETURN,
        [X86_STOP] = FLOW_STOP,
        [X86_SYSCALL] = FLOW_NEXT, /* and back */
    };
    return (enum flow)flows[flow];
}

#endif
