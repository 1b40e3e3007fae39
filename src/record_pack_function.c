#include "src/record_codec.h"

enum { /* bytes of the smallest item of each list */
       TEXT_LEAST = 2,
       CHANGE_LEAST = 2 * TEXT_LEAST,
       ROW_LEAST = 6 + 4 * TEXT_LEAST,
};

static void visit_changes(struct codec *c, size_t *count, struct listing_change **items)
{
    *items = list(c, count, *items, sizeof **items, CHANGE_LEAST);
    for (size_t i = 0; i < *count; i++) {
        sure_text(c, &(*items)[i].name);
        sure_text(c, &(*items)[i].value);
    }
}

static void visit_row(struct codec *c, struct listing_row *row)
{
    word(c, &row->address);
    word(c, &row->target);
    sure_text(c, &row->bytes);
    sure_text(c, &row->text);
    sure_text(c, &row->followed);
    sure_text(c, &row->place);
    row->features = list(c, &row->feature_count, row->features, sizeof *row->features, TEXT_LEAST);
    for (size_t i = 0; i < row->feature_count; i++)
        sure_text(c, &row->features[i]);
    visit_changes(c, &row->before_count, &row->before);
    visit_changes(c, &row->after_count, &row->after);
    row->breaches = list(c, &row->breach_count, row->breaches, sizeof *row->breaches, CHANGE_LEAST);
    for (size_t i = 0; i < row->breach_count; i++) {
        sure_text(c, &row->breaches[i].rule);
        sure_text(c, &row->breaches[i].observed);
    }
}

void visit_function(struct codec *c, struct record_image *image)
{
    bool there = image->function != NULL;
    text(c, &image->no_function);
    flag(c, &there);
    if (!there)
        return;
    if (!c->writing)
        image->function = arena_alloc(c->arena, sizeof *image->function);
    struct listing *l = image->function;
    if (!l)
        return;
    const char **const texts_of_it[] = {&l->begins, &l->ends, &l->profile, &l->why, &l->judged};
    word(c, &l->start);
    word(c, &l->size);
    number(c, &l->left_out);
    for (size_t i = 0; i < sizeof texts_of_it / sizeof *texts_of_it; i++)
        sure_text(c, texts_of_it[i]);
    l->rows = list(c, &l->count, l->rows, sizeof *l->rows, ROW_LEAST);
    for (size_t i = 0; i < l->count; i++)
        visit_row(c, &l->rows[i]);
}
