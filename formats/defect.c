#include "formats/defect.h"

#include "formats/limits.h"

static const struct {
    const char *name, *text;
    enum defect_family family;
} table[] = {
#define DEFECT(id, family, text) {#id, text, DEFECT_##family},
#include "formats/defects.def"
#undef DEFECT
};

void defect_add(struct arena *arena, struct defect_list *list, enum defect_id id, uint64_t offset, const char *expected,
                const char *observed, ...)
{
    list->total++;
    if (list->count >= LIMIT_DEFECTS)
        return;
    va_list args;
    va_start(args, observed);
    list->items = arena_grow(arena, list->items, list->count, sizeof *list->items);
    list->items[list->count++] = (struct defect){
        .id = id, .offset = offset, .observed = arena_vprint(arena, observed, args), .expected = expected};
    va_end(args);
}

const char *defect_name(enum defect_id id)
{
    return table[id].name;
}

const char *defect_text(enum defect_id id)
{
    return table[id].text;
}

enum defect_family defect_family(enum defect_id id)
{
    return table[id].family;
}
