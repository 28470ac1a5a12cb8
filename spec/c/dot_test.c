/*
** dot_test.c - tests of csrc/session/dot.c: bodies are decoded and encoded with
** a cut at every place.
*/
#include <string.h>

#include "buf.h"
#include "canon.h"
#include "check.h"
#include "dot.h"
#include "failmem.h"
#include "guard.h"
#include "random.h"

#define MAX 4096
#define PAIRS 48  /* longest case that is cut at every pair of places */

typedef struct sample {
  const char *wire;
  size_t wn;
  const char *plain;
  size_t pn;
  size_t left;      /* octets after the terminator */
  int mode;
  int done;         /* the terminator was found */
} sample;

#define S(x) x, sizeof(x) - 1
#define WHOLE 0, 0, 1
#define LOOSE 0, POP3_UNDOT_LOOSE, 1
#define AUTO 0, POP3_UNDOT_AUTO, 1
#define LISTING 0, POP3_UNDOT_LISTING, 1

static const sample samples[] = {
  /* an empty body: the terminator directly follows the status line */
  { S(".\r\n"), S(""), WHOLE },
  { S(".\r\n+OK next\r\n"), S(""), 10, 0, 1 },
  /* ordinary lines; the CRLF before the dot belongs to the last line */
  { S("a\r\n.\r\n"), S("a\r\n"), WHOLE },
  { S("\r\n.\r\n"), S("\r\n"), WHOLE },
  { S("\r\n\r\n\r\n.\r\n"), S("\r\n\r\n\r\n"), WHOLE },
  { S("Subject: x\r\n\r\nbody\r\n.\r\n"), S("Subject: x\r\n\r\nbody\r\n"),
    WHOLE },
  /* stuffed dots lose one dot, others keep all */
  { S("..\r\n.\r\n"), S(".\r\n"), WHOLE },
  { S("...\r\n.\r\n"), S("..\r\n"), WHOLE },
  { S("..a\r\n.\r\n"), S(".a\r\n"), WHOLE },
  { S("..a\r\n..b\r\n.\r\n"), S(".a\r\n.b\r\n"), WHOLE },
  { S("a..b.\r\n.\r\n"), S("a..b.\r\n"), WHOLE },
  { S("a.\r\n.\r\n"), S("a.\r\n"), WHOLE },
  { S("..\r\n..\r\n..\r\n.\r\n"), S(".\r\n.\r\n.\r\n"), WHOLE },
  /* a leading dot that was not stuffed is dropped, too */
  { S(".a\r\n.\r\n"), S("a\r\n"), WHOLE },
  { S("x\r\n.a\r\n.\r\n"), S("x\r\na\r\n"), WHOLE },
  /* a lone CR or LF ends no line, so a dot after it is ordinary */
  { S("a\n.\n.\r\n.b\r\n.\r\n"), S("a\n.\n.\r\nb\r\n"), WHOLE },
  { S("a\r.\r.\r\n.\r\n"), S("a\r.\r.\r\n"), WHOLE },
  { S("a\n.\r\n.\r\n"), S("a\n.\r\n"), WHOLE },
  { S("\n.\r\n.\r\n"), S("\n.\r\n"), WHOLE },
  { S("\r.\r\n.\r\n"), S("\r.\r\n"), WHOLE },
  { S("a\n\r\n.\r\n"), S("a\n\r\n"), WHOLE },
  { S("a\r\r\n.\r\n"), S("a\r\r\n"), WHOLE },
  { S("\r\r\n.\r\n"), S("\r\r\n"), WHOLE },
  /* almost the terminator */
  { S(".\rx\r\n.\r\n"), S("\rx\r\n"), WHOLE },
  { S(".\r\r\n.\r\n"), S("\r\r\n"), WHOLE },
  { S(".\n\r\n.\r\n"), S("\n\r\n"), WHOLE },
  { S("a\r\n.\rb\r\n.\r\n"), S("a\r\n\rb\r\n"), WHOLE },
  { S("a\r\n. \r\n.\r\n"), S("a\r\n \r\n"), WHOLE },
  { S(".\r.\r\n.\r\n"), S("\r.\r\n"), WHOLE },
  { S(".."), S("."), 0, 0, 0 },
  /* NUL and octets above 127 are ordinary octets */
  { S("\0\r\n.\0\r\n.\r\n"), S("\0\r\n\0\r\n"), WHOLE },
  { S("\377\r\n..\200\r\n.\r\n"), S("\377\r\n.\200\r\n"), WHOLE },
  /* octets after the terminator are not consumed */
  { S("a\r\n.\r\n.\r\n"), S("a\r\n"), 3, 0, 1 },
  { S("a\r\n.\r\n\r\n"), S("a\r\n"), 2, 0, 1 },
  { S("a\r\n.\r\nx"), S("a\r\n"), 1, 0, 1 },
  /* no terminator: up to two octets that may become one are held back */
  { S(""), S(""), 0, 0, 0 },
  { S("a"), S("a"), 0, 0, 0 },
  { S("a\r\n"), S("a\r\n"), 0, 0, 0 },
  { S("a\r\n."), S("a\r\n"), 1, 0, 0 },
  { S("a\r\n.\r"), S("a\r\n"), 2, 0, 0 },
  { S("."), S(""), 1, 0, 0 },
  { S("..\r\n.\r"), S(".\r\n"), 2, 0, 0 },
  /* nothing after a bare LF */
  { S("a\n.\n"), S("a\n.\n"), 0, 0, 0 },
  { S("a\n.\r\n"), S("a\n.\r\n"), 0, 0, 0 },
  { S("a\n."), S("a\n."), 0, 0, 0 },
  { S("a\n.\r"), S("a\n.\r"), 0, 0, 0 },
  { S("a\n.\n.\n"), S("a\n.\n.\n"), 0, 0, 0 },
  { S("a\n.\r\nb"), S("a\n.\r\nb"), 0, 0, 0 },
  { S("a\n.\r\n.\r\n"), S("a\n.\r\n"), WHOLE },
  { S("a\n.\n\r\n.\r\n"), S("a\n.\n\r\n"), WHOLE },
  { S("a\n.\rb"), S("a\n.\rb"), 0, 0, 0 },
  { S("a\n.\r\r"), S("a\n.\r\r"), 0, 0, 0 },
  { S("a\n..\n"), S("a\n..\n"), 0, 0, 0 },
  { S("a\r.\r"), S("a\r.\r"), 0, 0, 0 },
  /* loose: LF alone ends a line too */
  { S(".\n"), S(""), LOOSE },
  { S(".\r\n"), S(""), LOOSE },
  { S("a\n.\n"), S("a\n"), LOOSE },
  { S("a\r\n.\n"), S("a\r\n"), LOOSE },
  { S("a\n.\r\n"), S("a\n"), LOOSE },
  { S("..\n..b\r\n.\n"), S(".\n.b\r\n"), LOOSE },
  { S("a\n.\nb"), S("a\n"), 1, 1, 1 },
  { S("a\r.\n.\n"), S("a\r.\n"), LOOSE },
  { S("a\n.\r"), S("a\n"), 2, 1, 0 },
  { S("a\n.\rb\n.\n"), S("a\n\rb\n"), LOOSE },
  { S("a\n."), S("a\n"), 1, 1, 0 },
  /* auto: LF ends a line once two lines have ended so, and none in CRLF */
  { S(".\r\n"), S(""), AUTO },
  { S("a\nb\n.\n"), S("a\nb\n"), AUTO },
  { S("a\nb\n.\r\n"), S("a\nb\n"), AUTO },
  { S("a\n\n.\nx"), S("a\n\n"), 1, 2, 1 },
  { S("a\nb\n..\n..c\n.\n"), S("a\nb\n.\n.c\n"), AUTO },
  { S("a\nb\n.c\n.\n"), S("a\nb\nc\n"), AUTO },
  { S("..a\nb\n.\n"), S(".a\nb\n"), AUTO },
  { S("a\nb\n.\rc\n.\n"), S("a\nb\n\rc\n"), AUTO },
  { S("a\rb\nc\r.\n.\n"), S("a\rb\nc\r.\n"), AUTO },
  { S("a\nb\n."), S("a\nb\n"), 1, 2, 0 },
  { S("a\nb\n.\r"), S("a\nb\n"), 2, 2, 0 },
  /* one line in LF does not show enough, and the body is strict from there */
  { S("a\n.\n.\r\n.b\r\n.\r\n"), S("a\n.\n.\r\nb\r\n"), 0, 2, 1 },
  { S("a\n.\r\n.\r\n"), S("a\n.\r\n"), AUTO },
  { S("\n.\r\n.\r\n"), S("\n.\r\n"), AUTO },
  { S("a\n.\nb\n.c\n.\nd\r\n.\r\n"), S("a\n.\nb\n.c\n.\nd\r\n"), AUTO },
  { S("a\n..b\r\n.\r\n"), S("a\n..b\r\n"), AUTO },
  { S(".\n\r\n.\r\n"), S("\n\r\n"), AUTO },
  { S(".\nb\nc\n.\n\r\n.\r\n"), S("\nb\nc\n.\n\r\n"), AUTO },
  /* a CRLF makes it strict, wherever it is */
  { S("a\r\nb\nc\n.\n.\r\n\r\n.\r\n"), S("a\r\nb\nc\n.\n.\r\n\r\n"), AUTO },
  { S("a\nb\nc\r\nd\n.\ne\n..\r\n.\r\n"), S("a\nb\nc\r\nd\n.\ne\n..\r\n"),
    AUTO },
  { S("\r\n\n\n.\n.\r\n\r\n.\r\n"), S("\r\n\n\n.\n.\r\n\r\n"), AUTO },
  { S("a\nb\r\n..c\r\n.d\r\n.\r\n+"), S("a\nb\r\n.c\r\nd\r\n"), 1, 2, 1 },
  /* a listing: LF and CR CR LF end a line, too */
  { S("1 a\n2 b\n.\n"), S("1 a\n2 b\n"), LISTING },
  { S(".\n"), S(""), LISTING },
  { S(".\r\n"), S(""), LISTING },
  { S(".\r\r\n"), S(""), LISTING },
  { S("1 a\r\r\n.\r\r\n+"), S("1 a\r\r\n"), 1, 3, 1 },
  { S("1 a\r\n.\r\r\n"), S("1 a\r\n"), LISTING },
  { S("1 a\n.\r\r"), S("1 a\n"), 3, 3, 0 },
  { S("..\r\n.\r\rx\n.\n"), S(".\r\n\r\rx\n"), LISTING },
  /* longer than the blocks that the search for dots uses */
  { S("0123456789012345678901234567890123456789012345678901234567890\r\n"
      "..0123456789012345678901234567890123456789012345678901234567890\r\n"
      ".\r\n+OK"),
    S("0123456789012345678901234567890123456789012345678901234567890\r\n"
      ".0123456789012345678901234567890123456789012345678901234567890\r\n"),
    3, 0, 1 }
};

