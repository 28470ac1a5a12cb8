/*
** ascii.h - small readers of ASCII text.
*/
#ifndef POP3_ASCII_H
#define POP3_ASCII_H

#include <string.h>

#include "base.h"

/* Are n octets the same, ASCII letters of either case being equal? */
int pop3_same (const char *a, const char *b, size_t n);

/* An ASCII letter in upper case; anything else does not change. */
char pop3_upper (char c);

/*
** Is it one of the response codes of RFC 2449, 3206 and 6856? Such a code is
** never masked, even if the password is equal to it.
*/
int pop3_code_known (const char *p, size_t n);

/*
** A number consists of digits only, without sign and base, at most 'max'.
** Returns 1 with '*u' set if all of p[0 .. n) is one.
*/
int pop3_number (const char *p, size_t n, uint64_t max, uint64_t *u);

/* The word at the start of 's', up to a space; 's' is then the rest after it. */
pop3_span pop3_word (pop3_span *s);

#define pop3_isblank(c) ((c) == ' ' || (c) == '\t')
#define pop3_isspace(c) \
  ((c) == ' ' || (c) == '\t' || (c) == '\r' || (c) == '\n')
#define pop3_isdigit(c) ((unsigned)(c) - '0' < 10)
#define pop3_lower(c)   ((unsigned)(c) - 'A' < 26 ? (c) + 32 : (c))

static inline pop3_span pop3_span_of (const char *p, size_t n) {
  pop3_span s;
  s.p = p;
  s.n = n;
  return s;
}

/* Without the blanks, CRs and LFs around it. */
static inline pop3_span pop3_trim (pop3_span s) {
  while (s.n > 0 && pop3_isspace(s.p[0])) s.p++, s.n--;
  while (s.n > 0 && pop3_isspace(s.p[s.n - 1])) s.n--;
  return s;
}

/* Is it 'lower', ASCII letters of either case being equal? */
static inline int pop3_is (pop3_span s, const char *lower) {
  return s.n == strlen(lower) && pop3_same(s.p, lower, s.n);
}

int pop3_hexdigit (int c);                           /* 0..15, or -1 */

/* One past the quoted-string, or comment, at 'p'; NULL: it does not end. */
const char *pop3_skip_quoted (const char *p, const char *e);
const char *pop3_skip_comment (const char *p, const char *e);

#endif
