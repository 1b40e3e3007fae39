/* Do the bytes keep what the file says of itself? Its name may say a target, and Go's
 * build information records GOOS, GOARCH, CGO_ENABLED, -buildmode and -ldflags
 * (runtime/debug.BuildInfo). Those are claims: they can be those of another build, of a
 * tool that did not obey (Go 1.19 for darwin keeps 3,000 local symbols despite -s), or
 * forged. The format of the file says which system it is for, and system calls of arm64
 * say for which one code was built. Every claim that is there is compared; none is believed. */
#include "checks/code/disassembly.h"
#include "checks/common.h"

#include <string.h>

static void claim_name(const struct subject *subject, struct finding *f, size_t *claims, const char **open)
{
    const struct target *target = &subject->expect->name_target;
    if (target->os == OS_UNKNOWN && !target->foreign)
        return;
    struct claim claim = common_target(subject, target, f->arena);
    ++*claims;
    if (claim.holds == ANSWER_NO)
        evidence(f, subject->image->offset, "what the file's name says", "the name says %s, but %s", target->spelling,
                 claim.text);
    else if (claim.holds == ANSWER_UNKNOWN)
        *open = claim.text;
}

/* app-linux, app_macos: one of the two formats, and on ELF none of the other systems. */
static void claim_name_os(const struct subject *subject, struct finding *f, size_t *claims)
{
    const struct image *image = subject->image;
    enum os want = subject->expect->name_os;
    if (want == OS_UNKNOWN)
        return;
    bool elf = image->format == FORMAT_ELF, other = elf && image->os >= OS_FREEBSD && image->os <= OS_SOLARIS;
    ++*claims;
    if (elf != (want == OS_LINUX) || other)
        evidence(f, image->offset, "the system that the file's name ends with", "the name ends with %s, but this is %s",
                 os_name(want),
                 elf ? arena_print(f->arena, "an ELF file for %s", os_name(image->os)) : "a Mach-O file");
}

static enum os os_of_goos(const char *goos)
{
    static const struct {
        const char *goos;
        enum os os;
    } systems[] = {{"linux", OS_LINUX},     {"darwin", OS_MACOS},    {"android", OS_ANDROID},
                   {"ios", OS_IOS},         {"freebsd", OS_FREEBSD}, {"netbsd", OS_NETBSD},
                   {"openbsd", OS_OPENBSD}, {"solaris", OS_SOLARIS}, {"illumos", OS_SOLARIS}};
    for (size_t i = 0; i < sizeof systems / sizeof *systems; i++)
        if (strcmp(goos, systems[i].goos) == 0)
            return systems[i].os;
    return OS_UNKNOWN;
}

/* The runtime makes the system calls of the system that it was built for, whatever headers say. */
static void claim_runtime(const struct image *image, struct finding *f, size_t *claims)
{
    const struct go_info *go = image->go;
    if (!go->runtime_os || image->os == OS_UNKNOWN)
        return;
    ++*claims;
    if (os_of_goos(go->runtime_os) != (image->os == OS_ANDROID ? OS_LINUX : image->os))
        evidence(f, go->runtime_os_offset, "a runtime for the system that the file is for",
                 "Go's runtime is that of %s, but the program is for %s", go->runtime_os, os_name(image->os));
}

static void claim_platform(const struct image *image, struct finding *f, size_t *claims, const char **open)
{
    const struct go_info *go = image->go;
    if (go->goos) {
        enum os os = os_of_goos(go->goos);
        ++*claims;
        if (image->os == OS_UNKNOWN)
            *open = "the operating system cannot be read from the bytes";
        else if (os != image->os)
            evidence(f, go->offset, "the GOOS of the bytes", "GOOS=%s, but the program is for %s", go->goos,
                     os_name(image->os));
    }
    if (go->goarch) {
        ++*claims;
        if (strcmp(go->goarch, arch_name(image->arch)) != 0)
            evidence(f, go->offset, "the GOARCH of the bytes", "GOARCH=%s, but the code is for %s", go->goarch,
                     common_name(image));
    }
}

/* CGO_ENABLED=0 for Linux: no C library linked in, none needed. A PIE of Go's own linker
 * names a loader all the same; that it is one is not recorded before Go 1.20. */