/*
** Decode wire[0 .. n) in pieces that end at the cuts and at 'n'. Input and
** output share one buffer, as they do in the client engine: output is written
** 'gap' octets before the place where input is read.
*/
static size_t decode (const sample *c, size_t gap, const size_t *cut,
                      size_t cuts, char *plain, size_t *left, int *done) {
  char in[MAX];
  pop3_undot d;
  size_t r = gap, w = 0, have = 0, k;
  pop3_undot_init(&d, c->mode);
  if (c->wn > 0) memcpy(in + gap, c->wire, c->wn);
  for (k = 0; k <= cuts; k++) {
    size_t used, to = k < cuts ? cut[k] : c->wn;
    have = to;
    w += pop3_undot_run(&d, in + w, in + r, gap + have - r, &used);
    r += used;
  }
  memcpy(plain, in, w);
  *left = gap + c->wn - r;
  *done = d.done;
  return w;
}

static void check_decoded (const sample *c, size_t gap, const size_t *cut,
                           size_t cuts) {
  char plain[MAX];
  size_t left, n;
  int done;
  n = decode(c, gap, cut, cuts, plain, &left, &done);
  CHECK_SAME(plain, n, c->plain, c->pn);
  CHECK(left == c->left);
  CHECK(done == c->done);
}

