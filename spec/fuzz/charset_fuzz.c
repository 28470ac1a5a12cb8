/*
** charset_fuzz.c - text of a charset of several octets: what iconv accepts as a
** whole comes out the same from the pieces that the guard of multibyte.c lets
** it see, and no character is cut in two.
*/
#include <iconv.h>

#include "fuzz.h"
#include "multibyte.h"

static const struct {
  const char *label, *iconv;
} sets[] = {
  {"shift_jis", "CP932"}, {"gb18030", "GB18030"}, {"euc-kr", "CP949"},
  {"euc-jp", "EUC-JP-MS"}, {"big5", "BIG5-HKSCS"}, {"iso-2022-jp", NULL},
  {"hz-gb-2312", NULL}, {"iso-2022-kr", NULL}
};

#define SETS (sizeof sets / sizeof sets[0])

/* The length of the input whose characters the guard lets iconv see. */
static size_t guarded (int kind, pop3_span in) {
  size_t done = 0;
  while (done < in.n) {
    size_t safe = pop3_multi_safe(kind, in.p + done, in.n - done);
    if (safe > in.n - done) abort();
    if (safe == 0) break;
    done += safe;
  }
  return done;
}

/* What iconv makes of all of 'in' in one call; 0 if it refuses a part. */
static int at_once (const char *name, pop3_span in, pop3_buf *out) {
  union { const char *r; char *w; } ip;
  iconv_t cd = iconv_open("UTF-8", name);
  size_t left = in.n, room, r;
  char *op;
  if (cd == (iconv_t)-1) return 0;
  if (pop3_buf_room(out, in.n * 4 + 16) != 0) abort();
  ip.r = in.p;
  op = out->p;
  room = out->cap;
  r = iconv(cd, &ip.w, &left, &op, &room);
  if (r == 0) iconv(cd, NULL, NULL, &op, &room);
  iconv_close(cd);
  out->n = (size_t)(op - out->p);
  return r == 0;
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t n) {
  const pop3_charset *cs;
  pop3_buf text, whole;
  pop3_conv c;
  pop3_span in;
  size_t set;
  if (n < 2) return 0;
  set = data[0] % SETS;
  in = pop3_span_of((const char *)data + 1, n - 1);
  cs = pop3_charset_find(pop3_span_of(sets[set].label,
                                      strlen(sets[set].label)));
  pop3_conv_init(&c, fuzz_mem());
  pop3_buf_init(&text, fuzz_mem());
  pop3_buf_init(&whole, fuzz_mem());
  if (pop3_conv_text(&c, cs, in, &text) != 0) abort();
  fuzz_utf8(pop3_span_of(text.p, text.n));
  if (text.n > in.n * 8 + 16) abort();
  if (sets[set].iconv != NULL && guarded(cs->kind, in) == in.n &&
      at_once(sets[set].iconv, in, &whole) &&
      (whole.n != text.n || memcmp(whole.p, text.p, text.n) != 0))
    abort();
  pop3_buf_free(&text);
  pop3_buf_free(&whole);
  pop3_conv_free(&c);
  return 0;
}
