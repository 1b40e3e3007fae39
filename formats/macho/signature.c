/* The code signature: a SuperBlob of big-endian blobs at the end of the image. The best
 * CodeDirectory counts (XNU bsd/kern/ubc_subr.c, cs_validate_csblob); its hashes cover the
 * file up to codeLimit. What is checked here is structure and extent: blobs inside the area,
 * tables inside their blob, sizes that XNU takes, and that the limit is the signature's own
 * offset, so that no byte before it is left out. Whether hashes match is asked in hashes.c,
 * what the entitlements are in entitlements.c. */
#include "formats/macho/macho.h"

#include <string.h>

static const uint32_t CSMAGIC_EMBEDDED_SIGNATURE = 0xfade0cc0, CSMAGIC_CODEDIRECTORY = 0xfade0c02,
                      CSMAGIC_BLOBWRAPPER = 0xfade0b01;
enum {
    COMMAND_SIZE = 16,
    SLOT_CODEDIRECTORY = 0,
    SLOT_ENTITLEMENTS = 5,
    SLOT_DER_ENTITLEMENTS = 7,
    SLOT_CONSTRAINT = 8, /* of launches and libraries, to 11 */
    SLOT_CONSTRAINT_LAST = 11,
    SLOT_ALTERNATE = 0x1000,
    SLOT_ALTERNATES = 5,
    SLOT_CMS = 0x10000,
    CS_ADHOC = 2,
    CS_LINKER_SIGNED = 0x20000,
    VERSION_SCATTER = 0x20100,
    VERSION_TEAM = 0x20200,
    VERSION_LIMIT_64 = 0x20300,
    PAGE_4K = 12, /* log2; XNU takes 4 KiB, and its own pages */
    PAGE_16K = 14,
};

/* By hash type: its size, and its rank among several directories (ubc_subr.c, hashPriorities). */
static const struct hash {
    uint8_t size, rank;
} hashes[] = {{0, 0}, {20, 1}, {32, 3}, {20, 2}, {48, 4}};

struct directory {
    uint32_t flags, rank;
    uint64_t limit;
    bool scattered;
    uint8_t platform;
    const char *identifier, *team;
    struct signed_hashes hashes;
};

struct blobs {
    struct directory best;
    bool has_best, has_cms;
    struct view slots[SIGNED_SLOTS];
};

static bool bad(struct macho_view *view, uint64_t at, const char *expected, const char *observed, uint64_t value)
{
    MACHO_DEFECT(view, macho_signature, at, expected, "%s %#llx", observed, (unsigned long long)value);
    return false;
}

static bool read_directory(struct macho_view *view, struct view v, uint64_t at, struct directory *out)
{
    struct cursor c = cursor_at(v, true);
    cursor_skip(&c, 8);
    uint32_t version = cursor_u32(&c);
    *out = (struct directory){.flags = cursor_u32(&c)};
    uint32_t hashes_at = cursor_u32(&c), identifier = cursor_u32(&c), special = cursor_u32(&c), slots = cursor_u32(&c);
    out->limit = cursor_u32(&c);
    uint8_t hash_size = cursor_u8(&c), type = cursor_u8(&c);
    out->platform = cursor_u8(&c);
    uint8_t page = cursor_u8(&c);
    cursor_skip(&c, 4);
    uint32_t scatter = version >= VERSION_SCATTER ? cursor_u32(&c) : 0;
    uint32_t team = version >= VERSION_TEAM ? cursor_u32(&c) : 0;
    if (version >= VERSION_LIMIT_64) {
        cursor_skip(&c, 4);
        uint64_t limit = cursor_u64(&c);
        out->limit = limit ? limit : out->limit;
    }
    if (c.failed)
        return bad(view, at, "a CodeDirectory as long as its version says", "bytes:", v.size);
    if (type == 0 || type >= sizeof hashes / sizeof *hashes || hash_size != hashes[type].size)
        return bad(view, at, "a hash type that XNU knows, and its size", "hash type and size",
                   (uint64_t)type << 8 | hash_size);
    if (page != PAGE_4K && (page != PAGE_16K || view->extra->cputype != CPU_TYPE_ARM64))
        return bad(view, at, "pages of 2^12 bytes, on arm64 2^14 too", "log2 of the page size", page);
    uint64_t pages = (out->limit >> page) + ((out->limit & ((UINT64_C(1) << page) - 1)) != 0);
    if (slots != pages)
        return bad(view, at, "one hash a page up to codeLimit", "nCodeSlots", slots);
    if (hashes_at > v.size || (uint64_t)special * hash_size > hashes_at ||
        !range_fits(v.size, hashes_at, (uint64_t)slots * hash_size))
        return bad(view, at, "hashes inside the CodeDirectory", "hashOffset", hashes_at);
    out->identifier = image_string(view->image, v, identifier);
    out->team = team ? image_string(view->image, v, team) : NULL;
    if (!out->identifier || (team && !out->team))
        return bad(view, at, "an identifier inside the CodeDirectory", "identOffset", identifier);
    out->rank = hashes[type].rank;
    out->scattered = scatter != 0;
    out->hashes = (struct signed_hashes){.table = v,
                                         .at = hashes_at,
                                         .limit = out->limit,
                                         .count = slots,
                                         .special = special,
                                         .type = type,
                                         .size = hash_size,
                                         .page = page};
    return true;
}

