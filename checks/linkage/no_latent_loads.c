/* Does a static program stay static while it runs? A static glibc still opens shared
 * libraries when asked for names of users or hosts (NSS: libnss_*.so), for character
 * sets (iconv: gconv modules) or by dlopen. In an empty root getpwuid gives NULL and
 * getaddrinfo fails, with exit status 0. Every static glibc contains the strings of
 * that machinery; only code that the program reaches counts. */
#include "checks/common.h"

static const char *names(struct arena *arena, unsigned bits)
{
    return arena_print(arena, "%s%s%s%s%s", bits & LATENT_NSS ? "NSS" : "",
                       bits & LATENT_NSS && bits & (LATENT_ICONV | LATENT_DLOPEN) ? ", " : "",
                       bits & LATENT_ICONV ? "iconv" : "", bits & LATENT_ICONV && bits & LATENT_DLOPEN ? ", " : "",
                       bits & LATENT_DLOPEN ? "dlopen" : "");
}

static void check(const struct subject *subject, struct finding *f)
{
    const struct image *image = subject->image;
    const struct latent_loads *latent = &image->latent;
    unsigned told = latent->used ? latent->used : latent->known == KNOWN_BROKEN ? latent->possible : 0;
    for (size_t i = 0; i < latent->count; i++)
        if (latent->evidence[i].detail & told)
            evidence(f, latent->evidence[i].offset, "no loading at run time", "%s", latent->evidence[i].text);
    if (latent->used)
        fail(f, "static, but loads libraries while it runs: %s", names(f->arena, latent->used));
    else if (latent->possible & LATENT_PROGRAM)
        unknown(f, "another program may be started, and a loader with it; whether it is cannot be told");
    else if (image->linkage == LINKAGE_UNKNOWN || latent->known == KNOWN_BROKEN)
        unknown(f, "whether the program loads libraries while it runs cannot be told");
    else if (image->linkage != LINKAGE_STATIC && image->linkage != LINKAGE_STATIC_PIE)
        not_applicable(f,
                       "a dynamic program or a library: linkage/no-interpreter and linkage/no-needed-libraries speak");
    else if (latent->known == KNOWN_COMPLETE && latent->possible)
        pass(f, "the code for %s is linked in, and the program does not use it", names(f->arena, latent->possible));
    else if (latent->known == KNOWN_COMPLETE)
        pass(f, "nothing that loads libraries at run time is linked in");
    else if (image->libc == LIBC_NONE || image->libc == LIBC_MUSL)
        pass(f, image->libc == LIBC_MUSL ? "musl is linked in, which loads nothing at run time in a static program"
                                         : "no C library is linked in that could load others");
    else if (!subject->code_was_read && image->segments.known == KNOWN_COMPLETE)
        pass(f, "no note of glibc's start files; texts were not searched (--no-code)");
    else
        unknown(f, "which C library is linked in is not known, and with it what it loads at run time");
}

const struct rule rule_linkage_no_latent_loads = {
    .id = "linkage/no-latent-loads",
    .level = LEVEL_ERROR,
    .applies = APPLIES_ELF | APPLIES_LOADABLE,
    .title = "A static program loads nothing while it runs",
    .why = "A static glibc program that looks up users or hosts, converts character sets or calls dlopen opens the "
           "shared libraries of the machine it runs on, which must be of the very glibc it was linked with. Elsewhere "
           "the call fails without a word, or crashes; the linker's warning at build time is all one is told. "
           "A program that carries a dynamic one, and starts it from memory, needs the loader and libraries of that.",
    .fix =
        {.go = "CGO_ENABLED=0, or -tags netgo,osusergo with cgo",
         .c = "link with musl, or avoid getaddrinfo, getpwnam, iconv_open and dlopen; heed \"Using '...' in statically "
              "linked applications\"",
         .rust = "--target x86_64-unknown-linux-musl"},
    .refs = {"glibc FAQ: https://sourceware.org/glibc/wiki/FAQ (static linking and NSS)", "glibc nss/nsswitch.c",
             "glibc elf/dl-libc.c: __libc_dlopen_mode"},
    .example = {.fails = "linkage-no-latent-loads", .passes = "elf-static-clean"},
    .check = check,
};
