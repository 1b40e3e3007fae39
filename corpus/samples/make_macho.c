/* Clean Mach-O programs, a universal file of both, and for each rule that ELF cannot break
 * one that differs in a single thing. */
#include "corpus/samples/macho.h"

#include <stdlib.h>
#include <string.h>

enum { NOUNDEFS = 1, DYLDLINK = 4, TWOLEVEL = 0x80, PIE = 0x200000, STACK = 0x20000 };

static void clean_amd64(struct macho *m)
{
    m->arm64 = false;
}

static void clean_arm64(struct macho *m)
{
    m->arm64 = true;
}

static void change_dylib(struct macho *m)
{
    m->dylib = "/opt/homebrew/opt/zlib/lib/libz.1.dylib";
}

static void change_rpath(struct macho *m)
{
    m->rpath = "/usr/local/lib";
}

static void change_uuid(struct macho *m)
{
    m->uuid = false;
}

static void change_signature(struct macho *m)
{
    m->signature = false;
}

static void change_symbols(struct macho *m)
{
    m->local_symbol = true;
}

static void change_stack(struct macho *m)
{
    m->flags |= STACK;
}

static void change_pie(struct macho *m)
{
    m->arm64 = false;
    m->flags &= ~(uint32_t)PIE;
}

static void change_pie_of_arm64(struct macho *m)
{
    m->flags &= ~(uint32_t)PIE;
}

static void change_subtype(struct macho *m)
{
    m->subtype = 0x80000002; /* arm64e, ABI 0 */
}

static void change_protection(struct macho *m)
{
    m->text_flags = 8; /* SG_PROTECTED_VERSION_1 */
}

static void change_minimum(struct macho *m)
{
    m->minimum = 0x000e0000; /* macOS 14, with the SDK of 13 */
}

static void change_release(struct macho *m)
{
    m->minimum = 0x00630000; /* macOS 99 */
}

static void change_byte(struct macho *m)
{
    m->changed = true;
}

static void change_limit(struct macho *m)
{
    m->uncovered = true;
}

#define PLIST(inner)                                                                                                   \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "              \
    "\"https://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\"><dict>" inner "</dict></plist>\n"

static void change_debugging(struct macho *m)
{
    m->entitlements = PLIST("<key>com.apple.security.get-task-allow</key><true/>");
}

static void add_entitlements(struct macho *m)
{
    m->entitlements = PLIST("<key>com.apple.security.cs.allow-jit</key><true/>"
                            "<key>com.apple.security.get-task-allow</key><false/>");
}

static void change_climbing_rpath(struct macho *m)
{
    m->rpath = "@executable_path/../../../../tmp/lib";
}

static const uint32_t writes_x18[] = {0xaa0003f2, /* mov x18, x0 */
                                      0x91000640, /* add x0, x18, #1 */
                                      0xd65f03c0, /* ret */
                                      0};
static const uint32_t breaks_chain[] = {0xa9bf7bfd, /* stp x29, x30, [sp, #-16]! */
                                        0xaa0003fd, /* mov x29, x0 */
                                        0x94000003, /* bl to the next function */
                                        0xa8c17bfd, /* ldp x29, x30, [sp], #16 */
                                        0xd65f03c0, /* ret */
                                        0};

/* exit(), as Linux does it */
static const uint32_t calls_linux[] = {0xd2800ba8, /* mov x8, #93 */
                                       0xd4000001, /* svc #0 */
                                       0xd65f03c0, /* ret */
                                       0};

static void change_system_call(struct macho *m)
{
    m->function = calls_linux;
}

static void change_x18(struct macho *m)
{
    m->function = writes_x18;
}

static void change_frame_record(struct macho *m)
{
    m->function = breaks_chain;
}

static const struct {
    const char *name;
    void (*change)(struct macho *m);
} recipes[] = {
    {"macho-clean-arm64", clean_arm64},
    {"macho-clean-amd64", clean_amd64},
    {"linkage-system-libraries-only", change_dylib},
    {"platform-macos-uuid", change_uuid},
    {"signature-present", change_signature},
    {"platform-minimum-os", clean_arm64},
    {"macho-declared-minimum", clean_arm64},
    {"abi-platform-register", change_x18},
    {"abi-frame-record", change_frame_record},
    {"macho-linux-system-call", change_system_call},
    {"macho-foreign-rpath", change_rpath},
    {"macho-local-symbol", change_symbols},
    {"macho-executable-stack", change_stack},
    {"macho-fixed-address", change_pie},
    {"macho-arm64-fixed-address", change_pie_of_arm64},
    {"macho-arm64e-program", change_subtype},
    {"macho-protected-segment", change_protection},
    {"macho-newer-than-sdk", change_minimum},
    {"macho-no-such-release", change_release},
    {"signature-page-hashes-match", change_byte},
    {"signature-covers-file", change_limit},
    {"signature-entitlements", change_debugging},
    {"macho-entitlements", add_entitlements},
    {"macho-climbing-rpath", change_climbing_rpath},
};

static bool make_thin(void (*change)(struct macho *m), struct sample_bytes *out)
{
    struct macho *m = malloc(sizeof *m);
    if (!m)
        return false;
    *m = (struct macho){.arm64 = true, .uuid = true, .signature = true, .flags = NOUNDEFS | DYLDLINK | TWOLEVEL | PIE};
    change(m);
    macho_write(m);
    out->size = m->size;
    out->data = malloc(m->size);
    if (out->data)
        memcpy(out->data, m->bytes, m->size);
    free(m);
    return out->data != NULL;
}

static void put_be32(uint8_t *at, const uint32_t *words, size_t count)
{
    for (size_t i = 0; i < count * 4; i++)
        at[i] = (uint8_t)(words[i / 4] >> (24 - i % 4 * 8));
}

static bool make_universal(struct sample_bytes *out)
{
    enum { AMD64_AT = 0x1000, ARM64_AT = 0x4000 };
    struct sample_bytes amd64 = {0}, arm64 = {0};
    bool good = make_thin(clean_amd64, &amd64) && make_thin(clean_arm64, &arm64) && amd64.size <= ARM64_AT - AMD64_AT;
    out->size = ARM64_AT + arm64.size;
    out->data = good ? calloc(1, out->size) : NULL;
    if (out->data) {
        const uint32_t table[] = {0xcafebabe,           2,  0x01000007, 3, AMD64_AT,
                                  (uint32_t)amd64.size, 12, 0x0100000c, 0, ARM64_AT,
                                  (uint32_t)arm64.size, 14};
        put_be32(out->data, table, sizeof table / sizeof *table);
        memcpy(out->data + AMD64_AT, amd64.data, amd64.size);
        memcpy(out->data + ARM64_AT, arm64.data, arm64.size);
    }
    free(amd64.data);
    free(arm64.data);
    return out->data != NULL;
}

bool make_macho(const char *name, struct sample_bytes *out)
{
    if (strcmp(name, "macho-clean-universal") == 0)
        return make_universal(out);
    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++)
        if (strcmp(recipes[i].name, name) == 0)
            return make_thin(recipes[i].change, out);
    return false;
}