/* Bodies that have no more octets for a while, and whether that ends them. */
static const struct {
  const char *wire;
  size_t n;
  int mode, doubtful;
} pauses[] = {
  { S("a\r\n\r\nb\n.\n"), POP3_UNDOT_STRICT, 0 },
  { S("a\r\n\r\nb\n.\r\n"), POP3_UNDOT_STRICT, 0 },
  { S("a\r\n\r\nb\n.\n.\n"), POP3_UNDOT_STRICT, 0 },
  { S("a\r\n\r\nb\n.\n."), POP3_UNDOT_STRICT, 0 },
  { S("a\r\n\r\nb\n.\r"), POP3_UNDOT_STRICT, 0 },
  { S("a\r\n\r\nb\n."), POP3_UNDOT_STRICT, 0 },
  { S("a\r\n\r\nb\n..\n"), POP3_UNDOT_STRICT, 0 },
  { S("a\r\n\r\nb.\r\n"), POP3_UNDOT_STRICT, 0 },
  { S("a\r\n.\n"), POP3_UNDOT_STRICT, 0 },
  { S("a\r\n.\r"), POP3_UNDOT_STRICT, 0 },
  { S("a\r\n"), POP3_UNDOT_STRICT, 0 },
  { S("a\r\n\r\nb\n.\n"), POP3_UNDOT_AUTO, 0 },
  { S("a\r\nb\n.\r\n"), POP3_UNDOT_AUTO, 0 },
  { S("a\nb\nc\r\n\n.\n"), POP3_UNDOT_AUTO, 0 },
  { S("\r\n\n.\r\n"), POP3_UNDOT_AUTO, 0 },
  { S("a\r\n.\n"), POP3_UNDOT_AUTO, 0 },
  { S("a\n..\n"), POP3_UNDOT_AUTO, 0 },
  { S("a\n.\n"), POP3_UNDOT_AUTO, 1 },
  { S("a\n.\r\n"), POP3_UNDOT_AUTO, 1 },
  { S(".\n"), POP3_UNDOT_AUTO, 1 },
  { S(".\n.\n"), POP3_UNDOT_AUTO, 0 },
  { S("a\nb\n."), POP3_UNDOT_AUTO, 0 },
  { S("a\n.\nb"), POP3_UNDOT_AUTO, 0 },
  { S("1 a\n."), POP3_UNDOT_LISTING, 0 },
  { S("1 a\r\n.\r"), POP3_UNDOT_LISTING, 0 }
};

