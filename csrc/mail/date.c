/*
** date.c - dates (RFC 5322 3.3, obsolete forms 4.3).
*/
#include <string.h>

#include "../base/ascii.h"
#include "date.h"

typedef struct scan {
  const char *p, *e;
} scan;

/* Skip white space and comments; a comment that does not end ends all. */
static void skip (scan *s) {
  size_t depth = 0;
  for (; s->p < s->e; s->p++) {
    char c = *s->p;
    if (c == '(') depth++;
    else if (depth > 0) {
      if (c == ')') depth--;
      else if (c == '\\' && s->p + 1 < s->e) s->p++;
    }
    else if (!pop3_isspace(c)) return;
  }
}

/* A number of at most 9 digits; their count, 0 if there is none. */
static int number (scan *s, int *v) {
  int n = 0;
  skip(s);
  *v = 0;
  for (; s->p < s->e && pop3_isdigit(*s->p); s->p++, n++)
    if (n < 9) *v = *v * 10 + (*s->p - '0');
  return n;
}

static pop3_span word (scan *s) {
  const char *p;
  skip(s);
  p = s->p;
  while (s->p < s->e && (pop3_lower(*s->p) >= 'a' && pop3_lower(*s->p) <= 'z'))
    s->p++;
  return pop3_span_of(p, (size_t)(s->p - p));
}

static int accept (scan *s, char c) {
  skip(s);
  if (s->p == s->e || *s->p != c) return 0;
  s->p++;
  return 1;
}

/* Month 1..12 of a name or a longer form of it ("Sept"); 0: none. */
static int month (pop3_span w) {
  static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
  int i;
  if (w.n < 3) return 0;
  for (i = 0; i < 12; i++) {
    const char *m = names + 3 * i;
    if (pop3_lower(w.p[0]) == m[0] && pop3_lower(w.p[1]) == m[1] &&
        pop3_lower(w.p[2]) == m[2])
      return i + 1;
  }
  return 0;
}

static int days_in (int mon, int year) {
  static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return days[mon - 1] + (mon == 2 && leap);
}

/* "[day-name [,]] day month year"; 0: no date. */
static int calendar (scan *s, pop3_date *d) {
  int n;
  if (word(s).n > 0) {
    accept(s, '.');
    accept(s, ',');
  }
  n = number(s, &d->day);
  if (n < 1 || n > 2) return 0;
  accept(s, '-');
  d->month = month(word(s));
  accept(s, '.');
  accept(s, '-');
  n = number(s, &d->year);
  if (n < 2 || n > 4 || d->month == 0) return 0;
  if (n == 2) d->year += d->year < 50 ? 2000 : 1900;
  else if (n == 3) d->year += 1900;
  if (d->year < 1900) return 0;        /* "1900 or later" */
  return d->day >= 1 && d->day <= days_in(d->month, d->year);
}

static int daytime (scan *s, pop3_date *d) {
  int n = number(s, &d->hour);
  if (n < 1 || n > 2 || d->hour > 23 || !accept(s, ':')) return 0;
  n = number(s, &d->minute);
  if (n < 1 || n > 2 || d->minute > 59) return 0;
  d->second = 0;
  if (!accept(s, ':')) return 1;
  n = number(s, &d->second);
  return n >= 1 && n <= 2 && d->second <= 60;
}

/*
** The zone: +hhmm (or +hh:mm), a name, or nothing. 0 if it is impossible.
** One-letter military zones were defined the wrong way round and count as
** unknown (4.3), as does everything else that is no zone.
*/
static int zone (scan *s, pop3_date *d) {
  static const struct {
    const char *name;
    int hours;
  } names[] = {
    {"ut", 0}, {"gmt", 0}, {"utc", 0}, {"est", -5}, {"edt", -4}, {"cst", -6},
    {"cdt", -5}, {"mst", -7}, {"mdt", -6}, {"pst", -8}, {"pdt", -7}
  };
  pop3_span w;
  size_t i;
  int minus, v, n, m;
  d->offset = d->known = 0;
  skip(s);
  minus = s->p < s->e && *s->p == '-';
  if (accept(s, '+') || accept(s, '-')) {
    n = number(s, &v);
    if (n == 2 && s->p < s->e && *s->p == ':') {
      s->p++;
      if (number(s, &m) != 2) return 1;
      v = v * 100 + m;
      n = 4;
    }
    if (n != 4) return 1;
    if (v % 100 > 59) return 0;
    d->offset = v / 100 * 60 + v % 100;
    d->known = !(minus && d->offset == 0);
    if (minus) d->offset = -d->offset;
    return 1;
  }
  w = word(s);
  for (i = 0; i < sizeof names / sizeof names[0]; i++)
    if (pop3_is(w, names[i].name)) {
      d->offset = names[i].hours * 60;
      d->known = 1;
    }
  return 1;
}

/* Days from 1970-01-01 to a day of the Gregorian calendar. */
static int64_t day_number (int y, int m, int d) {
  static const short before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273,
                                 304, 334};
  int64_t last = y - 1;                   /* years that are over */
  int64_t n = last * 365 + last / 4 - last / 100 + last / 400;
  n += before[m - 1] + d - 1;
  if (m > 2) n += days_in(2, y) - 28;
  return n - 719162;
}

int pop3_date_parse (pop3_span value, pop3_date *d) {
  scan s;
  s.p = value.p;
  s.e = value.p + value.n;
  if (!calendar(&s, d) || !daytime(&s, d) || !zone(&s, d)) return 0;
  d->epoch = ((day_number(d->year, d->month, d->day) * 24 + d->hour) * 60
              + d->minute - d->offset) * 60 + d->second;
  return 1;
}

static char *put (char *p, int v, int width, char after) {
  int i;
  for (i = width - 1; i >= 0; i--, v /= 10) p[i] = (char)('0' + v % 10);
  p[width] = after;
  return p + width + 1;
}

void pop3_date_iso (const pop3_date *d, char *out) {
  int z = d->offset < 0 ? -d->offset : d->offset;
  out = put(out, d->year, 4, '-');
  out = put(out, d->month, 2, '-');
  out = put(out, d->day, 2, 'T');
  out = put(out, d->hour, 2, ':');
  out = put(out, d->minute, 2, ':');
  out = put(out, d->second, 2, d->offset < 0 || !d->known ? '-' : '+');
  out = put(out, z / 60, 2, ':');
  put(out, z % 60, 2, '\0');
}
