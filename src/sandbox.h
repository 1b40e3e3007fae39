/* What is said about the jail (jail.h): by the command line, by workers, and in reports. */
#ifndef ASSAY_SRC_SANDBOX_H
#define ASSAY_SRC_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "formats/status.h"

enum jail_layer {
    JAIL_PRIVILEGES = 1, /* no new privileges */
    JAIL_LIMITS = 2,     /* address space, files, descriptors, processes, core files */
    JAIL_LANDLOCK = 4,   /* no file can be opened; from ABI 4 on no TCP, from 6 on no signal to others */
    JAIL_SECCOMP = 8,    /* no system call but those of one list */
    JAIL_ALL = 15,
    JAIL_LAYERS = 4 /* how many there are */
};

enum sandbox_wish { SANDBOX_AUTO, SANDBOX_REQUIRE, SANDBOX_OFF };

/* Of a run: what was asked for, and the layers that every worker had. */
struct sandbox {
    enum sandbox_wish wish;
    unsigned layers;
    bool needed; /* a file was read */
};

const char *sandbox_wish_name(enum sandbox_wish wish); /* as --sandbox takes it */
/* The name of layer `index`, of JAIL_LAYERS; its bit is 1 << index. */
const char *jail_layer_name(unsigned index);
/* False: --sandbox=require, and a worker had no whole jail. */
bool sandbox_suffices(const struct sandbox *sandbox, struct problem *problem);

#endif