/* What codesign calls rights, in the wrapping that the kernel asks for (cs_validate_csblob). */
static bool check_rights(struct macho_view *view, uint32_t slot, uint32_t magic, uint64_t at, struct blobs *blobs)
{
    uint32_t wanted = slot == SLOT_ENTITLEMENTS                                 ? 0xfade7171
                      : slot == SLOT_DER_ENTITLEMENTS                           ? 0xfade7172
                      : slot >= SLOT_CONSTRAINT && slot <= SLOT_CONSTRAINT_LAST ? 0xfade8181
                                                                                : 0;
    if (!wanted)
        return true;
    if (magic != wanted)
        return bad(view, at, "entitlements or constraints in their own wrapping", "magic", magic);
    if (blobs->slots[slot].data)
        return bad(view, at, "one blob of a kind", "another in slot", slot);
    return true;
}

/* A message of RFC 5652: a DER SEQUENCE that begins with the object identifier of SignedData. */
static bool is_cms(struct view v)
{
    static const uint8_t signed_data[] = {6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2};
    struct cursor c = cursor_at(v, true);
    cursor_skip(&c, 8);
    uint8_t tag = cursor_u8(&c), size = cursor_u8(&c);
    cursor_skip(&c, size & 0x80 ? size & 0x7f : 0);
    struct view kind = cursor_take(&c, sizeof signed_data);
    return !c.failed && tag == 0x30 && memcmp(kind.data, signed_data, sizeof signed_data) == 0;
}

static bool take_blob(struct macho_view *view, struct view area, uint64_t base, uint32_t slot, uint32_t offset,
                      struct blobs *blobs)
{
    struct view head, v;
    struct directory directory;
    if (!view_sub(area, offset, 8, &head))
        return bad(view, base, "blobs inside the signature", "a blob at", offset);
    uint32_t magic = load_be32(head.data), size = load_be32(head.data + 4);
    if (size < 8 || !view_sub(area, offset, size, &v))
        return bad(view, base + offset, "a blob inside the signature", "its size", size);
    if (slot == SLOT_CMS) {
        blobs->has_cms = magic == CSMAGIC_BLOBWRAPPER && v.size > 8;
        if (blobs->has_cms && !is_cms(v))
            bad(view, base + offset, "a SignedData of RFC 5652 in its wrapper", "another one, of size", size);
    }
    if (!check_rights(view, slot, magic, base + offset, blobs))
        return false;
    if (slot < SIGNED_SLOTS)
        blobs->slots[slot] = v;
    if (slot != SLOT_CODEDIRECTORY && (slot < SLOT_ALTERNATE || slot >= SLOT_ALTERNATE + SLOT_ALTERNATES))
        return true;
    if (magic != CSMAGIC_CODEDIRECTORY)
        return bad(view, base + offset, "a CodeDirectory", "magic", magic);
    if (!read_directory(view, v, base + offset, &directory))
        return false;
    if (blobs->has_best && blobs->best.rank == directory.rank)
        return bad(view, base + offset, "one CodeDirectory a hash type", "another of rank", directory.rank);
    if (!blobs->has_best || directory.rank > blobs->best.rank)
        blobs->best = directory;
    blobs->has_best = true;
    return true;
}