static void settle (void) {
  size_t k, cut;
  for (k = 0; k < sizeof pauses / sizeof pauses[0]; k++)
    for (cut = 0; cut <= pauses[k].n; cut++) {
      char in[MAX];
      size_t used, r;
      pop3_undot d;
      check_about("pause %d, cut at %d", (int)k, (int)cut);
      memcpy(in, pauses[k].wire, pauses[k].n);
      pop3_undot_init(&d, pauses[k].mode);
      pop3_undot_run(&d, in, in, cut, &used);
      r = used;
      pop3_undot_run(&d, in, in + r, pauses[k].n - r, &used);
      CHECK(d.done == 0 && d.doubtful == pauses[k].doubtful);
      CHECK(pop3_undot_settle(&d) == pauses[k].doubtful);
      CHECK(d.done == pauses[k].doubtful && !d.doubtful);
      CHECK(pop3_undot_settle(&d) == 0);
    }
}

/* Whole, octet by octet, cut at one and at two places; with each gap. */
static void decode_samples (void) {
  size_t k;
  for (k = 0; k < sizeof samples / sizeof samples[0]; k++) {
    const sample *c = &samples[k];
    size_t gap, i, j, each[MAX], two[2];
    for (i = 0; i < c->wn; i++) each[i] = i;
    for (gap = 0; gap < 4; gap++) {
      check_about("sample %d, gap %d, octet by octet", (int)k, (int)gap);
      check_decoded(c, gap, each, c->wn);
      for (i = 0; i <= c->wn; i++) {
        two[0] = i;
        check_about("sample %d, gap %d, cut at %d", (int)k, (int)gap, (int)i);
        check_decoded(c, gap, two, 1);
        for (j = i; c->wn <= PAIRS && j <= c->wn; j++) {
          two[1] = j;
          check_about("sample %d, gap %d, cuts at %d, %d", (int)k, (int)gap,
                      (int)i, (int)j);
          check_decoded(c, gap, two, 2);
        }
      }
    }
  }
}

/* ---------------------------------------------------------------- encoding */

/* The expected output of the encoder, computed octet by octet. */
static size_t naive_encode (const char *p, size_t n, char *out) {
  size_t i, w = 0;
  int bol = 1;
  for (i = 0; i < n; i++) {
    if (p[i] == '\n' && (i == 0 || p[i - 1] != '\r')) out[w++] = '\r';
    if (p[i] == '.' && bol) out[w++] = '.';
    out[w++] = p[i];
    bol = p[i] == '\n';
  }
  if (!bol) memcpy(out + w, "\r\n", 2), w += 2;
  memcpy(out + w, ".\r\n", 3);
  return w + 3;
}

/* Encode into pieces of at most 'cap' octets, the input being cut at 'cut'. */
static size_t encode (const char *p, size_t n, size_t cap, size_t cut,
                      char *out) {
  pop3_endot e;
  size_t i = 0, w = 0, used;
  pop3_endot_init(&e);
  while (i < n) {
    size_t to = i < cut ? cut : n, got;
    got = pop3_endot_run(&e, out + w, cap, p + i, to - i, &used);
    CHECK(got <= cap);
    CHECK(used == to - i || got + 3 > cap);
    if (used == 0) break;
    w += got;
    i += used;
  }
  return w + pop3_endot_end(&e, out + w);
}

