/*
** form.c - the forms in which a message is written, see form.h.
*/
#include <string.h>

#include "form.h"

/* States of 'at' that are not a count of octets of "From ". */
#define INSIDE 0xff  /* in a line that is known not to be a From line */
#define QUOTES 0xfe  /* at its start, after one or more '>' */

static const char from[] = "From ";
#define FROM (sizeof from - 1)

void pop3_form_init (pop3_form *f, enum pop3_form_kind kind) {
  memset(f, 0, sizeof *f);
  f->kind = (unsigned char)kind;
  if (kind == POP3_FORM_DOT) pop3_endot_init(&f->dot);
}

/* --------------------------------------------------------- quoting of mbox */

/* Append the octets of "From " that are held back. */
static int release (pop3_form *f, pop3_buf *out) {
  int err = 0;
  if (f->at < FROM) err = pop3_buf_add(out, from, f->at);
  f->at = INSIDE;
  return err;
}

/*
** At the start of a line: take octets until it is known whether it is a From
** line. A '>' is written at once, since one more '>' before the "From " is the
** same as one more at the start of the line.
*/
static int line_start (pop3_form *f, pop3_buf *out, const char *p, size_t n,
                       size_t *used) {
  size_t i = 0;
  int err = 0;
  for (; err == 0 && i < n && f->at != INSIDE; i++) {
    size_t held = f->at == QUOTES ? 0 : f->at;
    if (p[i] == '>' && held == 0) {
      f->at = QUOTES;
      err = pop3_buf_addc(out, '>');
    }
    else if (p[i] != from[held]) {
      err = release(f, out);
      break;
    }
    else if (held + 1 == FROM) {
      f->at = INSIDE;
      err = pop3_buf_add(out, ">From ", FROM + 1);
    }
    else f->at = (unsigned char)(held + 1);
  }
  *used = i;
  return err;
}

/* Quote a piece whose line ends are LF. */
static int quote (pop3_form *f, pop3_buf *out, const char *p, size_t n) {
  while (n > 0) {
    size_t used = 0;
    const char *lf;
    int err = f->at == INSIDE ? 0 : line_start(f, out, p, n, &used);
    if (err != 0) return err;
    p += used;
    n -= used;
    if (n == 0) break;
    lf = (const char *)memchr(p, '\n', n);
    used = lf == NULL ? n : (size_t)(lf - p) + 1;
    if (pop3_buf_add(out, p, used) != 0) return POP3_ENOMEM;
    if (lf != NULL) f->at = 0;
    p += used;
    n -= used;
  }
  return 0;
}

/* ----------------------------------------------------------------- line ends */

static int put (pop3_form *f, pop3_buf *out, const char *p, size_t n) {
  if (n == 0) return 0;
  return f->kind == POP3_FORM_MBOX ? quote(f, out, p, n)
                                   : pop3_buf_add(out, p, n);
}

static int unix_lines (pop3_form *f, pop3_buf *out, const char *p, size_t n) {
  size_t from_ = 0, i = 0;
  int err = 0;
  if (n == 0) return 0;
  if (f->cr) {
    f->cr = 0;
    if (p[0] != '\n') err = put(f, out, "\r", 1);
  }
  while (err == 0 && i < n) {
    const char *cr = (const char *)memchr(p + i, '\r', n - i);
    if (cr == NULL) break;
    i = (size_t)(cr - p) + 1;
    if (i < n && p[i] != '\n') continue;
    if (i == n) f->cr = 1;  /* the next piece tells */
    err = put(f, out, p + from_, i - 1 - from_);
    from_ = i;
  }
  return err != 0 ? err : put(f, out, p + from_, n - from_);
}

/* --------------------------------------------------------------------- dots */

static int stuff (pop3_form *f, pop3_buf *out, const char *p, size_t n) {
  while (n > 0) {
    size_t used;
    if (pop3_buf_room(out, n + n / 8 + 16) != 0) return POP3_ENOMEM;
    out->n += pop3_endot_run(&f->dot, out->p + out->n, out->cap - out->n, p, n,
                             &used);
    p += used;
    n -= used;
  }
  return 0;
}

int pop3_form_add (pop3_form *f, pop3_buf *out, const char *p, size_t n) {
  switch (f->kind) {
    case POP3_FORM_OCTETS: return pop3_buf_add(out, p, n);
    case POP3_FORM_DOT: return stuff(f, out, p, n);
    default: return unix_lines(f, out, p, n);
  }
}

int pop3_form_end (pop3_form *f, pop3_buf *out) {
  int err = 0;
  if (f->kind == POP3_FORM_DOT) {
    if (pop3_buf_room(out, POP3_ENDOT_TAIL) != 0) return POP3_ENOMEM;
    out->n += pop3_endot_end(&f->dot, out->p + out->n);
    return 0;
  }
  if (f->cr) {
    f->cr = 0;
    err = put(f, out, "\r", 1);
  }
  if (err == 0 && f->kind == POP3_FORM_MBOX && f->at != INSIDE
      && f->at != QUOTES) err = release(f, out);
  return err;
}
