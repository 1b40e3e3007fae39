#ifndef ASSAY_CHECKS_CODE_A64_CLASSES_H
#define ASSAY_CHECKS_CODE_A64_CLASSES_H

enum a64_class {
#define A64_CLASS(ident, ...) A64_##ident,
#define X86_CLASS(...)
#include "checks/code/classes.def"
#undef A64_CLASS
#undef X86_CLASS
    A64_CLASS_COUNT
};

#endif
