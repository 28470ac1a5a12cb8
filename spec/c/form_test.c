/*
** form_test.c - the forms in which a message is written, cut everywhere.
*/
#include <string.h>

#include "buf.h"
#include "check.h"
#include "failmem.h"
#include "form.h"

typedef struct sample {
  enum pop3_form_kind kind;
  const char *in;
  size_t in_n;
  const char *out;
  size_t out_n;
} sample;

#define S(x) x, sizeof(x) - 1
#define OCTETS POP3_FORM_OCTETS
#define LF POP3_FORM_LF
#define MBOX POP3_FORM_MBOX
#define DOT POP3_FORM_DOT

static const sample samples[] = {
  { OCTETS, S(""), S("") },
  { OCTETS, S("a\r\nFrom b\r\n.\r\n\0"), S("a\r\nFrom b\r\n.\r\n\0") },
  { LF, S(""), S("") },
  { LF, S("a\r\n"), S("a\n") },
  { LF, S("\r\n\r\n"), S("\n\n") },
  { LF, S("a\nb"), S("a\nb") },
  { LF, S("a\r"), S("a\r") },
  { LF, S("a\rb\r\r\nc\r"), S("a\rb\r\nc\r") },
  { LF, S("\r\r\r\n"), S("\r\r\n") },
  { LF, S("From a\r\n"), S("From a\n") },
  { MBOX, S(""), S("") },
  { MBOX, S("From a\r\n"), S(">From a\n") },
  { MBOX, S(">From a\r\n"), S(">>From a\n") },
  { MBOX, S(">>>From a\r\n>>>Fromage\r\n"), S(">>>>From a\n>>>Fromage\n") },
  { MBOX, S("x\r\nFrom "), S("x\n>From ") },
  { MBOX, S("x\r\nFrom"), S("x\nFrom") },
  { MBOX, S("x\r\n>From"), S("x\n>From") },
  { MBOX, S("FFrom x\r\nFrFrom x\r\n"), S("FFrom x\nFrFrom x\n") },
  { MBOX, S("F>From x\r\nFrom>\r\n>F\r\n"), S("F>From x\nFrom>\n>F\n") },
  { MBOX, S(" From x\r\nfrom x\r\nFrom\tx\r\n"),
    S(" From x\nfrom x\nFrom\tx\n") },
  { MBOX, S("a\rFrom x\r\n"), S("a\rFrom x\n") },
  { MBOX, S("a\nFrom x\nFrom y"), S("a\n>From x\n>From y") },
  { MBOX, S("\r\nFrom x\r\n\r\nFrom y\r\n"), S("\n>From x\n\n>From y\n") },
  { MBOX, S("Fro\r\nFrom x"), S("Fro\n>From x") },
  { MBOX, S("\rFrom x\r\n"), S("\rFrom x\n") },
  { MBOX, S(">"), S(">") },
  { MBOX, S("F"), S("F") },
  { MBOX, S("From \r\r\n"), S(">From \r\n") },
  { DOT, S(""), S(".\r\n") },
  { DOT, S("a\r\n"), S("a\r\n.\r\n") },
  { DOT, S(".\r\n..\r\na.\r\n"), S("..\r\n...\r\na.\r\n.\r\n") },
  { DOT, S("a\n.b"), S("a\r\n..b\r\n.\r\n") },
};

/* The form of in[0 .. n) cut before octets 'a' and 'b'; 0 or an error. */
static int convert (const sample *s, size_t a, size_t b, pop3_buf *out) {
  pop3_form f;
  int err;
  pop3_form_init(&f, s->kind);
  err = pop3_form_add(&f, out, s->in, a);
  if (err == 0) err = pop3_form_add(&f, out, s->in + a, b - a);
  if (err == 0) err = pop3_form_add(&f, out, s->in + b, s->in_n - b);
  return err != 0 ? err : pop3_form_end(&f, out);
}

static void every_split (const sample *s, pop3_mem mem) {
  size_t a, b;
  for (a = 0; a <= s->in_n; a++)
    for (b = a; b <= s->in_n; b++) {
      pop3_buf out;
      pop3_buf_init(&out, mem);
      check_about("form %d of \"%s\", cut at %d and %d", (int)s->kind, s->in,
                  (int)a, (int)b);
      CHECK(convert(s, a, b, &out) == 0);
      CHECK_SAME(out.p, out.n, s->out, s->out_n);
      pop3_buf_free(&out);
    }
}

static void octet_by_octet (const sample *s, pop3_mem mem) {
  pop3_buf out;
  pop3_form f;
  size_t i;
  pop3_buf_init(&out, mem);
  pop3_form_init(&f, s->kind);
  check_about("form %d of \"%s\", octet by octet", (int)s->kind, s->in);
  for (i = 0; i < s->in_n; i++)
    CHECK(pop3_form_add(&f, &out, s->in + i, 1) == 0);
  CHECK(pop3_form_end(&f, &out) == 0);
  CHECK_SAME(out.p, out.n, s->out, s->out_n);
  pop3_buf_free(&out);
}

/* Each request for memory fails once; the failure leaks nothing. */
static void memory (void) {
  static const char long_line[] = "From the start\r\n.and on and on and on "
    "and on and on and on and on and on and on and on and on and on and on "
    "and on and on and on and on and on and on and on and on and on and on";
  sample s = { MBOX, S(long_line), S("") };
  int kind;
  for (kind = OCTETS; kind <= DOT; kind++) {
    long k;
    int err = POP3_ENOMEM;
    s.kind = (enum pop3_form_kind)kind;
    for (k = 1; err != 0 && k < 50; k++) {
      failmem m;
      pop3_buf out;
      pop3_buf_init(&out, failmem_mem(&m, k));
      err = convert(&s, 3, 40, &out);
      check_about("form %d, request %ld for memory fails", kind, k);
      CHECK(err == 0 || err == POP3_ENOMEM);
      pop3_buf_free(&out);
      CHECK(m.blocks == 0 && m.wrong == 0);
    }
    CHECK(err == 0 && k > 2);
  }
}

int main (void) {
  size_t i;
  failmem m;
  pop3_mem mem = failmem_mem(&m, 0);
  for (i = 0; i < sizeof samples / sizeof *samples; i++) {
    every_split(&samples[i], mem);
    octet_by_octet(&samples[i], mem);
  }
  CHECK(m.blocks == 0 && m.wrong == 0);
  memory();
  return check_end();
}
