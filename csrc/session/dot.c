/*
** dot.c - the body of a multi-line reply, to the wire and back.
**
** Both directions search for the few places that need a change, and move all
** octets between them at once. The search works on blocks of fixed size without
** a branch inside, which compilers turn into vector code.
*/
#include <string.h>

#include "dot.h"

enum { BOL, TEXT, CR };  /* zeroed means: at the start of a line */

#define BLOCK 128

/*
** The first k >= 'i' with p[k] == '\n' and p[k + 1] == '.', k + 1 < n;
** 'n' if no such k exists.
*/
static size_t find_lf_dot (const char *p, size_t i, size_t n) {
  while (n - i > BLOCK) {
    unsigned char hit = 0;
    size_t k;
    for (k = 0; k < BLOCK; k++)
      hit |= (unsigned char)((p[i + k] == '\n') & (p[i + k + 1] == '.'));
    if (hit) break;
    i += BLOCK;
  }
  while (i + 1 < n) {
    const char *lf = (const char *)memchr(p + i, '\n', n - i - 1);
    if (lf == NULL) break;
    i = (size_t)(lf - p);
    if (p[i + 1] == '.') return i;
    i++;
  }
  return n;
}

#define ENOUGH 2  /* lines in LF that show what kind of server it is */

void pop3_undot_init (pop3_undot *d, int mode) {
  d->state = BOL;
  d->mode = (unsigned char)mode;
  d->done = 0;
  d->lines = 0;
  d->doubtful = 0;
}

int pop3_undot_settle (pop3_undot *d) {
  if (!d->doubtful) return 0;
  d->doubtful = 0;
  d->done = 1;
  return 1;
}

/* Does a bare LF end a line? */
static int is_loose (const pop3_undot *d) {
  return d->mode == POP3_UNDOT_LOOSE || d->mode == POP3_UNDOT_LISTING;
}

/* The state after src[0 .. n), n > 0, when nothing in it is held back. */
static unsigned char state_after (const pop3_undot *d, const char *src,
                                  size_t n) {
  if (src[n - 1] == '\r') return CR;
  if (src[n - 1] != '\n') return TEXT;
  if (is_loose(d)) return BOL;
  return (n > 1 ? src[n - 2] == '\r' : d->state == CR) ? BOL : TEXT;
}

/*
** src[i] is a dot that begins a line. Returns the octets of a terminator
** there, 0 if the dot is a stuffed one, -1 if more is needed to tell.
*/
static int terminator (const pop3_undot *d, const char *src, size_t i,
                       size_t n) {
  if (i + 1 == n) return -1;
  if (is_loose(d) && src[i + 1] == '\n') return 2;
  if (src[i + 1] != '\r') return 0;
  if (i + 2 == n) return -1;
  if (src[i + 2] == '\n') return 3;
  if (d->mode != POP3_UNDOT_LISTING || src[i + 2] != '\r') return 0;
  if (i + 3 == n) return -1;
  return src[i + 3] == '\n' ? 4 : 0;
}

static size_t run (pop3_undot *d, char *dst, char *src, size_t n,
                   size_t *used);

/*
** In AUTO, src[i] is a dot that begins a line. As 'terminator'; '*keep' says
** whether a dot that is not part of one stays. A line of a dot that is not the
** terminator makes the body STRICT.
*/
static int auto_terminator (pop3_undot *d, const char *src, size_t i, size_t n,
                            int *keep) {
  int first = d->lines == 0, t = 0;
  *keep = !first && d->lines < ENOUGH;
  if (i + 1 == n) return -1;
  if (src[i + 1] == '\n') t = 2;
  else if (src[i + 1] == '\r') {
    if (i + 2 == n) return -1;
    if (src[i + 2] == '\n') t = 3;
  }
  if (t == 0 || d->lines >= ENOUGH || (first && t == 3)) return t;
  if (i + (size_t)t == n) {
    d->doubtful = 1;
    return -1;
  }
  d->mode = POP3_UNDOT_STRICT;
  return 0;
}

