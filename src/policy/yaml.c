#include "src/policy/yaml.h"

#include <stdarg.h>
#include <string.h>
#include <yaml.h>

struct reader {
    yaml_parser_t parser;
    const char *file;
    struct complaints *complaints;
    struct arena *arena;
};

void complain_at(struct complaints *complaints, struct place place, const char *format, ...)
{
    va_list args;
    if (complaints->count >= COMPLAINTS)
        return;
    complaints->items = arena_grow(complaints->arena, complaints->items, complaints->count, sizeof *complaints->items);
    va_start(args, format);
    complaints->items[complaints->count++] = (struct complaint){place, arena_vprint(complaints->arena, format, args)};
    va_end(args);
}

static struct place place_of(const struct reader *reader, yaml_mark_t mark)
{
    return (struct place){reader->file, (unsigned)mark.line + 1, (unsigned)mark.column + 1};
}

/* The next event, which the caller deletes. False: the text is no YAML. */
static bool next(struct reader *reader, yaml_event_t *event)
{
    const yaml_parser_t *p = &reader->parser;
    if (yaml_parser_parse(&reader->parser, event))
        return true;
    if (p->error == YAML_READER_ERROR)
        complain_at(reader->complaints, place_of(reader, p->mark), "%s at byte %zu: expected UTF-8 text",
                    p->problem ? p->problem : "unreadable text", p->problem_offset);
    else
        complain_at(reader->complaints, place_of(reader, p->problem_mark), "%s%s%s: expected YAML",
                    p->context ? p->context : "", p->context ? ", " : "", p->problem ? p->problem : "not readable");
    return false;
}

static struct node *refuse(struct reader *reader, const yaml_event_t *event, const char *what)
{
    complain_at(reader->complaints, place_of(reader, event->start_mark), "%s: expected plain values only", what);
    return NULL;
}

static struct node *make(struct reader *reader, const yaml_event_t *event, enum node_kind kind)
{
    struct node *node = arena_alloc(reader->arena, sizeof *node);
    node->kind = kind;
    node->place = place_of(reader, event->start_mark);
    return node;
}

static struct node *read_scalar(struct reader *reader, const yaml_event_t *event)
{
    struct node *node = make(reader, event, NODE_SCALAR);
    const char *text = (const char *)event->data.scalar.value;
    if (event->data.scalar.anchor)
        return refuse(reader, event, "an anchor");
    if (event->data.scalar.tag)
        return refuse(reader, event, "a tag");
    if (strlen(text) != event->data.scalar.length)
        return refuse(reader, event, "a NUL in a text");
    node->text = arena_copy(reader->arena, text, event->data.scalar.length);
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return node;
}

static struct node *read_node(struct reader *reader, const yaml_event_t *event, unsigned depth);

/* NOLINTNEXTLINE(misc-no-recursion): YAML_DEPTH bounds it */
static bool add_item(struct reader *reader, struct node *list, const yaml_event_t *event, unsigned depth)
{
    struct node *item = read_node(reader, event, depth);
    if (!item)
        return false;
    list->items = arena_grow(reader->arena, list->items, list->count, sizeof(struct node *));
    list->items[list->count++] = item;
    return true;
}

/* Keys are compared one with another: a policy of YAML_SIZE bytes with nothing but keys is refused before it costs
 * much, since no mapping of a policy has that many. */
enum { KEYS = 1000 };

static bool add_key(struct reader *reader, struct node *map, const yaml_event_t *event)
{
    struct node *key = event->type == YAML_SCALAR_EVENT ? read_scalar(reader, event)
                                                        : refuse(reader, event, "a key that is no plain word");
    if (!key)
        return false;
    if (map->count >= KEYS) {
        complain_at(reader->complaints, key->place, "more than %d keys in one mapping: expected at most that", KEYS);
        return false;
    }
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->keys[i]->text, key->text) == 0) {
            complain_at(reader->complaints, key->place, "the key \"%s\" stands twice: expected it once, as on line %u",
                        key->text, map->keys[i]->place.line);
            return false;
        }
    map->keys = arena_grow(reader->arena, map->keys, map->count, sizeof(struct node *));
    map->keys[map->count] = key;
    return true;
}

