/*
** head.c - a header block as a list of fields (RFC 5322 2.2).
*/
#include <string.h>

#include "../base/ascii.h"
#include "decode.h"
#include "head.h"

/*
** The length of the empty line at 'p', or 0. A line of CRs only counts as empty.
*/
static size_t empty_line (const char *p, const char *e) {
  const char *q = p;
  while (q < e && *q == '\r') q++;
  return q < e && *q == '\n' ? (size_t)(q + 1 - p) : 0;
}

size_t pop3_head_size (pop3_span in, int *dashes) {
  const char *p = in.p, *e = in.p + in.n;
  *dashes = 0;
  while (p < e) {
    const char *nl;
    size_t n = empty_line(p, e);
    if (n > 0) return (size_t)(p - in.p) + n;
    if (*p == '-' && e - p > 1 && p[1] == '-') *dashes = 1;
    nl = (const char *)memchr(p, '\n', (size_t)(e - p));
    if (nl == NULL) break;
    p = nl + 1;
  }
  return in.n;
}

/* One past the line at 'p', line break included. */
static const char *line_end (const char *p, const char *e) {
  const char *nl = (const char *)memchr(p, '\n', (size_t)(e - p));
  return nl != NULL ? nl + 1 : e;
}

/* One past the continuation lines at 'p'. */
static const char *skip_folds (const char *p, const char *e) {
  while (p < e && pop3_isblank(*p)) p = line_end(p, e);
  return p;
}

enum pop3_head_kind pop3_head_next (pop3_head *h, pop3_field *f) {
  const char *e = h->block.p + h->block.n;
  const char *p = h->block.p + h->at;
  const char *line, *end, *colon;
  int first = h->at == 0;
  if (first && e - p >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0) {
    p += 3;                               /* a byte order mark */
    h->at = 3;
  }
  if (p >= e || empty_line(p, e) > 0) return POP3_HEAD_END;
  line = line_end(p, e);
  end = skip_folds(line, e);
  f->at = h->at;
  h->at = (size_t)(end - h->block.p);
  if (end[-1] == '\n') end--;
  if (end > p && end[-1] == '\r') end--;
  f->name = pop3_span_of(p, 0);
  f->value = pop3_span_of(p, (size_t)(end - p));
  if (first && end - p >= 5 && memcmp(p, "From ", 5) == 0)
    return POP3_HEAD_MBOX;
  colon = (const char *)memchr(p, ':', (size_t)(line - p));
  if (colon == NULL || pop3_isblank(*p)) return POP3_HEAD_JUNK;
  f->name.n = pop3_trim(pop3_span_of(p, (size_t)(colon - p))).n;
  if (f->name.n == 0) return POP3_HEAD_JUNK;
  f->value = pop3_span_of(colon + 1, (size_t)(end - colon - 1));
  return POP3_HEAD_FIELD;
}

/*
** The next field whose name begins with 'letter', which is in lower case. If
** there cannot be more than '*max' fields, other lines are not parsed.
*/
static int next_of (pop3_head *h, int letter, size_t *max, pop3_field *f,
                    int *dashes) {
  const char *e = h->block.p + h->block.n;
  int few = h->block.n / 2 < *max;
  enum pop3_head_kind k;
  for (;;) {
    if (few && h->at > 0) {
      const char *p = h->block.p + h->at;
      while (p < e && pop3_lower(*p) != letter && empty_line(p, e) == 0) {
        if (*p == '-') *dashes = 1;
        p = skip_folds(line_end(p, e), e);
      }
      h->at = (size_t)(p - h->block.p);
    }
    k = pop3_head_next(h, f);
    if (k == POP3_HEAD_END) return 0;
    if (k == POP3_HEAD_JUNK && f->value.n > 0 && f->value.p[0] == '-')
      *dashes = 1;
    if (k != POP3_HEAD_FIELD) continue;
    if (!few && (*max)-- == 0) return 0;
    if (pop3_lower(f->name.p[0]) == letter) return 1;
  }
}

int pop3_head_find (pop3_span block, const char *name, size_t max,
                    pop3_field *f, int *dashes) {
  size_t n = strlen(name);
  pop3_head h;
  h.block = block;
  h.at = 0;
  *dashes = 0;
  while (next_of(&h, name[0], &max, f, dashes))
    if (f->name.n == n && pop3_is(f->name, name)) return 1;
  return 0;
}

void pop3_about_find (pop3_span block, size_t max, pop3_about *a) {
  pop3_field f;
  pop3_head h;
  int dashes;
  memset(a, 0, sizeof *a);
  h.block = block;
  h.at = 0;
  while (next_of(&h, 'c', &max, &f, &dashes)) {
    const char *name;
    pop3_span *where;
    switch (f.name.n) {                /* few names have these lengths */
      case 10: name = "content-id", where = &a->id; break;
      case 12: name = "content-type", where = &a->type; break;
      case 19: name = "content-disposition", where = &a->disposition; break;
      case 25: name = "content-transfer-encoding", where = &a->code; break;
      default: continue;
    }
    if (!pop3_is(f.name, name)) continue;
    if (where->p == NULL || (where == &a->code &&
        pop3_encoding_find(*where) == POP3_ENC_UNKNOWN &&
        pop3_encoding_find(f.value) != POP3_ENC_UNKNOWN))
      *where = f.value;
  }
}

int pop3_unfold (pop3_span value, pop3_buf *tmp, pop3_span *out) {
  const char *p, *e, *nl;
  value = pop3_trim(value);
  *out = value;
  p = value.p;
  e = p + value.n;
  nl = value.n > 0 ? (const char *)memchr(p, '\n', value.n) : NULL;
  if (nl == NULL) return 0;
  tmp->n = 0;
  if (pop3_buf_room(tmp, value.n) != 0) return POP3_ENOMEM;
  for (; nl != NULL; nl = (const char *)memchr(p, '\n', (size_t)(e - p))) {
    size_t n = (size_t)(nl - p);
    if (n > 0 && nl[-1] == '\r') n--;
    pop3_buf_add(tmp, p, n);     /* cannot fail, there is room */
    p = nl + 1;
  }
  pop3_buf_add(tmp, p, (size_t)(e - p));
  *out = pop3_span_of(tmp->p, tmp->n);
  return 0;
}
