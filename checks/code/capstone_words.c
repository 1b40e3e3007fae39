#include "checks/code/capstone_words.h"

#include <capstone/capstone.h>

const char *capstone_words(struct arena *arena, bool amd64, const uint8_t *bytes, size_t size, uint64_t address)
{
    csh handle;
    cs_insn *insn;
    const char *text = "";
    if (cs_open(amd64 ? CS_ARCH_X86 : CS_ARCH_ARM64, amd64 ? CS_MODE_64 : CS_MODE_LITTLE_ENDIAN, &handle) != CS_ERR_OK)
        return text;
    size_t count = cs_disasm(handle, bytes, size, address, 1, &insn);
    if (count && insn->size == size) /* else it takes the bytes for something else */
        text = arena_print(arena, " %s%s%s", insn->mnemonic, *insn->op_str ? " " : "", insn->op_str);
    if (count)
        cs_free(insn, count);
    cs_close(&handle);
    return text;
}
