/* The jail of a worker: what a process that parses hostile files gives up before it sees the first. Each layer holds
 * without the others; which of them a kernel grants is told, and reports repeat it. SECURITY.md says what each is for. */
#ifndef ASSAY_SRC_JAIL_H
#define ASSAY_SRC_JAIL_H

#include <sys/types.h>

#include "src/sandbox.h"

/* A sanitizer reserves terabytes, watches the stack and wants to say what it found: in such a build, which is made for
 * tests alone, memory has no limit, and a call that is not on the list fails where it would end the process. */
#if defined(__SANITIZE_ADDRESS__)
#define JAIL_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define JAIL_SANITIZED 1
#endif
#endif
#ifndef JAIL_SANITIZED
#define JAIL_SANITIZED 0
#endif

/* Where a worker finds its two ends, so that the filter can name them. */
enum { JAIL_REQUESTS = 0, JAIL_ANSWERS = 1 };

/* Ties this process to `parent`, whose end is its own, and leaves it no descriptor but its two ends, in the places
 * above. False: it must end. */
bool jail_prepare(pid_t parent, int requests, int answers) __attribute__((warn_unused_result));

/* Enters the jail: the layers that could be had, of those that are wanted. Until memory is limited further, there may
 * be `memory` bytes more than there are now; *base is set to those. */
unsigned jail_enter(unsigned wanted, uint64_t memory, uint64_t *base) __attribute__((warn_unused_result));

#endif
