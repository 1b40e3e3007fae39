/* make_seeds FOLDER: the seeds that no file of the corpus is: in FOLDER/program every sample that is made, in
 * FOLDER/record and FOLDER/report the record of each sample, in the forms that fuzz_record.c and fuzz_report.c take, and in
 * FOLDER/code the bytes of code, in FOLDER/x86 and FOLDER/a64 those that run first. */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "corpus/samples/samples.h"
#include "formats/limits.h"
#include "src/audit.h"
#include "src/report/report.h"
#include "tests/props/naive.h"

#ifndef ASSAY_CORPUS
#define ASSAY_CORPUS "corpus"
#endif

static const char *folder;
static int status;

static void put(const char *kind, const char *name, const void *head, size_t head_size, const void *bytes, size_t size)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, kind);
    (void)mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/%s/%s", folder, kind, name);
    FILE *out = fopen(path, "wb");
    if (!out || fwrite(head, 1, head_size, out) != head_size || fwrite(bytes, 1, size, out) != size ||
        fclose(out) != 0) {
        perror(path);
        status = 1;
    }
}

static void put_records(const struct sample *sample, const struct sample_bytes *whole, size_t index)
{
    struct arena arena = {0};
    struct bytes packed = {0};
    const struct audit_options options = {.file = {.max_size = LIMIT_FILE_SIZE, .digest = true},
                                          .read = {.code = true},
                                          .record = {.detail = index % 2, .modules = true},
                                          .rules = true};
    const struct record *record = audit_memory(&arena, sample->name, whole->data, whole->size, &options);
    if (!record_pack(record, &packed)) {
        status = 1;
    } else if (packed.size <= UINT16_MAX) {
        const size_t size = packed.size - sizeof(uint64_t); /* without the seal, which the targets make */
        const uint8_t head[] = {(uint8_t)(index % reporter_count), (uint8_t)(index / reporter_count), (uint8_t)size,
                                (uint8_t)(size >> 8)};
        put("record", sample->name, "", 0, packed.data, size);
        put("report", sample->name, head, sizeof head, packed.data, size);
    }
    free(packed.data);
    arena_free(&arena);
}

/* What runs first. */
static void put_code(const struct sample *sample, const struct sample_bytes *whole)
{
    enum { SOME = 500 };
    struct naive naive;
    uint8_t code[SOME];
    unsigned flags;
    size_t count = 0;
    naive_read(whole->data, whole->size, &naive);
    if (!naive.starts)
        return;
    uint64_t entry = load_le64(whole->data + 24);
    while (count < SOME && naive_at(&naive, entry + count, &code[count], &flags) == NAIVE_BYTE)
        count++;
    put(load_le16(whole->data + 18) == EM_AARCH64 ? "a64" : "x86", sample->name, "", 0, code, count);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    folder = argv[1];
    (void)mkdir(folder, 0777);
    for (size_t i = 0; i < sample_count; i++) {
        struct sample_bytes whole = {0};
        if (!sample_load(&samples[i], ASSAY_CORPUS, &whole))
            return 1;
        if (samples[i].kind == SAMPLE_MADE)
            put("program", samples[i].name, "", 0, whole.data, whole.size);
        if (samples[i].kind == SAMPLE_REAL)
            put("code", samples[i].name, strstr(samples[i].name, "arm64") ? "\1" : "\0", 1, whole.data, whole.size);
        if (samples[i].kind == SAMPLE_REAL)
            put_code(&samples[i], &whole);
        put_records(&samples[i], &whole, i);
        free(whole.data);
    }
    return status;
}
