/*
** canon.c - mail in canonical form.
*/
#include <string.h>

#include "canon.h"

/* The first LF at or after 'i' that has no CR before it, else 'n'. */
static size_t find_bare (const char *p, size_t i, size_t n, char before) {
  while (i < n) {
    const char *lf = (const char *)memchr(p + i, '\n', n - i);
    size_t k;
    if (lf == NULL) return n;
    k = (size_t)(lf - p);
    if ((k > 0 ? p[k - 1] : before) != '\r') return k;
    i = k + 1;
  }
  return n;
}

/* Remember the last octet of all that was seen. */
static void remember (pop3_canon *c, const char *p, size_t n) {
  if (n > 0) c->last = p[n - 1];
}

/* Bare LFs in a piece; in blocks, so that compilers make vector code of it. */
static size_t count_bare (const char *p, size_t n, char before) {
  size_t i = 0, bare = 0;
  if (n == 0) return 0;
  if (p[0] == '\n' && before != '\r') bare = 1;
  i = 1;
  while (n - i >= 128) {
    unsigned char k, sum = 0;
    for (k = 0; k < 128; k++)
      sum = (unsigned char)(sum + ((p[i + k] == '\n') &
                                   (p[i + k - 1] != '\r')));
    bare += sum;
    i += 128;
  }
  for (; i < n; i++) bare += p[i] == '\n' && p[i - 1] != '\r';
  return bare;
}

void pop3_canon_count (pop3_canon *c, const char *p, size_t n) {
  c->size += n + count_bare(p, n, c->last);
  remember(c, p, n);
}

/* Do the octets so far end in a complete line? Any LF ends one: see 'add'. */
static int ended (const pop3_canon *c) {
  return c->size == 0 || c->last == '\n';
}

uint64_t pop3_canon_size (const pop3_canon *c) {
  return c->size + (ended(c) ? 0 : 2);
}

int pop3_canon_add (pop3_canon *c, pop3_buf *out, const char *p, size_t n) {
  size_t bare = count_bare(p, n, c->last);
  size_t i = 0;
  if (pop3_buf_room(out, n + bare + 2) != 0) return POP3_ENOMEM;
  while (i < n) {
    size_t k = bare > 0 ? find_bare(p, i, n, c->last) : n;
    pop3_buf_add(out, p + i, k - i);
    if (k < n) {
      pop3_buf_add(out, "\r\n", 2);
      k++;
    }
    i = k;
  }
  c->size += n + bare;
  remember(c, p, n);
  return 0;
}

int pop3_canon_end (pop3_canon *c, pop3_buf *out) {
  if (ended(c)) return 0;
  c->size += 2;
  c->last = '\n';
  return pop3_buf_add(out, "\r\n", 2);
}

size_t pop3_top_size (const char *p, size_t n, uint64_t lines) {
  size_t i = 0;
  int body = 0;
  while (i < n) {
    const char *lf = (const char *)memchr(p + i, '\n', n - i);
    size_t next = lf == NULL ? n : (size_t)(lf - p) + 1;
    if (body && lines-- == 0) return i;
    if (!body && next - i == 2 && p[i] == '\r') body = 1;
    i = next;
  }
  return n;
}
