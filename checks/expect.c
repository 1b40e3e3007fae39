/* Targets in the words of their users: Go's GOOS/GOARCH, OCI platforms, triples of LLVM and
 * Rust, the file names that goreleaser, cargo-dist and npm make. A text is cut into words
 * (expect_parse.c); in a spelling every word must be known, in a file name only os and
 * architecture must, and must not contradict each other. Systems and architectures that
 * are not ours are words too: a name that has them as well as ours claims nothing, and one
 * that has them alone says that the file is none that we judge. */
#include "checks/expect.h"
#include "checks/expect_parse.h"

#include <stdio.h>
#include <string.h>

static bool finish(struct parse *p, const char *spelling, struct target *out)
{
    snprintf(p->target.spelling, sizeof p->target.spelling, "%s", spelling);
    *out = p->target;
    return true;
}

bool expect_target(const char *text, struct target *out)
{
    struct parse p = parse_target(text, false);
    if (strlen(text) >= sizeof p.target.spelling || p.strange || !parse_is_ours(&p))
        return false;
    return finish(&p, text, out);
}

static bool parse_says(struct parse *p, struct target *out)
{
    char spelling[sizeof out->spelling];
    if (p->is_tool)
        return false;
    if (parse_is_foreign(p)) {
        p->target = (struct target){.foreign = true};
        snprintf(spelling, sizeof spelling, "%s/%s", p->os_word, p->arch_word);
        return finish(p, spelling, out);
    }
    if (!parse_is_ours(p))
        return false;
    snprintf(spelling, sizeof spelling, "%s/%s%s%s", os_name(p->target.os),
             p->target.universal ? "universal" : arch_name(p->target.arch), *p->target.variant ? "/" : "",
             p->target.variant);
    return finish(p, spelling, out);
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Folders inside of what is built for a target: target/aarch64-apple-darwin/release/app, node-linux-x64/bin/node,
 * runtimes/linux-x64/native/lib.so, app-darwin-x64/App.app/Contents/MacOS/App. */
static bool is_inner(const char *name, size_t size)
{
    static const char *const names[] = {".",    "bin",     "lib",   "native",   "package",
                                        "dist", "release", "debug", "Contents", "MacOS"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == size && memcmp(names[i], name, size) == 0)
            return true;
    return size > 4 && memcmp(name + size - 4, ".app", 4) == 0;
}

/* Where the folder begins that ends before `end`. */
static const char *folder_of(const char *path, const char *end)
{
    while (end > path && end[-1] != '/')
        end--;
    return end;
}

/* The folder that a file lies in: goreleaser's dist/app_linux_amd64_v1/app. Where it is but a part of a target, and all
 * of it is, so may be those above: linux/amd64/app, Linux-Musl/x86_64/lib.so. */
static bool folders_say(const char *path, const char *end, struct target *out)
{
    enum { ABOVE = 6, TOGETHER = 3 };
    char text[256];
    bool tools = false;
    const char *start = folder_of(path, end);
    for (unsigned i = 0; i < ABOVE && start > path && is_inner(start, (size_t)(end - start)); i++) {
        tools |= end - start == 3 && memcmp(start, "bin", 3) == 0;
        end = start - 1;
        start = folder_of(path, end);
    }
    for (unsigned i = 0; i < TOGETHER; i++) {
        size_t size = (size_t)(end - start);
        if (size == 0 || size >= sizeof text)
            return false;
        memcpy(text, start, size);
        text[size] = 0;
        struct parse p = parse_target(text, true);
        if ((i > 0 && p.strange) ||
            (tools && p.arch_first && p.is_triple)) /* aarch64-linux-gnu/bin/ld builds for that */
            return false;
        if (parse_says(&p, out))
            return true;
        if (p.strange || start == path)
            return false;
        start = folder_of(path, start - 1);
    }
    return false;
}

bool expect_file_name(const char *path, struct target *out)
{
    const char *base = base_of(path);
    struct parse p = parse_target(base, true);
    if (p.place > 1 && parse_says(&p, out)) /* linux64 alone is the program of that name */
        return true;
    return base > path + 1 && folders_say(path, base - 1, out);
}

/* Tools are called after what they work for, too: llvm-libtool-darwin. Behind a number it is not they: tool-1.2.darwin. */
enum os expect_name_os(const char *path)
{
    static const char *const words[] = {"linux", "darwin", "macos", "macosx", "osx"};
    struct parse p = parse_target(base_of(path), true);
    if (p.contradicts || !p.has_os || p.has_arch || p.os_place != p.last || p.os_place < 2)
        return OS_UNKNOWN;
    if (strcmp(p.os_word, "darwin") == 0 && !p.numbered)
        return OS_UNKNOWN;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(p.os_word, words[i]) == 0)
            return p.target.os;
    return OS_UNKNOWN;
}