/* What stands up to `end`, in turn a key and its value in a mapping. */
/* NOLINTNEXTLINE(misc-no-recursion): YAML_DEPTH bounds it */
static bool read_items(struct reader *reader, struct node *node, yaml_event_type_t end, unsigned depth)
{
    for (;;) {
        yaml_event_t event;
        if (!next(reader, &event))
            return false;
        bool done = event.type == end, good = done || node->kind == NODE_LIST || add_key(reader, node, &event);
        if (!done && good && node->kind == NODE_MAP) {
            yaml_event_delete(&event);
            if (!next(reader, &event))
                return false;
        }
        good = good && (done || add_item(reader, node, &event, depth));
        yaml_event_delete(&event);
        if (done || !good)
            return good;
    }
}

/* NOLINTNEXTLINE(misc-no-recursion): YAML_DEPTH bounds it */
static struct node *read_node(struct reader *reader, const yaml_event_t *event, unsigned depth)
{
    bool map = event->type == YAML_MAPPING_START_EVENT;
    if (event->type == YAML_ALIAS_EVENT)
        return refuse(reader, event, "an alias");
    if (event->type == YAML_SCALAR_EVENT)
        return read_scalar(reader, event);
    if (map ? event->data.mapping_start.anchor != NULL : event->data.sequence_start.anchor != NULL)
        return refuse(reader, event, "an anchor");
    if (map ? event->data.mapping_start.tag != NULL : event->data.sequence_start.tag != NULL)
        return refuse(reader, event, "a tag");
    if (depth >= YAML_DEPTH) {
        complain_at(reader->complaints, place_of(reader, event->start_mark),
                    "lists and mappings deeper than %d: expected at most that", YAML_DEPTH);
        return NULL;
    }
    struct node *node = make(reader, event, map ? NODE_MAP : NODE_LIST);
    return read_items(reader, node, map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT, depth + 1) ? node : NULL;
}

/* The document that begins with this event. */
static struct node *read_document(struct reader *reader, const yaml_event_t *start)
{
    yaml_event_t event;
    if (start->data.document_start.version_directive ||
        start->data.document_start.tag_directives.start != start->data.document_start.tag_directives.end)
        return refuse(reader, start, "a directive");
    if (!next(reader, &event))
        return NULL;
    struct node *node = read_node(reader, &event, 0);
    yaml_event_delete(&event);
    if (node && node->kind == NODE_SCALAR && !node->quoted && *node->text == 0)
        node->kind = NODE_MAP;          /* nothing but comments */
    if (!node || !next(reader, &event)) /* its end */
        return NULL;
    yaml_event_delete(&event);
    if (!next(reader, &event))
        return NULL;
    if (event.type != YAML_STREAM_END_EVENT) {
        complain_at(reader->complaints, place_of(reader, event.start_mark), "a second document: expected one");
        node = NULL;
    }
    yaml_event_delete(&event);
    return node;
}

static struct node *read_stream(struct reader *reader)
{
    yaml_event_t event;
    struct node *node = NULL;
    if (!next(reader, &event)) /* its start */
        return NULL;
    yaml_event_delete(&event);
    if (!next(reader, &event))
        return NULL;
    node = event.type == YAML_STREAM_END_EVENT ? make(reader, &event, NODE_MAP) : read_document(reader, &event);
    yaml_event_delete(&event);
    return node;
}

struct node *yaml_read(const char *file, const char *text, size_t size, struct complaints *complaints)
{
    struct reader reader = {.file = file, .complaints = complaints, .arena = complaints->arena};
    const struct place start = {file, 1, 1};
    jmp_buf escape, *outer = complaints->arena->escape;
    struct node *volatile node = NULL;
    if (size > YAML_SIZE) {
        complain_at(complaints, start, "%zu bytes: expected at most %d", size, YAML_SIZE);
        return NULL;
    }
    if (!yaml_parser_initialize(&reader.parser)) {
        complain_at(complaints, start, "no memory to read it");
        return NULL;
    }
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, size);
    complaints->arena->escape = &escape; /* libyaml's own memory is not the arena's */
    bool exhausted = setjmp(escape) != 0;
    if (!exhausted)
        node = read_stream(&reader);
    complaints->arena->escape = outer;
    yaml_parser_delete(&reader.parser);
    if (exhausted && outer)
        longjmp(*outer, 1);
    return node;
}