/* 'run' for AUTO: line by line, until a CRLF shows that the body is STRICT. */
static size_t run_auto (pop3_undot *d, char *dst, char *src, size_t n,
                        size_t *used) {
  size_t i = 0, out = 0, more;
  while (d->mode == POP3_UNDOT_AUTO && i < n) {
    const char *lf;
    size_t from = i, to;
    int t = 0, keep = 1;
    if (d->state == BOL && src[i] == '.') {
      t = auto_terminator(d, src, i, n, &keep);
      if (t != 0) {
        d->done = t > 0;
        *used = i + (t > 0 ? (size_t)t : 0);
        return out;
      }
      d->state = TEXT;
      if (!keep) from = ++i;
      if (d->mode == POP3_UNDOT_STRICT) break;
    }
    lf = (const char *)memchr(src + i, '\n', n - i);
    to = lf == NULL ? n : (size_t)(lf - src) + 1;
    if (lf == NULL) {
      if (to > i) d->state = src[n - 1] == '\r' ? CR : TEXT;
    }
    else {
      if (to - i > 1 ? src[to - 2] == '\r' : d->state == CR)
        d->mode = POP3_UNDOT_STRICT;
      else if (d->lines < ENOUGH) d->lines++;
      d->state = BOL;
    }
    memmove(dst + out, src + from, to - from);
    out += to - from;
    i = to;
  }
  *used = i;
  if (i == n) return out;
  out += run(d, dst + out, src + i, n - i, &more);
  *used += more;
  return out;
}

/* 'pop3_undot_run' for the other modes. */
static size_t run (pop3_undot *d, char *dst, char *src, size_t n,
                   size_t *used) {
  size_t from = 0;  /* start of the octets that are not moved yet */
  size_t out = 0;
  size_t i = 0;     /* a dot that begins a line, when it is below 'n' */
  if (d->state != BOL || src[0] != '.') i = n;
  for (;;) {
    size_t at = i;  /* search for the next dot from here */
    if (i < n) {
      int t = terminator(d, src, i, n);
      memmove(dst + out, src + from, i - from);
      out += i - from;
      if (t != 0) {
        d->state = BOL;
        d->done = t > 0;
        *used = i + (t > 0 ? (size_t)t : 0);
        return out;
      }
      from = i + 1;  /* drop the dot */
    }
    else at = from;
    for (;;) {  /* find the next dot at the start of a line */
      size_t k = find_lf_dot(src, at, n);
      int cr;
      if (k == n) {
        i = n;
        break;
      }
      cr = k > 0 ? src[k - 1] == '\r' : d->state == CR;
      if (cr || is_loose(d)) {
        i = k + 1;
        break;
      }
      at = k + 1;
    }
    if (i == n) break;
  }
  d->state = state_after(d, src, n);  /* before the move writes over it */
  memmove(dst + out, src + from, n - from);
  out += n - from;
  *used = n;
  return out;
}

size_t pop3_undot_run (pop3_undot *d, char *dst, char *src, size_t n,
                       size_t *used) {
  *used = 0;
  if (n == 0 || d->done) return 0;
  d->doubtful = 0;
  if (d->mode == POP3_UNDOT_AUTO) return run_auto(d, dst, src, n, used);
  return run(d, dst, src, n, used);
}

void pop3_endot_init (pop3_endot *e) {
  e->state = BOL;
}

/*
** The first k >= 'i' where the encoder must act: a LF without a CR, or one
** with a dot after it. 'n' if no such k exists; p[i - 1] exists.
*/
static size_t find_special (const char *p, size_t i, size_t n) {
  while (n - i > BLOCK) {
    unsigned char hit = 0;
    size_t k;
    for (k = 0; k < BLOCK; k++)
      hit |= (unsigned char)((p[i + k] == '\n') &
                             ((p[i + k - 1] != '\r') | (p[i + k + 1] == '.')));
    if (hit) break;
    i += BLOCK;
  }
  for (; i < n; i++)
    if (p[i] == '\n' &&
        (p[i - 1] != '\r' || (i + 1 < n && p[i + 1] == '.')))
      return i;
  return n;
}

size_t pop3_endot_run (pop3_endot *e, char *dst, size_t cap, const char *src,
                       size_t n, size_t *used) {
  size_t i = 0, out = 0;
  while (i < n && cap - out >= 3) {
    size_t k, len;
    char c = src[i];
    if (c == '\n') {  /* a line end, bare or not */
      if (e->state != CR) dst[out++] = '\r';
      dst[out++] = '\n';
      e->state = BOL;
      i++;
      continue;
    }
    if (c == '.' && e->state == BOL) dst[out++] = '.';
    dst[out++] = c;  /* so that src[i - 1] exists below */
    i++;
    k = find_special(src, i, n);
    len = k - i;
    if (len > cap - out) len = cap - out;
    memcpy(dst + out, src + i, len);
    out += len;
    i += len;
    if (src[i - 1] == '\n') e->state = BOL;
    else e->state = src[i - 1] == '\r' ? CR : TEXT;
  }
  *used = i;
  return out;
}

size_t pop3_endot_end (pop3_endot *e, char *dst) {
  size_t n = 0;
  if (e->state != BOL) {
    memcpy(dst, "\r\n", 2);
    n = 2;
  }
  memcpy(dst + n, ".\r\n", 3);
  e->state = BOL;
  return n + 3;
}
