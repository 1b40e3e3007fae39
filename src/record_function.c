/* The function that `inspect --function` asks for. */
#include "src/record.h"

void record_function(struct arena *arena, const struct code_study *study, const struct record_options *options,
                     struct record_image *out)
{
    struct listing *listing = arena_alloc(arena, sizeof *listing);
    enum listing_answer answer = LISTING_UNREADABLE;
    if (study_readable(study))
        answer = listing_make(study->image, arena, options->address, listing);
    out->function = answer == LISTING_MADE ? listing : NULL;
    out->no_function = answer == LISTING_MADE       ? NULL
                       : answer == LISTING_NOT_CODE ? "no executable range of it holds the address"
                                                    : "its code cannot be read";
}
