/* Was a Go program built without cgo? Go records CGO_ENABLED in its build information
 * (since 1.18, `go version -m`). With cgo, net and os/user may go through the C library,
 * and C code takes part that Go's tools do not see. cgo is the default of every native
 * build, so it is on unless someone turned it off. */
#include "checks/common.h"

static void check(const struct subject *subject, struct finding *f)
{
    const struct go_info *go = subject->image->go;
    if (!go) {
        not_applicable(f, "not a Go program");
    } else if (go->known != KNOWN_COMPLETE) {
        unknown(f, go->known == KNOWN_BROKEN ? "the Go build information is damaged"
                                             : "a Go program without build information");
    } else if (go->cgo_enabled == ANSWER_UNKNOWN) {
        unknown(f, "the Go build information does not record CGO_ENABLED");
    } else if (go->cgo_enabled == ANSWER_NO) {
        pass(f, "build information records CGO_ENABLED=0");
    } else {
        evidence(f, go->offset, "CGO_ENABLED=0", "CGO_ENABLED=1");
        fail(f, "build information records CGO_ENABLED=1%s",
             subject->image->libc == LIBC_NONE ? ", though no C library is linked in" : "");
    }
}

const struct rule rule_origin_go_cgo_disabled = {
    .id = "origin/go-cgo-disabled",
    .level = LEVEL_WARNING,
    .applies = APPLIES_ELF | APPLIES_MACHO | APPLIES_LOADABLE,
    .title = "A Go program was built without cgo",
    .why = "With cgo a Go program depends on the C compiler and the C library of the machine that built it: the same "
           "source gives a static program on one machine and a dynamic one on the next, names are looked up by the C "
           "library, and C code is outside the memory safety and the module list that Go offers.",
    .fix = {.go = "CGO_ENABLED=0 go build -trimpath -ldflags '-s -w'", .c = NULL, .rust = NULL},
    .refs = {"https://pkg.go.dev/runtime/debug#BuildSetting", "https://pkg.go.dev/cmd/cgo", "https://pkg.go.dev/net"},
    .example = {.fails = "origin-go-cgo-disabled", .passes = "elf-static-clean"},
    .check = check,
};
