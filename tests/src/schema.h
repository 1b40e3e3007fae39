/* Checks a JSON value against a JSON Schema (draft 7), as far as our own schema uses it: $ref
 * to #/definitions, type, required, properties, items, enum, const, minimum. A keyword that it
 * does not know is a complaint, so that no demand of the schema is skipped in silence. */
#ifndef ASSAY_TESTS_SRC_SCHEMA_H
#define ASSAY_TESTS_SRC_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* `root` holds the definitions. False: `why` says what is wrong. */
bool schema_accepts(json_t *root, json_t *schema, json_t *value, char *why, size_t size);

#endif
