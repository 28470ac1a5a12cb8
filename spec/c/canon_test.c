/*
** canon_test.c - tests of csrc/session/canon.c: the canonical form of mail is
** compared with a simple implementation.
*/
#include <string.h>

#include "canon.h"
#include "check.h"
#include "failmem.h"
#include "random.h"

#define MAX 2048

/* Every line ends in CRLF, including the last one; nothing else changes. */
static size_t naive (const char *p, size_t n, char *out) {
  size_t i, w = 0;
  for (i = 0; i < n; i++) {
    if (p[i] == '\n' && (i == 0 || p[i - 1] != '\r')) out[w++] = '\r';
    out[w++] = p[i];
  }
  if (n > 0 && p[n - 1] != '\n') {
    out[w++] = '\r';
    out[w++] = '\n';
  }
  return w;
}

/* Count and convert p[0 .. n) in pieces that end at 'i', 'j' and 'n'. */
static void check_pieces (const char *p, size_t n, size_t i, size_t j,
                          const char *want, size_t wn) {
  pop3_canon count = { 0, 0 }, add = { 0, 0 };
  failmem m;
  pop3_buf b;
  pop3_buf_init(&b, failmem_mem(&m, 0));
  pop3_canon_count(&count, p, i);
  pop3_canon_count(&count, p + i, j - i);
  pop3_canon_count(&count, p + j, n - j);
  CHECK(pop3_canon_size(&count) == wn);
  CHECK(pop3_canon_add(&add, &b, p, i) == 0);
  CHECK(pop3_canon_add(&add, &b, p + i, j - i) == 0);
  CHECK(pop3_canon_add(&add, &b, p + j, n - j) == 0);
  CHECK(pop3_canon_size(&add) == wn);
  CHECK(pop3_canon_end(&add, &b) == 0);
  CHECK(pop3_canon_size(&add) == wn);
  CHECK_SAME(b.p, b.n, want, wn);
  CHECK(pop3_canon_end(&add, &b) == 0 && b.n == wn);  /* ends once */
  pop3_buf_free(&b);
  CHECK(m.blocks == 0 && m.wrong == 0);
}

static void check_text (const char *p, size_t n) {
  char want[MAX];
  size_t i, j, wn = naive(p, n, want);
  for (i = 0; i <= n; i++) {
    check_pieces(p, n, i, n, want, wn);
    for (j = i; n <= 32 && j <= n; j++) check_pieces(p, n, i, j, want, wn);
  }
  check_pieces(want, wn, wn / 2, wn, want, wn);  /* no change */
}

static void texts (void) {
  static const char *const t[] = {
    "", "\n", "\r", "\r\n", "\n\n", "\n\r", "\r\r\n", "\r\n\r\n", "a", "a\n",
    "a\r", "a\r\n", "a\nb", "a\r\nb\r\n", "a\nb\r\nc\rd\n\r\n", ".\n.\n",
    "\n\n\n\n\r\n\n\r\r\n\n"
  };
  char x[700];
  size_t i, k;
  for (i = 0; i < sizeof t / sizeof t[0]; i++) {
    check_about("text %d", (int)i);
    check_text(t[i], strlen(t[i]));
  }
  check_about("NULs");
  check_text("\0\n\0", 3);
  for (i = 0; i < 2000; i++) {
    size_t n = random_below(i % 50 == 0 ? sizeof x : 20);
    check_about("random text %d", (int)i);
    for (k = 0; k < n; k++) x[k] = "\n\r\na"[random_below(4)];
    check_text(x, n);
  }
  for (i = 120; i < 140; i++) {  /* around the block size */
    memset(x, '\n', sizeof x);
    check_about("%d LFs", (int)i);
    check_text(x, i);
    check_text(x, i + 256);
  }
}

/* The size of header, empty line, 'lines' lines: TOP, RFC 1939 section 7. */
static size_t naive_top (const char *p, size_t n, uint64_t lines) {
  size_t i = 0, start = 0;
  int body = 0;
  for (i = 0; i < n; i++) {
    if (p[i] != '\n') continue;
    if (body) {
      if (lines-- == 0) return start;
    }
    else if (i - start == 1 && p[start] == '\r') body = 1;
    start = i + 1;
  }
  return body && start < n && lines == 0 ? start : n;
}

static void tops (void) {
  static const char *const t[] = {
    "", "\r\n", "a\r\n", "a\r\n\r\n", "a\r\n\r\nb\r\n", "\r\n\r\n\r\n",
    "a\r\nb\r\n\r\nc\r\nd\r\n\r\ne\r\n", "a\r\n\r\nb", "a\r\n \r\n\r\nb\r\n"
  };
  char x[400], c[MAX];
  size_t i, k, n;
  uint64_t lines;
  for (i = 0; i < sizeof t / sizeof t[0]; i++)
    for (lines = 0; lines < 8; lines++) {
      check_about("text %d, %d lines", (int)i, (int)lines);
      n = strlen(t[i]);
      CHECK(pop3_top_size(t[i], n, lines) == naive_top(t[i], n, lines));
    }
  CHECK(pop3_top_size("a\r\n\r\nb\r\nc\r\n", 11, 0) == 5);
  CHECK(pop3_top_size("a\r\n\r\nb\r\nc\r\n", 11, 1) == 8);
  CHECK(pop3_top_size("a\r\n\r\nb\r\nc\r\n", 11, 2) == 11);
  CHECK(pop3_top_size("a\r\n\r\nb\r\nc\r\n", 11, UINT64_MAX) == 11);
  for (i = 0; i < 5000; i++) {
    check_about("random text %d", (int)i);
    n = random_below(60);
    for (k = 0; k < n; k++) x[k] = "\n\n\na"[random_below(4)];
    n = naive(x, n, c);
    lines = random_below(12);
    CHECK(pop3_top_size(c, n, lines) == naive_top(c, n, lines));
  }
}

/* A failed allocation changes nothing. */
static void starving (void) {
  pop3_canon c = { 0, 0 };
  failmem m;
  pop3_buf b;
  check_about("no memory");
  pop3_buf_init(&b, failmem_mem(&m, 1));
  CHECK(pop3_canon_add(&c, &b, "a\n", 2) == POP3_ENOMEM);
  CHECK(b.n == 0 && pop3_canon_size(&c) == 0);
  CHECK(pop3_canon_add(&c, &b, "a\nb", 3) == 0);
  CHECK(pop3_canon_end(&c, &b) == 0);
  CHECK_SAME(b.p, b.n, "a\r\nb\r\n", 6);
  pop3_buf_free(&b);
  CHECK(m.blocks == 0 && m.wrong == 0);
}

int main (void) {
  texts();
  tops();
  starving();
  return check_end();
}