static bool read_blobs(struct macho_view *view, struct view area, uint64_t base, struct blobs *blobs)
{
    struct cursor c = cursor_at(area, true);
    struct view table, whole;
    uint32_t magic = cursor_u32(&c), size = cursor_u32(&c), count = cursor_u32(&c);
    if (c.failed || magic != CSMAGIC_EMBEDDED_SIGNATURE)
        return bad(view, base, "an embedded signature", "magic", magic);
    if (!view_sub(area, 0, size, &whole) || !view_table(whole, 12, 8, count, &table))
        return bad(view, base, "a signature that holds its table of blobs", "size", size);
    c = cursor_at(table, true);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t slot = cursor_u32(&c), offset = cursor_u32(&c);
        if (!take_blob(view, whole, base, slot, offset, blobs))
            return false;
    }
    if (!blobs->has_best)
        return bad(view, base, "a CodeDirectory", "blobs, none of which is one:", count);
    return true;
}

void read_signature(struct macho_view *view, const struct command *c)
{
    struct image *image = view->image;
    struct macho_extra *extra = view->extra;
    struct cursor cursor = command_cursor(view, c);
    uint32_t offset = cursor_u32(&cursor), size = cursor_u32(&cursor);
    struct view area;
    struct blobs blobs = {0};
    image->signature = SIGNATURE_BROKEN;
    if (c->v.size != COMMAND_SIZE) /* the kernel takes no other (load_code_signature) */
        bad(view, c->at, "an LC_CODE_SIGNATURE of 16 bytes", "its size", c->v.size);
    extra->signature_offset = macho_at(view, offset);
    extra->signature_size = size;
    if (cursor.failed || !image_view(image, offset, size, &area)) {
        bad(view, c->at, "a signature inside the image", "its offset", offset);
        return;
    }
    claim(view, offset, size, "the code signature");
    if (!spend(view, offset, size, "the code signature") || !read_blobs(view, area, offset, &blobs))
        return;
    read_entitlements(view, area, offset, blobs.slots[SLOT_ENTITLEMENTS], blobs.slots[SLOT_DER_ENTITLEMENTS]);
    extra->code_limit = blobs.best.limit;
    extra->signature_flags = blobs.best.flags;
    extra->signature_platform = blobs.best.platform;
    extra->identifier = blobs.best.identifier;
    extra->team = blobs.best.team;
    if (blobs.best.limit > offset) {
        bad(view, offset, "codeLimit at most where the signature begins", "codeLimit", blobs.best.limit);
        return;
    }
    if (blobs.best.limit != offset || blobs.best.scattered)
        MACHO_DEFECT(view, macho_signature_cover, offset, "hashes of every byte before the signature",
                     blobs.best.scattered ? "a scatter list, codeLimit %#llx" : "codeLimit %#llx",
                     (unsigned long long)blobs.best.limit);
    else
        view->hashes = blobs.best.hashes;
    memcpy(view->hashes.blobs, blobs.slots, sizeof blobs.slots);
    bool adhoc = blobs.best.flags & CS_ADHOC;
    image->signature = adhoc && blobs.best.flags & CS_LINKER_SIGNED ? SIGNATURE_LINKER_SIGNED
                       : adhoc                                      ? SIGNATURE_AD_HOC
                       : blobs.has_cms                              ? SIGNATURE_CMS
                                                                    : SIGNATURE_BROKEN;
}
