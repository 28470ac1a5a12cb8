/*
** fingerprint.c - the part of a header that identifies a message.
*/
#include <string.h>

#include "../base/ascii.h"
#include "fingerprint.h"

enum { START, NAME, VALUE, ENDED };

/* Fields that servers and mail programs change in a stored message. */
static const char *const changing[] = {
  "content-length", "lines", "status", "x-imap", "x-imapbase", "x-keywords",
  "x-mozilla-keys", "x-mozilla-status", "x-mozilla-status2", "x-status",
  "x-uid", "x-uidl", NULL
};

static int is_changing (const char *name, size_t n) {
  const char *const *c;
  for (c = changing; *c != NULL; c++)
    if (pop3_is(pop3_trim(pop3_span_of(name, n)), *c)) return 1;
  return 0;
}

/* Blanks that turned out to be inside the line become one. */
static int keep (pop3_fingerprint *f, pop3_buf *out, const char *p, size_t n) {
  int err = 0;
  if (f->skip || n == 0) return 0;
  if (f->blank) err = pop3_buf_addc(out, ' ');
  f->blank = 0;
  return err != 0 ? err : pop3_buf_add(out, p, n);
}

/* The name is complete, or longer than any that is left out. */
static int name_ends (pop3_fingerprint *f, pop3_buf *out, int is_field) {
  f->skip = is_field && is_changing(f->name, f->n);
  f->state = VALUE;
  return keep(f, out, f->name, f->n);
}

/* The first octet of a line. */
static void line_starts (pop3_fingerprint *f, char c) {
  f->blank = 0;
  if (c == '\r') return;   /* it belongs to the line end */
  if (c == '\n') f->state = ENDED;
  else if (pop3_isblank(c)) {
    f->state = VALUE;       /* it continues the field before */
    f->blank = 1;
  }
  else {
    f->state = NAME;
    f->skip = 0;
    f->name[0] = c;
    f->n = 1;
  }
}

static int line_ends (pop3_fingerprint *f, pop3_buf *out) {
  int err = 0;
  if (f->state == NAME) {
    while (f->n > 0 && pop3_isspace(f->name[f->n - 1])) f->n--;
    err = name_ends(f, out, 0);
  }
  f->state = START;
  f->blank = 0;
  if (err == 0 && !f->skip) err = pop3_buf_addc(out, '\n');
  return err;
}

/* Octets of a value, up to a blank or the end of the line. */
static size_t run_of (const char *p, const char *e) {
  const char *s = p;
  while (p < e && !pop3_isspace(*p)) p++;
  return (size_t)(p - s);
}

int pop3_fingerprint_add (pop3_fingerprint *f, pop3_buf *out, const char *p,
                          size_t n) {
  const char *e = p + n;
  int err = 0;
  while (p < e && err == 0 && f->state != ENDED) {
    if (f->state == START) line_starts(f, *p++);
    else if (*p == '\n') {
      err = line_ends(f, out);
      p++;
    }
    else if (f->state == NAME) {
      if (*p == ':' || f->n == sizeof f->name)
        err = name_ends(f, out, *p == ':');
      else f->name[f->n++] = *p++;
    }
    else if (pop3_isspace(*p)) {
      f->blank = 1;
      p++;
    }
    else {
      size_t k = run_of(p, e);
      err = keep(f, out, p, k);
      p += k;
    }
  }
  return err != 0 ? err : f->state == ENDED;
}
