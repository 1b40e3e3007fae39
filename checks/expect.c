#include "checks/expect.h"
bool expect_target(const char *t, struct target *o) { (void)t; (void)o; return false; }
bool expect_file_name(const char *t, struct target *o) { (void)t; (void)o; return false; }