static void check_encoded (const char *p, size_t n) {
  char expected[MAX], got[MAX];
  size_t cap, cut, en = naive_encode(p, n, expected);
  for (cap = 3; cap < en + 3; cap++) {
    for (cut = 0; cut <= n; cut++) {
      check_about("encode, capacity %d, cut at %d", (int)cap, (int)cut);
      CHECK_SAME(got, encode(p, n, cap, cut, got), expected, en);
    }
  }
}

static void encode_samples (void) {
  size_t k;
  for (k = 0; k < sizeof samples / sizeof samples[0]; k++) {
    check_encoded(samples[k].plain, samples[k].pn);
    check_encoded(samples[k].wire, samples[k].wn);
  }
}

/* ----------------------------------------------------------------- property */

static size_t canonical (const char *p, size_t n, char *out) {
  failmem m;
  pop3_buf b;
  pop3_canon c = { 0, 0 };
  size_t got;
  pop3_buf_init(&b, failmem_mem(&m, 0));
  CHECK(pop3_canon_add(&c, &b, p, n) == 0 && pop3_canon_end(&c, &b) == 0);
  got = b.n;
  if (got > 0) memcpy(out, b.p, got);
  pop3_buf_free(&b);
  CHECK(m.blocks == 0 && m.wrong == 0);
  return got;
}

/*
** decode(encode(x)) is x in canonical form, for random texts of dots, line ends
** and letters, cut anywhere both ways, with octets of the next reply after it.
*/
static void random_texts (int rounds) {
  static const char alphabet[] = ".\r\na.\r\n";
  char x[200], wire[MAX], plain[MAX], expected[MAX];
  while (rounds-- > 0) {
    sample c = { NULL, 0, NULL, 0, 0, 0, 1 };
    size_t n = random_below(rounds % 8 == 0 ? sizeof x : 24);
    size_t i, left, each[MAX];
    int done;
    check_about("random text %d", rounds);
    for (i = 0; i < n; i++) x[i] = alphabet[random_below(sizeof alphabet - 1)];
    c.wire = wire;
    i = random_below(n + 1);
    c.wn = encode(x, n, 3 + random_below(40), i, wire);
    c.left = random_below(4);
    memcpy(wire + c.wn, ".\r\n", 3);
    c.wn += c.left;
    c.plain = expected;
    c.pn = canonical(x, n, expected);
    for (i = 0; i < c.wn; i++) each[i] = i;
    check_decoded(&c, 0, each, c.wn);
    check_decoded(&c, 0, NULL, 0);
    each[0] = random_below(c.wn + 1);
    check_decoded(&c, random_below(3), each, 1);
    CHECK(decode(&c, 1, each, 1, plain, &left, &done) <= c.wn);
  }
}

/* -------------------------------------------------------------- guard pages */

/*
** Input and output at the border of mapped memory: an access before or after
** them crashes the test.
*/
static void guarded (void) {
  guard in, out;
  size_t k, n;
  if (!guard_new(&in, MAX) || !guard_new(&out, MAX)) return;
  for (k = 0; k < sizeof samples / sizeof samples[0]; k++) {
    const sample *c = &samples[k];
    char wire[MAX];
    size_t used;
    int end;
    check_about("guard page, sample %d", (int)k);
    for (n = 0; n <= c->wn; n++) for (end = 0; end < 2; end++) {
      char *p = end ? guard_end(&in, c->wire, n) : guard_start(&in, c->wire,
                                                               n);
      pop3_undot d;
      pop3_endot e;
      size_t got;
      pop3_undot_init(&d, c->mode);
      CHECK(pop3_undot_run(&d, p, p, n, &used) <= n);
      p = end ? guard_end(&in, c->wire, n) : guard_start(&in, c->wire, n);
      pop3_endot_init(&e);
      got = naive_encode(c->wire, n, wire);
      got = pop3_endot_run(&e, guard_end(&out, NULL, got), got, p, n, &used);
      CHECK(used == n || got > 0);
    }
  }
  for (n = 3; n < 300; n++) {  /* an output buffer of exactly n octets */
    char *to = guard_end(&out, NULL, n);
    char text[600];
    size_t used;
    pop3_endot e;
    memset(text, '\n', sizeof text);
    pop3_endot_init(&e);
    CHECK(pop3_endot_run(&e, to, n, text, sizeof text, &used) <= n);
    memset(text, '.', sizeof text);
    pop3_endot_init(&e);
    CHECK(pop3_endot_run(&e, to, n, text, sizeof text, &used) == n);
    CHECK(used == n - 1);
  }
  guard_free(&in);
  guard_free(&out);
}

int main (void) {
  decode_samples();
  settle();
  encode_samples();
  random_texts(20000);
  guarded();
  return check_end();
}
