/*
** ascii.c - small readers of ASCII text.
*/
#include <string.h>

#include "ascii.h"
#include "secret.h"

char pop3_upper (char c) {
  return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

int pop3_same (const char *a, const char *b, size_t n) {
  for (; n > 0; n--, a++, b++)
    if (*a != *b && pop3_upper(*a) != pop3_upper(*b)) return 0;
  return 1;
}

int pop3_number (const char *p, size_t n, uint64_t max, uint64_t *u) {
  uint64_t v = 0;
  size_t i;
  if (n == 0) return 0;
  for (i = 0; i < n; i++) {
    unsigned d = (unsigned)(unsigned char)p[i] - '0';
    if (d > 9 || d > max || v > (max - d) / 10) return 0;
    v = v * 10 + d;
  }
  *u = v;
  return 1;
}

pop3_span pop3_word (pop3_span *s) {
  pop3_span w;
  const char *sp = s->n ? (const char *)memchr(s->p, ' ', s->n) : NULL;
  w.p = s->p;
  w.n = sp == NULL ? s->n : (size_t)(sp - s->p);
  s->p += w.n;
  s->n -= w.n;
  return w;
}

int pop3_code_known (const char *p, size_t n) {
  static const char *const codes[] = {
    "AUTH", "IN-USE", "LOGIN-DELAY", "SYS/PERM", "SYS/TEMP", "UTF8"
  };
  size_t i;
  for (i = 0; i < sizeof codes / sizeof codes[0]; i++)
    if (strlen(codes[i]) == n && pop3_same(p, codes[i], n)) return 1;
  return 0;
}

int pop3_hexdigit (int c) {
  if (pop3_isdigit(c)) return c - '0';
  c = pop3_lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

const char *pop3_skip_quoted (const char *p, const char *e) {
  for (p++; p < e; p++) {
    if (*p == '\\' && p + 1 < e) p++;
    else if (*p == '"') return p + 1;
  }
  return NULL;
}

const char *pop3_skip_comment (const char *p, const char *e) {
  size_t depth = 0;                    /* comments nest */
  for (; p < e; p++) {
    if (*p == '\\' && p + 1 < e) p++;
    else if (*p == '(') depth++;
    else if (*p == ')' && --depth == 0) return p + 1;
  }
  return NULL;
}
