/*
** secret.c - secrets, and text with them masked.
*/
#include <string.h>

#include "secret.h"

int pop3_secret_add (pop3_buf *secrets, const char *p, size_t n) {
  if (n == 0) return 0;
  if (pop3_buf_room(secrets, sizeof n + n) != 0) return POP3_ENOMEM;
  pop3_buf_add(secrets, (const char *)&n, sizeof n);
  return pop3_buf_add(secrets, p, n);
}

int pop3_no_secret (const char *p, size_t n) {
  return n == 0 || (n == 1 && (p[0] == '=' || p[0] == '*'));
}

/* The next secret of at least 'min' octets from '*i' on; n 0 at the end. */
static pop3_span next_secret (const pop3_buf *secrets, size_t *i, size_t min) {
  pop3_span s = { NULL, 0 };
  while (*i < secrets->n) {
    memcpy(&s.n, secrets->p + *i, sizeof s.n);
    s.p = secrets->p + *i + sizeof s.n;
    *i += sizeof s.n + s.n;
    if (s.n >= min) return s;
    s.n = 0;
  }
  return s;
}

int pop3_secret_in (const pop3_buf *secrets, pop3_span line, size_t min) {
  size_t i = 0;
  pop3_span s;
  while ((s = next_secret(secrets, &i, min)).n > 0) {
    size_t at = 0;
    while (at + s.n <= line.n) {
      const char *f = (const char *)memchr(line.p + at, s.p[0],
                                           line.n - s.n + 1 - at);
      if (f == NULL) break;
      if (memcmp(f, s.p, s.n) == 0) return 1;
      at = (size_t)(f - line.p) + 1;
    }
  }
  return 0;
}

/* The length of the longest secret at the start of p[0 .. n), or 0. */
static size_t secret_at (const pop3_buf *secrets, const char *p, size_t n,
                         size_t min) {
  size_t i = 0, best = 0;
  pop3_span s;
  while ((s = next_secret(secrets, &i, min)).n > 0)
    if (s.n > best && s.n <= n && memcmp(s.p, p, s.n) == 0) best = s.n;
  return best;
}

int pop3_masked (pop3_buf *out, const pop3_buf *secrets, pop3_span line,
                 size_t min) {
  size_t i = 0;
  if (!pop3_secret_in(secrets, line, min))
    return pop3_buf_add(out, line.p, line.n);
  while (i < line.n) {
    size_t k = secret_at(secrets, line.p + i, line.n - i, min);
    int err = k > 0 ? pop3_buf_add(out, "***", 3)
                    : pop3_buf_addc(out, line.p[i]);
    if (err != 0) return err;
    i += k > 0 ? k : 1;
  }
  return 0;
}

int pop3_mask_text (pop3_buf *out, const pop3_buf *secrets, pop3_span text,
                    int login) {
  size_t start = out->n;
  pop3_span shown;
  int err = pop3_masked(out, secrets, text, POP3_SECRET_MIN);
  if (err != 0 || !login) return err;
  shown.n = out->n - start;
  shown.p = shown.n > 0 ? out->p + start : "";
  if (!pop3_secret_in(secrets, shown, 1)) return 0;
  out->n = start;
  return pop3_buf_add(out, "***", 3);
}
