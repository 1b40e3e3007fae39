/* Who made the program: .comment holds one NUL-terminated string for each compiler and
 * linker that took part ("GCC: (Debian 12.2.0-14) 12.2.0", "Linker: LLD 14.0.6", "rustc
 * version 1.75.0"), merged by the linker (gABI, "Special Sections"). It is never loaded,
 * and anyone can write anything into it: evidence of origin, not proof. */
#include "formats/read.h"

#include <elf.h>
#include <string.h>

#include "formats/limits.h"

static bool known_already(const struct named_list *list, struct view text)
{
    for (size_t i = 0; i < list->count; i++)
        if (strncmp(list->items[i].text, (const char *)text.data, text.size) == 0 &&
            list->items[i].text[text.size] == '\0')
            return true;
    return false;
}

static void take_strings(struct image *image, struct view v, uint64_t offset)
{
    struct named_list *list = &image->toolchains;
    for (size_t at = 0; at < v.size;) {
        const uint8_t *nul = memchr(v.data + at, 0, v.size - at);
        size_t size = nul ? (size_t)(nul - (v.data + at)) : v.size - at;
        struct view text = {v.data + at, size < LIMIT_TEXT ? size : LIMIT_TEXT};
        if (size && !known_already(list, text)) {
            if (list->count == LIMIT_TOOLCHAINS) {
                list->known = KNOWN_BROKEN;
                return;
            }
            named_add(&image->file->arena, list, arena_copy(&image->file->arena, text.data, text.size), offset + at, 0);
        }
        at += size + 1;
    }
}

void read_toolchains(struct image *image)
{
    struct view v;
    bool seen = false;
    uint64_t left = image->size; /* sections that name the same bytes again and again are not followed */
    image->toolchains.known = image->sections.known == KNOWN_BROKEN ? KNOWN_BROKEN : KNOWN_ABSENT;
    for (size_t i = 0; i < image->sections.count; i++) {
        const struct section *s = &image->sections.items[i];
        if (!same_name(s->name, ".comment") || s->size == 0)
            continue;
        if (!s->has_bytes || s->flags & SHF_COMPRESSED || s->size > left ||
            !file_view(image->file, s->offset, s->size, &v)) {
            image->toolchains.known = KNOWN_BROKEN;
            continue;
        }
        if (!seen && image->toolchains.known == KNOWN_ABSENT)
            image->toolchains.known = KNOWN_COMPLETE;
        seen = true;
        left -= s->size;
        take_strings(image, v, s->offset);
    }
}
