/* capstone does not expect that memory runs out everywhere: it would write through NULL. All that it asks for comes from an
 * arena of its own, and where there is none, its call is left behind with the arena. The arena is found through the one
 * variable that capstone's interface makes necessary; each thread has its own. */
#include "checks/code/capstone_words.h"

#include <capstone/capstone.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local struct arena *room; /* NULL: capstone is not at work for us, whoever calls it */

enum { HEAD = 16 /* bytes before each piece: its size */ };

static void *take(size_t size)
{
    if (!room)
        return malloc(size);
    if (size > SIZE_MAX - HEAD)
        arena_exhausted(room);
    char *piece = arena_alloc(room, HEAD + size);
    memcpy(piece, &size, sizeof size);
    return piece + HEAD;
}

static void *take_zeroed(size_t count, size_t size)
{
    if (!room)
        return calloc(count, size);
    if (size && count > SIZE_MAX / size)
        arena_exhausted(room);
    return take(count * size);
}

static void *take_more(void *old, size_t size)
{
    size_t before = 0;
    if (!room)
        return realloc(old, size);
    if (old)
        memcpy(&before, (char *)old - HEAD, sizeof before);
    void *wider = take(size);
    return before ? memcpy(wider, old, before < size ? before : size) : wider;
}

static void give_back(void *old)
{
    if (!room)
        free(old);
}

enum { LONGEST = CS_MNEMONIC_SIZE + sizeof((cs_insn *)0)->op_str };

/* "": it takes the bytes for something else. */
static void decode(bool amd64, const uint8_t *bytes, size_t size, uint64_t address, char *text)
{
    cs_opt_mem memory = {take, take_zeroed, take_more, give_back, vsnprintf};
    csh handle;
    cs_insn *insn;
    if (cs_option(0, CS_OPT_MEM, (size_t)(uintptr_t)&memory) != CS_ERR_OK ||
        cs_open(amd64 ? CS_ARCH_X86 : CS_ARCH_ARM64, amd64 ? CS_MODE_64 : CS_MODE_LITTLE_ENDIAN, &handle) != CS_ERR_OK)
        return;
    size_t count = cs_disasm(handle, bytes, size, address, 1, &insn);
    if (count && insn->size == size)
        snprintf(text, LONGEST + 2, " %s%s%s", insn->mnemonic, *insn->op_str ? " " : "", insn->op_str);
    if (count)
        cs_free(insn, count);
    cs_close(&handle);
}

const char *capstone_words(struct arena *arena, bool amd64, const uint8_t *bytes, size_t size, uint64_t address)
{
    char text[LONGEST + 2] = "";
    jmp_buf escape;
    struct arena own = {.escape = &escape};
    bool exhausted = setjmp(escape) != 0;
    if (!exhausted) {
        room = &own;
        decode(amd64, bytes, size, address, text);
    }
    room = NULL;
    arena_free(&own);
    if (exhausted)
        arena_exhausted(arena);
    return arena_copy(arena, text, strlen(text));
}
