/* Does the program let others in? Xcode signs what it builds for debugging with com.apple.security.get-task-allow: any
 * process of the user may then read and change the memory of the program; Apple asks that no program have it that is notarized.
 *
 * Procedure: the keys at the top of the entitlements, in XML and in DER (formats/macho/entitlements.c); that the two say the
 * same is structure/one-truth. macOS names it with a prefix, the other systems without. Confidence: certain. */
#include "checks/common.h"

#include <string.h>

static bool lets_in(const struct named *entitlement)
{
    return entitlement->detail && (strcmp(entitlement->text, "com.apple.security.get-task-allow") == 0 ||
                                   strcmp(entitlement->text, "get-task-allow") == 0);
}

/* The first few. */
static const char *names(const struct named_list *list, struct arena *arena)
{
    enum { SHOWN = 3 };
    const char *text = list->items[0].text;
    for (size_t i = 1; i < list->count && i < SHOWN; i++)
        text = arena_print(arena, "%s, %s", text, list->items[i].text);
    return list->count > SHOWN ? arena_print(arena, "%s, …", text) : text;
}

static void judge(const struct image *image, struct finding *f)
{
    const struct named_list *list = &image->macho->entitlements;
    size_t found = 0;
    for (size_t i = 0; i < list->count; i++)
        if (lets_in(&list->items[i]) && ++found == 1)
            evidence(f, list->items[i].offset, "false, or not there", "%s: true", list->items[i].text);
    if (found)
        fail(f, "every process of the user may read and change its memory: %s", f->evidence[0].observed);
    else if (image->signature == SIGNATURE_BROKEN)
        unknown(f, "the code signature cannot be read");
    else if (list->known == KNOWN_BROKEN)
        unknown(f, "the entitlements are neither a plain property list nor DER to their end");
    else if (list->count == 0)
        pass(f, "the signature asks for no entitlements");
    else
        pass(f, "nothing that lets others in; of entitlements there are %zu: %s", list->count, names(list, f->arena));
}

static void check(const struct subject *subject, struct finding *f)
{
    const struct image *image = subject->image;
    if (image->signature != SIGNATURE_NONE)
        judge(image, f);
    else if (image->segments.known == KNOWN_BROKEN)
        unknown(f, "the load commands cannot be read to their end");
    else
        not_applicable(f, "no code signature, which would have them");
}

const struct rule rule_signature_entitlements = {
    .id = "signature/entitlements",
    .level = LEVEL_WARNING,
    .applies = APPLIES_MACHO | APPLIES_PROGRAMS,
    .title = "No entitlement lets other processes in",
    .why =
        "A build for debugging that is shipped by mistake asks for get-task-allow: the secrets that the program holds "
        "in memory are open to every other process of its user, whatever the hardened runtime keeps out, and "
        "Apple asks that no program which is notarized have it.",
    .fix = {.go = "codesign -s IDENTITY -f --options runtime program, without --entitlements that ask for it",
            .c = "sign without it: CODE_SIGN_INJECT_BASE_ENTITLEMENTS=NO in Xcode; swift build -c release "
                 "--disable-get-task-allow-entitlement",
            .rust = "codesign -s IDENTITY -f --options runtime program, without --entitlements that ask for it"},
    .refs = {"Apple, Resolving common notarization issues: Avoid the get-task-allow entitlement",
             "XNU bsd/kern/ubc_subr.c: csblob_parse_entitlements"},
    .example = {.fails = "signature-entitlements", .passes = "macho-entitlements"},
    .check = check,
};
