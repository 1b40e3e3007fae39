#include "tests/src/schema.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct check {
    json_t *root;
    char *why;
    size_t size;
};

static bool visit(const struct check *check, json_t *schema, json_t *value, const char *path);

static bool complain(const struct check *check, const char *path, const char *format, const char *what)
{
    size_t at = (size_t)snprintf(check->why, check->size, "%s: ", path);
    if (at < check->size)
        snprintf(check->why + at, check->size - at, format, what);
    return false;
}

static bool is_type(json_t *value, const char *type)
{
    static const struct {
        const char *name;
        json_type types[2];
    } names[] = {{"object", {JSON_OBJECT, JSON_OBJECT}}, {"array", {JSON_ARRAY, JSON_ARRAY}},
                 {"string", {JSON_STRING, JSON_STRING}}, {"integer", {JSON_INTEGER, JSON_INTEGER}},
                 {"number", {JSON_INTEGER, JSON_REAL}},  {"boolean", {JSON_TRUE, JSON_FALSE}},
                 {"null", {JSON_NULL, JSON_NULL}}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i].name, type) == 0)
            return json_typeof(value) == names[i].types[0] || json_typeof(value) == names[i].types[1];
    return false;
}

static bool has_type(const struct check *check, json_t *type, json_t *value, const char *path)
{
    size_t i;
    json_t *one;
    if (json_is_string(type) && is_type(value, json_string_value(type)))
        return true;
    json_array_foreach(type, i, one) if (is_type(value, json_string_value(one))) return true;
    return complain(check, path, "is of the wrong %s", "type");
}

static bool is_one_of(const struct check *check, json_t *values, json_t *value, const char *path)
{
    size_t i;
    json_t *one;
    json_array_foreach(values, i, one) if (json_equal(one, value)) return true;
    return complain(check, path, "is none of the values of %s", "enum");
}

static bool has_keys(const struct check *check, json_t *names, json_t *value, const char *path)
{
    size_t i;
    json_t *one;
    json_array_foreach(
        names, i, one) if (json_is_object(value) &&
                           !json_object_get(value, json_string_value(one))) return complain(check, path,
                                                                                            "lacks the key %s",
                                                                                            json_string_value(one));
    return true;
}

static bool fits_properties(const struct check *check, json_t *properties, json_t *value, const char *path)
{
    void *at;
    char below[1024];
    for (at = json_object_iter(properties); at; at = json_object_iter_next(properties, at)) {
        json_t *member = json_object_get(value, json_object_iter_key(at));
        snprintf(below, sizeof below, "%s/%s", path, json_object_iter_key(at));
        if (member && !visit(check, json_object_iter_value(at), member, below))
            return false;
    }
    return true;
}

static bool fits_items(const struct check *check, json_t *items, json_t *value, const char *path)
{
    size_t i;
    json_t *one;
    char below[1024];
    json_array_foreach(value, i, one)
    {
        snprintf(below, sizeof below, "%s/%zu", path, i);
        if (!visit(check, items, one, below))
            return false;
    }
    return true;
}

static bool follow(const struct check *check, json_t *reference, json_t *value, const char *path)
{
    static const char room[] = "#/definitions/";
    const char *name = json_string_value(reference);
    json_t *target = NULL;
    if (name && strncmp(name, room, sizeof room - 1) == 0)
        target = json_object_get(json_object_get(check->root, "definitions"), name + sizeof room - 1);
    return target ? visit(check, target, value, path) : complain(check, path, "unknown reference %s", name ? name : "");
}

static bool fits(const struct check *check, const char *keyword, json_t *demand, json_t *value, const char *path)
{
    static const char *const ignored[] = {"$schema", "title", "description", "definitions"};
    static const struct {
        const char *keyword;
        bool (*test)(const struct check *check, json_t *demand, json_t *value, const char *path);
    } tests[] = {{"$ref", follow},      {"type", has_type}, {"required", has_keys}, {"properties", fits_properties},
                 {"items", fits_items}, {"enum", is_one_of}};
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        if (strcmp(ignored[i], keyword) == 0)
            return true;
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        if (strcmp(tests[i].keyword, keyword) == 0)
            return tests[i].test(check, demand, value, path);
    if (strcmp(keyword, "const") == 0)
        return json_equal(demand, value) || complain(check, path, "is not the %s", keyword);
    if (strcmp(keyword, "minimum") == 0)
        return !json_is_number(value) || json_number_value(value) >= json_number_value(demand) ||
               complain(check, path, "is below the %s", keyword);
    return complain(check, path, "the schema has the keyword %s, which this check does not know", keyword);
}

static bool visit(const struct check *check, json_t *schema, json_t *value, const char *path)
{
    for (void *at = json_object_iter(schema); at; at = json_object_iter_next(schema, at))
        if (!fits(check, json_object_iter_key(at), json_object_iter_value(at), value, path))
            return false;
    return true;
}

bool schema_accepts(json_t *root, json_t *schema, json_t *value, char *why, size_t size)
{
    const struct check check = {root, why, size};
    return visit(&check, schema, value, "");
}
