/* Build information as the Go linker writes it, for the tests of those who read it. */
#ifndef ASSAY_TESTS_FORMATS_SMALL_GO_H
#define ASSAY_TESTS_FORMATS_SMALL_GO_H

#include "tests/formats/small_elf.h"

#define SENTINEL_START "\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6"
#define SENTINEL_END   "\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2"
#define LINES                                                                                                          \
    "path\texample.test/prog\nmod\texample.test/prog\t(devel)\t\ndep\ta.test/x\tv1.0.0\th1:x=\n"                       \
    "dep\tb.test/y\tv2.0.0\n=>\tc.test/z\tv3.0.0\th1:z=\nbuild\t-buildmode=exe\nbuild\t-ldflags=\"-s -w -X "           \
    "main.v=\\\"1\\\"\"\n"                                                                                             \
    "build\t-trimpath=true\nbuild\tCGO_ENABLED=0\nbuild\tGOARCH=amd64\nbuild\tGOOS=linux\nbuild\tGOAMD64=v3\n"

static inline void put_record(struct small *s, size_t at, const char *version, const char *lines)
{
    put(s, at, "\xff Go buildinf:\x08\x02", 16);
    at += 32;
    s->bytes[at++] = (uint8_t)strlen(version);
    put(s, at, version, strlen(version));
    at += strlen(version);
    size_t size = strlen(lines) ? strlen(lines) + 32 : 0;
    s->bytes[at++] = (uint8_t)(size & 0x7f) | 0x80;
    s->bytes[at++] = (uint8_t)(size >> 7);
    if (size) {
        put(s, at, SENTINEL_START, 16);
        put(s, at + 16, lines, size - 32);
        put(s, at + size - 16, SENTINEL_END, 16);
    }
}

#endif
