/*
** check.c - checks for small test programs.
*/
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

#define KINDS 64  /* kinds of failure that are printed */

static unsigned long passed, failed;
static char about[256];
static int telling;  /* the last failure is printed */

/* The FNV-1a hash of a text up to a semicolon. */
static unsigned long mix (unsigned long h, const char *s) {
  while (*s != '\0' && *s != ';')
    h = ((h ^ (unsigned char)*s++) * 16777619UL) & 0xffffffffUL;
  return h;
}

/*
** Is this the first failure of this line with this subject? Subjects are
** compared up to a semicolon, so that a sweep prints one failure and not all.
*/
static int new_kind (const char *file, int line) {
  static unsigned long kinds[KINDS];
  static size_t n;
  size_t i;
  unsigned long h = mix(mix(2166136261UL + (unsigned long)line, file), about);
  for (i = 0; i < n; i++)
    if (kinds[i] == h) return 0;
  if (n == KINDS) return 0;
  kinds[n++] = h;
  return 1;
}

void check_about (const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  vsnprintf(about, sizeof about, fmt, args);
  va_end(args);
}

int check_that (int ok, const char *file, int line, const char *what) {
  if (ok) {
    passed++;
    return 1;
  }
  failed++;
  telling = new_kind(file, line);
  if (telling)
    fprintf(stderr, "%s:%d: %s [%s]\n", file, line, what, about);
  return 0;
}

/* Print octets on one line, escaped as in C source. */
static void show (const char *label, const char *p, size_t n) {
  size_t i;
  fprintf(stderr, "  %s \"", label);
  for (i = 0; i < n; i++) {
    unsigned char c = (unsigned char)p[i];
    if (c == '\r') fputs("\\r", stderr);
    else if (c == '\n') fputs("\\n", stderr);
    else if (c < ' ' || c >= 0x7f) fprintf(stderr, "\\x%02X", c);
    else fputc(c, stderr);
  }
  fprintf(stderr, "\" (%lu)\n", (unsigned long)n);
}

int check_same (const char *a, size_t an, const char *b, size_t bn,
                const char *file, int line) {
  int ok = an == bn && (an == 0 || memcmp(a, b, an) == 0);
  check_that(ok, file, line, "not the same");
  if (!ok && telling) {
    show("     got", a, an);
    show("expected", b, bn);
  }
  return ok;
}

int check_end (void) {
  printf("%lu passed, %lu failed\n", passed, failed);
  return failed > 0;
}

pop3_span check_span (const char *s) {
  pop3_span t;
  t.p = s;
  t.n = strlen(s);
  return t;
}
