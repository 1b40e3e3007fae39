/* The hashes of a code signature: one a page, up to codeLimit, and in front of them, counted downwards, those of the
 * other blobs. The kernel computes them as the pages are read, and kills a process over one that differs (XNU
 * bsd/kern/ubc_subr.c, cs_validate_hash), which may be in the midst of a run: "Killed: 9". A file that was changed
 * behind its signing is found here. */
#include "formats/digest.h"
#include "formats/macho/macho.h"

/* Whether the hash at `at` of the CodeDirectory is that of the bytes. */
static bool is_hash(const struct signed_hashes *hashes, uint64_t at, struct view bytes)
{
    struct view hash;
    return view_sub(hashes->table, at, hashes->size, &hash) &&
           digest_is(hashes->type, bytes.data, bytes.size, hash.data, hash.size);
}

static void check_pages(struct macho_view *view)
{
    const struct signed_hashes *hashes = &view->hashes;
    uint64_t page = UINT64_C(1) << hashes->page, wrong = 0, first = 0;
    for (uint32_t i = 0; i < hashes->count; i++) {
        uint64_t at = i * page, left = hashes->limit - at;
        struct view bytes;
        if (image_view(view->image, at, left < page ? left : page, &bytes) &&
            is_hash(hashes, hashes->at + (uint64_t)i * hashes->size, bytes))
            continue;
        first = wrong++ ? first : at;
    }
    if (wrong)
        MACHO_DEFECT(view, macho_signature_hash, first, "the pages that were signed",
                     "%llu of %u pages, the first at %#llx", (unsigned long long)wrong, hashes->count,
                     (unsigned long long)macho_at(view, first));
}

void check_hashes(struct macho_view *view)
{
    const struct signed_hashes *hashes = &view->hashes;
    if (hashes->count == 0)
        return;
    check_pages(view);
    view->extra->pages_held = hashes->count;
    for (uint32_t slot = 1; slot < SIGNED_SLOTS; slot++)
        if (hashes->blobs[slot].data &&
            (slot > hashes->special ||
             !is_hash(hashes, hashes->at - (uint64_t)slot * hashes->size, hashes->blobs[slot])))
            MACHO_DEFECT(view, macho_signature_hash, view->extra->signature_offset - view->image->offset,
                         "blobs that were signed", "the blob in slot %u", slot);
}
