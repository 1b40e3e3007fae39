#include "src/policy/date.h"

#include <stdio.h>
#include <string.h>

/* Days of the civil calendar, counted in years that begin in March, so that the leap day is their last. */
static int64_t day_of(int year, int month, int date)
{
    int64_t y = month > 2 ? year : year - 1, era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + date - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void date_write(int64_t day, char text[DATE_SIZE])
{
    int64_t z = day + 719468, era = (z >= 0 ? z : z - 146096) / 146097, of_era = z - era * 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100), month = (5 * of_year + 2) / 153;
    int date = (int)(of_year - (153 * month + 2) / 5 + 1), m = (int)(month < 10 ? month + 3 : month - 9);
    unsigned year = (unsigned)(y + era * 400 + (m <= 2));
    (void)snprintf(text, DATE_SIZE, "%04u-%02u-%02u", year % 10000, (unsigned)m % 100, (unsigned)date % 100);
}

bool date_read(const char *text, int64_t *day)
{
    int parts[3] = {0};
    char again[DATE_SIZE];
    static const char form[] = "0000-00-00";
    if (strlen(text) != sizeof form - 1)
        return false;
    for (size_t i = 0, part = 0; form[i]; i++) {
        if (form[i] == '-' ? text[i] != '-' : text[i] < '0' || text[i] > '9')
            return false;
        if (form[i] == '-')
            part++;
        else
            parts[part] = parts[part] * 10 + text[i] - '0';
    }
    if (parts[1] < 1 || parts[1] > 12 || parts[2] < 1 || parts[2] > 31)
        return false;
    *day = day_of(parts[0], parts[1], parts[2]);
    date_write(*day, again); /* 30 February is another day */
    return strcmp(text, again) == 0;
}
