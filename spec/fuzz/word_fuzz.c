/*
** word_fuzz.c - encoded-words: UTF-8 comes out, plain ASCII as it went in, and
** what is encoded is decoded again.
*/
#include "fuzz.h"

#define BOM "\xEF\xBB\xBF"     /* decoding drops it at the start */

/* The words of a text: short, and the same text again. */
static void fuzz_encode (pop3_conv *c, pop3_mem mem, pop3_span in) {
  int valid = in.n == 0 || pop3_utf8_valid(in.p, in.n) == in.n;
  pop3_buf words, back;
  size_t i, len = 0;
  pop3_buf_init(&words, mem);
  pop3_buf_init(&back, mem);
  if (pop3_encode_words(&words, in) != (valid ? 0 : POP3_ECHARSET)) abort();
  if (valid && (in.n < 3 || memcmp(in.p, BOM, 3) != 0)) {
    if (pop3_words(c, pop3_span_of(words.p, words.n), &back) != 0) abort();
    if (back.n != in.n || (in.n > 0 && memcmp(back.p, in.p, in.n) != 0))
      abort();
  }
  if (words.n != in.n || (in.n > 0 && memcmp(words.p, in.p, in.n) != 0))
    for (i = 0; i < words.n; i++) {
      len = words.p[i] == ' ' ? 0 : len + 1;
      if (len > 75) abort();
    }
  pop3_buf_free(&words);
  pop3_buf_free(&back);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t n) {
  pop3_span in = pop3_span_of((const char *)data, n);
  pop3_mem mem = fuzz_mem();
  pop3_conv c;
  pop3_buf out;
  pop3_conv_init(&c, mem);
  pop3_buf_init(&out, mem);
  if (pop3_words(&c, in, &out) != 0) abort();
  fuzz_utf8(pop3_span_of(out.p, out.n));
  if (n > 0 && memchr(data, '=', n) == NULL && pop3_utf8_valid(in.p, n) == n &&
      (out.n != n || memcmp(out.p, data, n) != 0))
    abort();
  fuzz_encode(&c, mem, in);
  pop3_conv_free(&c);
  pop3_buf_free(&out);
  return 0;
}
