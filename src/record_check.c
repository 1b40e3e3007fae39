/* Whether what a worker sent can be a record of ours. */
#include <string.h>

#include "src/record.h"

static uint64_t mix(uint64_t seal, uint64_t piece)
{
    seal = (seal ^ piece) * UINT64_C(0x9e3779b97f4a7c15);
    return seal ^ seal >> 32;
}

uint64_t record_seal(const uint8_t *data, size_t size)
{
    enum { LANES = 4 }; /* apart, so that no multiplication waits for the one before */
    uint64_t lanes[LANES] = {size, 1, 2, 3}, pieces[LANES], piece;
    for (; size >= sizeof pieces; data += sizeof pieces, size -= sizeof pieces) {
        memcpy(pieces, data, sizeof pieces);
        for (unsigned i = 0; i < LANES; i++)
            lanes[i] = mix(lanes[i], pieces[i]);
    }
    uint64_t seal = mix(mix(mix(lanes[0], lanes[1]), lanes[2]), lanes[3]);
    for (; size >= sizeof piece; data += sizeof piece, size -= sizeof piece) {
        memcpy(&piece, data, sizeof piece);
        seal = mix(seal, piece);
    }
    for (; size; data++, size--)
        seal = mix(seal, *data);
    return seal ^ seal >> 29;
}

/* A digest, which reports write as it stands; or none. */
static bool is_digest(const char *text)
{
    size_t size = strspn(text, "0123456789abcdef");
    return text[size] == 0 && (size == 0 || size == 64);
}

/* What every reader of a record takes for granted. */
bool record_is_whole(const struct record *record)
{
    if (!record->path || !record->sha256 || !is_digest(record->sha256) || !record->container || !record->target ||
        !record->target_source)
        return false;
    for (size_t i = 0; i < record->image_count; i++) {
        const struct record_image *image = &record->images[i];
        if (!image->name || !image->machine || !image->format || !image->os || !image->arch || !image->endian ||
            !image->kind)
            return false;
    }
    return true;
}
