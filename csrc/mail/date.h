/*
** date.h - dates of header fields: RFC 5322 3.3 and 4.3, and other forms that
** are not ambiguous.
*/
#ifndef POP3_DATE_H
#define POP3_DATE_H

#include "../base/base.h"

typedef struct pop3_date {
  int year, month, day, hour, minute, second;    /* local time, as written */
  int offset;       /* minutes east of UTC */
  int known;        /* 0: the offset is not known (-00:00, RFC 3339 4.3) */
  int64_t epoch;    /* seconds since 1970, UTC */
} pop3_date;

/* 0 if 'value' is not a date. */
int pop3_date_parse (pop3_span value, pop3_date *d);

/* "2026-11-23T08:00:00+01:00", 25 octets and a NUL. */
#define POP3_DATE_ISO 26
void pop3_date_iso (const pop3_date *d, char *out);

#endif