static void claim_cgo(const struct image *image, struct finding *f, size_t *claims, const char **open)
{
    const char *mode = image->go->buildmode;
    bool pie = mode ? strcmp(mode, "pie") == 0 : image->pie == ANSWER_YES;
    if (image->go->cgo_enabled != ANSWER_NO || (image->os != OS_LINUX && image->os != OS_UNKNOWN))
        return;
    ++*claims;
    if (image->os == OS_UNKNOWN) {
        *open = "the operating system cannot be read from the bytes";
        return;
    }
    if (image->needed.count)
        evidence(f, image->needed.items[0].offset, "a program without C", "CGO_ENABLED=0, but %s is needed",
                 image->needed.items[0].text);
    else if (image->interpreter.text && !pie)
        evidence(f, image->interpreter.offset, "a program without C", "CGO_ENABLED=0, but PT_INTERP names %s",
                 image->interpreter.text);
    else if ((image->libc == LIBC_GLIBC || image->libc == LIBC_MUSL) && !image->interpreter.text)
        evidence(f, image->libc_evidence.text ? image->libc_evidence.offset : EVIDENCE_NOWHERE, "a program without C",
                 "CGO_ENABLED=0, but %s is linked in", libc_name(image->libc));
    else if (image->needed.known == KNOWN_BROKEN || image->interpreter_known == KNOWN_BROKEN)
        *open = "loader and libraries cannot be read to their end";
    else if (image->libc == LIBC_UNKNOWN)
        *open = "whether a C library is linked in cannot be told";
}

/* Whether a Go linker flag is set, as package flag reads them: the last counts, and what
 * -X and -extldflags take is skipped. */
static bool has_flag(const char *ldflags, char letter)
{
    bool set = false, argument = false;
    for (const char *at = ldflags; *at;) {
        at += strspn(at, " \t\n");
        char quote = *at == '"' || *at == '\'' ? *at++ : 0;
        size_t size = quote ? strcspn(at, quote == '"' ? "\"" : "'") : strcspn(at, " \t\n");
        const char *flag = at + (size > 1 && at[0] == '-' && at[1] == '-');
        size_t rest = size - (size_t)(flag - at);
        if (!argument && rest >= 2 && flag[0] == '-' && flag[1] == letter && (rest == 2 || flag[2] == '='))
            set = rest == 2 || (flag[3] != 'f' && flag[3] != 'F' && flag[3] != '0');
        argument = !argument && ((rest == 2 && strncmp(flag, "-X", 2) == 0) ||
                                 (rest == 11 && strncmp(flag, "-extldflags", 11) == 0));
        at += size;
        at += quote && *at;
    }
    return set;
}

static void claim_ldflags(const struct image *image, struct finding *f, size_t *claims, const char **open)
{
    const char *ldflags = image->go->ldflags;
    const struct symbols *symbols = &image->symbols;
    bool s = ldflags && has_flag(ldflags, 's'), w = ldflags && has_flag(ldflags, 'w');
    bool left = image->format == FORMAT_ELF ? symbols->known == KNOWN_COMPLETE : symbols->local > 0;
    *claims += s || w;
    if (s && left)
        evidence(f, symbols->offset, "no symbol table, as -ldflags -s asks", "-ldflags \"%s\", but %llu symbols",
                 ldflags, (unsigned long long)(image->format == FORMAT_ELF ? symbols->count : symbols->local));
    else if (s && symbols->known == KNOWN_BROKEN)
        *open = "whether symbols are left cannot be told";
    for (size_t i = 0; (s || w) && i < image->debug.count; i++)
        if (image->debug.items[i].kind == DEBUG_DWARF) {
            evidence(f, image->debug.items[i].offset, "no DWARF, as -ldflags -w asks",
                     "-ldflags \"%s\", but DWARF in %s", ldflags,
                     image->debug.items[i].where ? image->debug.items[i].where : "a section");
            break;
        }
    if ((s || w) && image->debug.known == KNOWN_BROKEN)
        *open = "whether debug information is left cannot be told";
}

