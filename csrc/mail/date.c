/*
** date.c - dates of header fields.
**
** Read are RFC 5322 3.3 with the obsolete forms of 4.3, and other forms that
** are not ambiguous: ISO 8601, asctime and date(1), the month before the day,
** a 12-hour clock with AM or PM. "1/2/2007" is ambiguous and is not a date.
*/
#include <string.h>

#include "../base/ascii.h"
#include "date.h"

typedef struct scan {
  const char *p, *e;
} scan;

/* Skip white space and comments; an open comment extends to the end. */
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

/* Read a number of at most 9 digits; returns the number of digits. */
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

static int accept_char (scan *s, char c) {
  skip(s);
  if (s->p == s->e || *s->p != c) return 0;
  s->p++;
  return 1;
}

/* The month, 1 to 12, of a name or a longer form of it ("Sept"); or 0. */
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

/* Skip white space, comments and commas. */
static void skip_commas (scan *s) {
  while (accept_char(s, ',')) continue;
}

/* The next octet after white space and comments, 0 at the end. */
static int peek (scan *s) {
  skip(s);
  return s->p < s->e ? (unsigned char)*s->p : 0;
}

static int year (scan *s, pop3_date *d) {
  int n = number(s, &d->year);
  if (n < 2 || n > 4) return 0;
  if (n == 2) d->year += d->year < 50 ? 2000 : 1900;
  else if (n == 3) d->year += 1900;
  return d->year >= 1900;              /* RFC 5322 3.3 */
}

/* A year of four digits, "-" or "/", month, day; the year has been read. */
static int iso_date (scan *s, pop3_date *d) {
  char sep = (char)peek(s);
  if ((sep != '-' && sep != '/') || !accept_char(s, sep)) return 0;
  if (number(s, &d->month) != 2 || !accept_char(s, sep)) return 0;
  if (number(s, &d->day) != 2 || d->month < 1 || d->month > 12) return 0;
  if (s->p < s->e && pop3_lower(*s->p) == 't') s->p++;
  return 1;
}

/*
** The date without a time, and without a year where the time comes first, as
** in asctime: d->year is 0 then. '*iso' is set for ISO 8601. 0: no date.
*/
static int calendar (scan *s, pop3_date *d, int *iso) {
  scan at;
  int n;
  d->year = d->month = *iso = 0;
  skip_commas(s);
  at = *s;
  if (word(s).n > 0) {                     /* the day of the week? */
    d->month = month(word(&at));
    if (d->month != 0 && (accept_char(&at, '.') || pop3_isdigit(peek(&at)))) *s = at;
    else d->month = 0;
    accept_char(s, '.');
    skip_commas(s);
  }
  if (d->month == 0 && !pop3_isdigit(peek(s))) {
    d->month = month(word(s));
    accept_char(s, '.');
  }
  n = number(s, &d->day);
  if (d->month == 0 && n == 4) {
    d->year = d->day;
    *iso = 1;
    return d->year >= 1900 && iso_date(s, d);
  }
  if (n < 1 || n > 2) return 0;
  if (d->month == 0) {
    accept_char(s, '.');
    accept_char(s, '-');
    d->month = month(word(s));
    accept_char(s, '.');
    accept_char(s, '-');
    skip_commas(s);
    return d->month != 0 && year(s, d);
  }
  skip_commas(s);
  at = *s;
  if (number(&at, &n) > 0 && peek(&at) == ':') return 1;
  return year(s, d);
}

/* "AM" or "PM": make the hour one of 24; 0 if it is impossible. */
static int half_day (scan *s, pop3_date *d) {
  scan at = *s;
  pop3_span w = word(&at);
  int pm = pop3_is(w, "pm");
  if (!pm && !pop3_is(w, "am")) return 1;
  *s = at;
  if (d->hour > 12) return pm;             /* "22:00 PM" says it twice */
  if (d->hour == 0) return !pm;
  d->hour = d->hour % 12 + (pm ? 12 : 0);
  return 1;
}

static int daytime (scan *s, pop3_date *d) {
  int n, fraction;
  skip_commas(s);
  n = number(s, &d->hour);
  if (n < 1 || n > 2 || d->hour > 23 || !accept_char(s, ':')) return 0;
  n = number(s, &d->minute);
  if (n < 1 || n > 2 || d->minute > 59) return 0;
  d->second = 0;
  if (accept_char(s, ':')) {
    n = number(s, &d->second);
    if (n < 1 || n > 2 || d->second > 60) return 0;
    if (s->p + 1 < s->e && *s->p == '.' && pop3_isdigit(s->p[1])) {
      s->p++;
      number(s, &fraction);                /* of a second: dropped */
    }
  }
  return half_day(s, d);
}

/* "+hhmm" or "+hh:mm", ISO 8601 also "+hh". 0: the offset is impossible. */
static int offset (scan *s, pop3_date *d, int iso) {
  int minus = peek(s) == '-', v, m, n;
  s->p++;
  n = number(s, &v);
  if ((n == 1 || n == 2) && s->p < s->e && *s->p == ':') {
    s->p++;
    if (number(s, &m) != 2) return 1;
    v = v * 100 + m;
    n = 4;
  }
  else if (n == 2 && iso) {
    v *= 100;
    n = 4;
  }
  if (n != 4) return 1;
  if (v % 100 > 59) return 0;
  d->offset = v / 100 * 60 + v % 100;
  d->known = !(minus && d->offset == 0);
  if (minus) d->offset = -d->offset;
  return 1;
}

/*
** The zone: an offset, a name, a name of UTC with an offset (as JavaScript
** writes it), or nothing. Military zones have no agreed meaning and count as
** unknown (4.3), as do names not listed here. 0: the offset is impossible.
*/
static int zone (scan *s, pop3_date *d, int iso) {
  static const struct {
    const char *name;
    int hours;
  } names[] = {
    {"ut", 0}, {"gmt", 0}, {"utc", 0}, {"est", -5}, {"edt", -4}, {"cst", -6},
    {"cdt", -5}, {"mst", -7}, {"mdt", -6}, {"pst", -8}, {"pdt", -7}
  };
  pop3_span w;
  size_t i;
  skip_commas(s);
  if (peek(s) == '+' || peek(s) == '-') return offset(s, d, iso);
  w = word(s);
  for (i = 0; i < sizeof names / sizeof names[0]; i++)
    if (pop3_is(w, names[i].name)) {
      d->offset = names[i].hours * 60;
      d->known = 1;
      if (i < 3 && s->p < s->e && (*s->p == '+' || *s->p == '-')) {
        d->known = 0;
        return offset(s, d, 1);
      }
    }
  if (iso && pop3_is(w, "z")) d->known = 1;
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
  int iso;
  s.p = value.p;
  s.e = value.p + value.n;
  d->offset = d->known = 0;
  if (!calendar(&s, d, &iso) || !daytime(&s, d)) return 0;
  if (d->year == 0) {                      /* asctime; date(1) with a zone */
    int c;
    skip_commas(&s);
    c = peek(&s);
    if (!pop3_isdigit(c) && !zone(&s, d, 0)) return 0;
    skip_commas(&s);
    if (!year(&s, d)) return 0;
    if (d->known == 0 && pop3_isdigit(c) && !zone(&s, d, 0)) return 0;
  }
  else if (!zone(&s, d, iso)) return 0;
  if (d->day < 1 || d->day > days_in(d->month, d->year)) return 0;
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
