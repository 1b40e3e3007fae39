/* Days, as waivers count them: days since 1970-01-01, UTC, in the Gregorian calendar. */
#ifndef ASSAY_SRC_POLICY_DATE_H
#define ASSAY_SRC_POLICY_DATE_H

#include <stdbool.h>
#include <stdint.h>

enum { SECONDS_A_DAY = 86400, DATE_SIZE = 11 };

/* The day of "2027-01-31". False: no such day, or not written like this. */
bool date_read(const char *text, int64_t *day);
/* Writes the day so; the years 0000 to 9999. */
void date_write(int64_t day, char text[DATE_SIZE]);

#endif
