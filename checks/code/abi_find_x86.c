/* One sweep over x86-64 code: what calls and jumps lead to, and the addresses that instructions form. It begins anew where a
 * table names a function. */
#include "checks/code/abi_work.h"
#include "checks/code/x86.h"

void abi_note_x86(struct abi_bits *taken, const struct map *map, const struct x86_insn *insn, uint64_t address)
{
    enum { LEA = 0x8d };
    if (insn->map == MAP_ONE && insn->opcode == LEA && insn->rip_relative)
        abi_set(taken, address + insn->length + (uint64_t)(int64_t)insn->displacement);
    else if (map->absolute && insn->immediate_size >= 4 && insn->flow == X86_NEXT)
        abi_set(taken, insn->immediate_size == 4 ? (uint32_t)insn->immediate : (uint64_t)insn->immediate);
}

static void note(struct abi_work *w, const struct x86_insn *insn, uint64_t address)
{
    if (insn->flow == X86_CALL) {
        abi_set(&w->called, x86_target(insn, address));
        abi_set(&w->led_to, x86_target(insn, address));
    } else if (insn->flow == X86_BRANCH || insn->flow == X86_JUMP) {
        abi_set(&w->led_to, x86_target(insn, address));
    } else {
        abi_note_x86(&w->taken, &w->map, insn, address);
    }
}

void abi_sweep_x86(struct abi_work *w, uint64_t address, const uint8_t *bytes, uint64_t size)
{
    struct x86_insn insn;
    size_t next = starts_from(&w->starts, address);
    for (uint64_t at = 0; at < size;) {
        while (next < w->starts.count && w->starts.items[next].address <= address + at)
            next++;
        uint64_t limit = next < w->starts.count ? w->starts.items[next].address - address : size;
        unsigned length = x86_decode(bytes + at, (size_t)(size - at), &insn);
        if (!length || insn.class == X86_INVALID) {
            at++;
            continue;
        }
        note(w, &insn, address + at);
        at = limit < at + length ? limit : at + length;
    }
}
