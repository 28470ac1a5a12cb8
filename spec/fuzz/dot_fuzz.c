/*
** dot_fuzz.c - bodies both ways. The first octet is a seed for the cuts, the
** second chooses which line ends count, and a gap; the rest is text, or the wire.
*/
#include "canon.h"
#include "cuts.h"
#include "dot.h"

/*
** Decode src[0 .. n), in place after a gap, in pieces. Returns the plain
** octets in 'out'.
*/
static size_t decode (const char *src, size_t n, int mode, size_t gap,
                      cuts c, char *out, size_t *used, int *done) {
  pop3_undot d;
  size_t w = 0, r = gap, have = 0, k;
  if (n > 0) memcpy(out + gap, src, n);
  pop3_undot_init(&d, mode);
  while (have < n && !d.done) {
    have += cuts_next(&c, n - have);
    w += pop3_undot_run(&d, out + w, out + r, gap + have - r, &k);
    NEED(k <= gap + have - r && (d.done || gap + have - r - k <= 3));
    r += k;
    NEED(w <= r - gap);
  }
  *used = r - gap;
  *done = d.done | d.doubtful << 1;
  return w;
}

static size_t encode (const char *src, size_t n, cuts c, char *out) {
  pop3_endot e;
  size_t at = 0, w = 0;
  pop3_endot_init(&e);
  while (at < n) {
    size_t k = cuts_next(&c, n - at), used, got;
    size_t cap = c.seed == 0 ? 2 * n + 3 : 3 + cuts_random(&c, 70);
    got = pop3_endot_run(&e, out + w, cap, src + at, k, &used);
    NEED(got <= cap && used <= k && used > 0 && got >= used);
    at += used;
    w += got;
  }
  return w + pop3_endot_end(&e, out + w);
}

static void both_ways (const char *x, size_t n, cuts c, char *a, char *b) {
  pop3_canon canon = { 0, 0 };
  pop3_buf want;
  size_t an, bn, used;
  int done;
  cuts whole = { 0 };
  pop3_buf_init(&want, fuzz_mem());
  an = encode(x, n, whole, a);
  bn = encode(x, n, c, b);
  NEED(an == bn && memcmp(a, b, an) == 0);
  NEED(pop3_canon_add(&canon, &want, x, n) == 0);
  NEED(pop3_canon_end(&canon, &want) == 0 && want.n == canon.size);
  bn = decode(a, an, 0, 1, c, b, &used, &done);
  NEED(done == 1 && used == an && bn == want.n);
  NEED(bn == 0 || memcmp(b, want.p, bn) == 0);
  bn = decode(a, an, POP3_UNDOT_AUTO, 0, c, b, &used, &done);
  NEED(done == 1 && used == an && bn == want.n);
  NEED(bn == 0 || memcmp(b, want.p, bn) == 0);
  NEED(pop3_top_size(b, bn, 0) <= bn && pop3_top_size(b, bn, bn) == bn);
  pop3_buf_free(&want);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t n) {
  const char *x = (const char *)data + 2;
  cuts c = { 0 }, whole = { 0 };
  char *a, *b;
  size_t an, bn, aused, bused;
  int adone, bdone;
  if (n < 2) return 0;
  c.seed = data[0];
  n -= 2;
  a = (char *)malloc(3 * n + 80);
  b = (char *)malloc(3 * n + 80);
  an = decode(x, n, data[1] & 3, 0, whole, a, &aused, &adone);
  bn = decode(x, n, data[1] & 3, data[1] >> 2 & 3, c, b, &bused, &bdone);
  NEED(an == bn && aused == bused && adone == bdone);
  NEED(an == 0 || memcmp(a, b, an) == 0);
  both_ways(x, n, c, a, b);
  free(a);
  free(b);
  return 0;
}
