/*
** yenc.c - the x-yenc transfer encoding: octets plus 42, with "=" before the
** few that would not survive, between "=ybegin" and "=yend" lines.
*/
#include <string.h>

#include "yenc.h"

enum { BEFORE, WITHIN, AFTER };
enum { INLINE, START, SKIP };    /* d->bol: where in a line we are */

/*
** An octet at the start of a line; what could be a keyword is gathered in
** 'held'. Returns 0 when it is data.
*/
static int keyword (pop3_decoder *d, char c) {
  static const char begin[] = "=ybegin", end[] = "=yend";
  const char *want = d->state == BEFORE ? begin : end;
  size_t n = d->nheld;
  if (c == '\n') {
    d->nheld = 0;
    return 1;
  }
  if (c == want[n]) {
    d->held[d->nheld++] = c;
    if (want[n + 1] == '\0') {
      d->state++;
      d->bol = SKIP;
    }
    return 1;
  }
  if (d->state == BEFORE || n >= 2) {    /* some other line of text */
    d->bol = SKIP;
    return 1;
  }
  d->bol = INLINE;
  d->nq = n == 1;                        /* the "=" was an escape */
  return 0;
}

char *pop3_yenc (pop3_decoder *d, pop3_span in, char *q) {
  const char *p = in.p, *e = p + in.n;
  for (; p < e && d->state != AFTER; p++) {
    char c = *p;
    if (d->bol == START && keyword(d, c)) continue;
    if (c == '\n') {
      d->bol = START;
      d->nheld = 0;
    }
    else if (d->bol == SKIP || c == '\r') continue;
    else if (d->nq) {
      *q++ = (char)(c - 64 - 42);
      d->nq = 0;
    }
    else if (c == '=') d->nq = 1;
    else *q++ = (char)(c - 42);
  }
  return q;
}
