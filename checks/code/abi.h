/* Whether functions keep the procedure call standard of their platform (AAPCS64, IHI 0055, with what Apple, Android and
 * Go change), as far as instructions prove it. One study serves all rules of the family abi. A violation is only told
 * where every value that proves it is known on a path from the function's first instruction; what cannot be followed is
 * no violation, and no proof of the contrary either. */
#ifndef ASSAY_CHECKS_CODE_ABI_H
#define ASSAY_CHECKS_CODE_ABI_H

#include "checks/code/ground.h"

enum abi_breach {
    BREACH_STACK_ALIGNMENT,   /* n: SP modulo 16 at an access through it */
    BREACH_BELOW_SP,          /* n: the lowest byte accessed, from SP */
    BREACH_PLATFORM_REGISTER, /* X18 is written */
    BREACH_CALLEE_SAVED,      /* reg (see above) is not what it was when the function returns */
    BREACH_FRAME_RECORD,      /* X29 does not lead to a frame record when another function is called */
    BREACH_RETURN_ADDRESS,    /* the function returns to behind a call of its own */
    BREACH_PAC_PAIRING,       /* X30 is used as it was signed, or authenticated as it never was */
    BREACH_SYSTEM_CALL,       /* one of another system: SVC with the number n in reg */
    BREACH_LANDING_PAD,       /* a pointer in data leads to a function that does not begin with one */
    BREACH_COUNT
};

enum abi_profile {
    ABI_AAPCS64,
    ABI_APPLE,
    ABI_ANDROID,
    ABI_GO,
    ABI_GUESSED /* it may be no function: the entry of the program */,
    ABI_SYSV /* of x86-64 */,
    ABI_PROFILES
};

enum { ABI_REGISTER_SP = 31, ABI_REGISTER_VECTOR = 32 /* V0 */ };

struct abi_hit {
    uint64_t address, function;
    uint32_t word, size; /* the instruction; bytes of the function */
    int32_t n;
    uint8_t breach, reg, source; /* enum abi_breach; enum start_source of the function */
    bool interface, loose; /* loose: in code that only a table of jumps, or the handling of an exception, leads to */
};

struct abi_hits {
    uint64_t count; /* all of them */
    size_t kept;    /* the first of them */
    struct abi_hit *items;
};

struct abi_study {
    bool read; /* the code is in the file and could be read */
    uint64_t functions[ABI_PROFILES];
    uint64_t odd;                      /* functions that switch stacks, use SVE or call what keeps no convention */
    uint64_t code;                     /* bytes of it */
    uint64_t understood[ABI_PROFILES]; /* those of them that were followed */
    uint64_t lent;                     /* registers of Swift's own conventions that functions do not give back */
    bool swift, graal;                 /* by their sections: code of Swift; what GraalVM's native-image made of Java */
    uint64_t careless;                 /* functions that do not give back registers that they must */
    uint64_t called;                   /* functions that only calls bound; of arm64 */
    uint64_t pointed;                  /* functions that pointers in data lead to */
    struct abi_hits hits[BREACH_COUNT];
    struct abi_hits doubts[BREACH_COUNT]; /* those in functions that only calls bound, whose ends are not certain */
};

/* `most`: hits of a kind that are kept. */
struct marks;
/* `begins`: of x86-64, where a sweep came upon instructions, as scan_code() finds it; or NULL. */
void abi_study(const struct ground *ground, const struct marks *begins, size_t most, struct abi_study *study);
const char *abi_profile_name(enum abi_profile profile); /* "aapcs64", "aapcs64-apple", … */
enum abi_profile abi_platform(const struct image *image);

#endif