static void claim_buildmode(const struct image *image, struct finding *f, size_t *claims, const char **open)
{
    const char *mode = image->go->buildmode;
    if (!mode)
        return;
    ++*claims;
    bool program = strcmp(mode, "exe") == 0 || strcmp(mode, "pie") == 0;
    bool library = strcmp(mode, "c-shared") == 0 || strcmp(mode, "shared") == 0 || strcmp(mode, "plugin") == 0;
    if ((program && image->kind != KIND_EXECUTABLE) || (library && image->kind == KIND_EXECUTABLE))
        evidence(f, image->go->offset, "the kind of the bytes", "-buildmode=%s, but a file of kind %s", mode,
                 kind_name(image->kind));
    else if (strcmp(mode, "pie") == 0 && image->pie == ANSWER_NO)
        evidence(f, image->go->offset, "a position-independent program", "-buildmode=pie, but fixed addresses");
    else if (strcmp(mode, "pie") == 0 && image->pie == ANSWER_UNKNOWN)
        *open = "whether the program can run at any address cannot be told";
}

/* System calls are made in each system's own way. A file is for one system, and code that calls another one was built
 * for that. */
static void claim_system(const struct subject *subject, struct finding *f, size_t *claims, const char **open)
{
    const struct image *image = subject->image;
    if (image->arch != ARCH_ARM64 || !subject->code_was_read)
        return;
    bool studied = study_conventions(subject->study);
    if (image->os == OS_UNKNOWN || (!studied && image->segments.known == KNOWN_BROKEN))
        *open = "whether the system calls are those of its system cannot be told";
    if (!studied)
        return; /* packed or encrypted, which rules of their own tell */
    const struct abi_hits *hits = &subject->study->abi.hits[BREACH_SYSTEM_CALL];
    *claims += hits->count > 0;
    for (size_t i = 0; i < hits->kept; i++) {
        const struct abi_hit *hit = &hits->items[i];
        uint64_t offset = 0;
        bool found = image_address(image, hit->address, &offset);
        evidence(f, found ? offset : EVIDENCE_NOWHERE, "system calls of the system that the file is for",
                 "a program for %s makes system call %d of %s, at %#llx: %s", os_name(image->os), (int)hit->n,
                 hit->reg == 8 ? "Linux" : "macOS", (unsigned long long)hit->address,
                 disassembly(image, f->arena, hit->address));
    }
}

static void check(const struct subject *subject, struct finding *f)
{
    const struct image *image = subject->image;
    size_t claims = 0;
    const char *open = NULL; /* a claim that cannot be compared */
    claim_name(subject, f, &claims, &open);
    claim_name_os(subject, f, &claims);
    claim_system(subject, f, &claims, &open);
    if (image->go)
        claim_runtime(image, f, &claims);
    if (image->go && image->go->known == KNOWN_BROKEN)
        open = "the Go build information is damaged";
    if (image->go && image->go->known == KNOWN_COMPLETE) {
        claim_platform(image, f, &claims, &open);
        claim_cgo(image, f, &claims, &open);
        claim_ldflags(image, f, &claims, &open);
        claim_buildmode(image, f, &claims, &open);
    }
    if (f->total)
        fail(f, "%s", f->evidence[0].observed);
    else if (open)
        unknown(f, "%s", open);
    else if (claims)
        pass(f, "the bytes keep all %zu claims of the file's name and build information", claims);
    else
        not_applicable(f, "neither the file's name nor build information claims anything");
}

const struct rule rule_origin_claims_match_bytes = {
    .id = "origin/claims-match-bytes",
    .level = LEVEL_ERROR,
    .applies = APPLIES_ELF | APPLIES_MACHO | APPLIES_LOADABLE,
    .title = "The bytes keep what the file says of itself",
    .why = "Users choose a file by its name, and auditors read `go version -m`. Neither is proof: names are given by "
           "release scripts, and recorded flags are what was asked for, not what was done. A file whose bytes "
           "contradict them was mixed up, changed after the build, or made by a tool that did not obey.",
    .fix = {.go = "build each target into a file of its own name: GOOS=... GOARCH=... go build -o app-$GOOS-$GOARCH",
            .c = "name the file by the compiler's target, not by the machine that builds",
            .rust = "name the file by the --target triple it was built with"},
    .refs = {"https://pkg.go.dev/runtime/debug#BuildInfo", "https://pkg.go.dev/cmd/link (-s, -w)",
             "https://pkg.go.dev/cmd/go (-buildmode)"},
    .example = {.fails = "origin-claims-match-bytes", .passes = "elf-static-clean"},
    .check = check,
};
