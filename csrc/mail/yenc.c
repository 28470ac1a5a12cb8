/*
** yenc.c - the x-yenc transfer encoding: octets plus 42, with "=" before the
** few that would not survive, between "=ybegin" and "=yend" lines.
*/
#include <string.h>

#include "yenc.h"

enum { BEFORE, WITHIN, AFTER };
enum { INLINE, START, SKIP };    /* the place in a line */

void pop3_yenc_init (pop3_yenc *y) {
  memset(y, 0, sizeof *y);
  y->line = START;
}

/*
** Take an octet at the start of a line. Octets that may begin a keyword are
** counted in 'matched'. Returns 0 when the octet is data.
*/
static int keyword (pop3_yenc *y, char c) {
  static const char begin[] = "=ybegin", end[] = "=yend";
  const char *want = y->state == BEFORE ? begin : end;
  size_t n = y->matched;
  if (c == '\n') {
    y->matched = 0;
    return 1;
  }
  if (c == want[n]) {
    y->matched++;
    if (want[n + 1] == '\0') {
      y->state++;
      y->line = SKIP;
    }
    return 1;
  }
  if (y->state == BEFORE || n >= 2) {    /* some other line of text */
    y->line = SKIP;
    return 1;
  }
  y->line = INLINE;
  y->escaped = n == 1;                        /* the "=" was an escape */
  return 0;
}

char *pop3_yenc_decode (pop3_yenc *y, pop3_span in, char *q) {
  const char *p = in.p, *e = p + in.n;
  for (; p < e && y->state != AFTER; p++) {
    char c = *p;
    if (y->line == START && keyword(y, c)) continue;
    if (c == '\n') {
      y->line = START;
      y->matched = 0;
    }
    else if (y->line == SKIP || c == '\r') continue;
    else if (y->escaped) {
      *q++ = (char)(c - 64 - 42);
      y->escaped = 0;
    }
    else if (c == '=') y->escaped = 1;
    else *q++ = (char)(c - 42);
  }
  return q;
}
