/* `function` of assay-report/1: what `assay inspect --function` shows. */
#include <inttypes.h>
#include <string.h>

#include "src/report/escape.h"
#include "src/report/report.h"

static void changes(FILE *out, const char *key, const struct listing_change *items, size_t count)
{
    fprintf(out, ",\"%s\":[", key);
    for (size_t i = 0; i < count; i++) {
        fputs(i ? ",{\"name\":" : "{\"name\":", out);
        escape_json(out, items[i].name);
        escape_member(out, "value", items[i].value);
        putc('}', out);
    }
    putc(']', out);
}

static void row(FILE *out, const struct listing_row *row)
{
    fprintf(out, "{\"address\":\"0x%" PRIx64 "\"", row->address);
    escape_member(out, "bytes", row->bytes);
    escape_member(out, "text", *row->text ? row->text : NULL);
    escape_member(out, "followed", row->followed);
    if (row->target)
        fprintf(out, ",\"target\":\"0x%" PRIx64 "\"", row->target);
    else
        fputs(",\"target\":null", out);
    fputs(",\"features\":[", out);
    for (size_t i = 0; i < row->feature_count; i++) {
        if (i)
            putc(',', out);
        escape_json(out, row->features[i]);
    }
    putc(']', out);
    changes(out, "before", row->before, row->before_count);
    changes(out, "after", row->after, row->after_count);
    fputs(",\"breaches\":[", out);
    for (size_t i = 0; i < row->breach_count; i++) {
        fputs(i ? ",{\"rule\":" : "{\"rule\":", out);
        escape_json(out, row->breaches[i].rule);
        escape_member(out, "observed", row->breaches[i].observed);
        putc('}', out);
    }
    fputs("]}", out);
}

void report_json_listing(FILE *out, const struct listing *l)
{
    fprintf(out, ",\n    \"function\":{\"start\":\"0x%" PRIx64 "\",\"end\":\"0x%" PRIx64 "\"", l->start,
            l->start + l->size);
    escape_member(out, "begins_by", l->begins);
    escape_member(out, "ends_by", l->ends);
    escape_member(out, "profile", l->profile);
    escape_member(out, "profile_reason", l->why);
    escape_member(out, "judged", l->judged);
    fprintf(out, ",\"left_out\":%zu,\"instructions\":[", l->left_out);
    for (size_t i = 0; i < l->count; i++) {
        fputs(i ? ",\n     " : "\n     ", out);
        row(out, &l->rows[i]);
    }
    fputs("]}", out);
}
