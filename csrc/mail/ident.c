/*
** ident.c - message-ids and content-ids (RFC 5322 3.6.4, RFC 2045 7).
*/
#include <string.h>

#include "../base/ascii.h"
#include "../base/utf8.h"
#include "ident.h"
#include "word.h"

/*
** One past the quoted-string or comment at 'p', or past its first character if
** it has no end; '*open' notes that, so that no other end is searched for.
*/
static const char *skip_hidden (const char *p, const char *e, int *open) {
  int which = *p == '"' ? 1 : 2;
  const char *q = NULL;
  if (!(*open & which))
    q = which == 1 ? pop3_skip_quoted(p, e) : pop3_skip_comment(p, e);
  if (q != NULL) return q;
  *open |= which;
  return p + 1;
}

int pop3_ident_text (pop3_conv *c, pop3_span value, pop3_buf *out,
                     pop3_span *text) {
  const char *p = value.p, *e = p + value.n;
  int err;
  *text = value;
  for (; e - p >= 2; p++) {
    p = (const char *)memchr(p, '=', (size_t)(e - p));
    if (p == NULL || e - p < 2) return 0;
    if (p[1] == '?') break;
  }
  if (e - p < 2) return 0;
  out->n = 0;
  err = pop3_words(c, value, out);
  *text = pop3_span_of(out->n > 0 ? out->p : "", out->n);
  return err;
}

/*
** Replace 'out' by [p, e) as UTF-8, without white space, NULs and comments
** (RFC 5322 4.5.4).
*/
static int set_id (const char *p, const char *e, pop3_buf *out) {
  size_t w = 0, r;
  int open = 0;
  out->n = 0;
  if (pop3_utf8_guess(out, pop3_span_of(p, (size_t)(e - p))) != 0)
    return POP3_ENOMEM;
  while (w < out->n && !pop3_isspace(out->p[w]) && out->p[w] != '(' &&
         out->p[w] != '\0')
    w++;
  for (r = w; r < out->n; r++) {
    const char *q = out->p + r, *end = out->p + out->n;
    if (*q == '(' && !open) {
      const char *after = pop3_skip_comment(q, end);
      open = after == NULL;
      if (!open) {
        r = (size_t)(after - out->p) - 1;
        continue;
      }
    }
    if (!pop3_isspace(*q) && *q != '\0') out->p[w++] = *q;
  }
  out->n = w;
  return w > 0;
}

int pop3_ident_next (pop3_span value, size_t *at, pop3_buf *out) {
  const char *e = value.p + value.n, *p = value.p + *at;
  int open = 0;
  while (p < e) {
    if (*p == '"' || *p == '(') p = skip_hidden(p, e, &open);
    else if (*p != '<') p++;
    else {
      const char *q = (const char *)memchr(p, '>', (size_t)(e - p));
      const char *from = q;
      int r;
      if (q == NULL) break;
      while (*--from != '<') ;          /* "<<a@b>", "<broken <a@b>" */
      r = set_id(from + 1, q, out);
      p = q + 1;
      *at = (size_t)(p - value.p);
      if (r != 0) return r;
    }
  }
  *at = value.n;
  return 0;
}

int pop3_ident (pop3_span value, pop3_buf *out) {
  size_t at = 0;
  int r = pop3_ident_next(value, &at, out);
  if (r != 0) return r;
  value = pop3_trim(value);
  if (value.n > 0 && value.p[0] == '<') value.p++, value.n--;
  if (value.n > 0 && value.p[value.n - 1] == '>') value.n--;
  return set_id(value.p, value.p + value.n, out);
}
