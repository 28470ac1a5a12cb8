/* word_fuzz.c - encoded-words: UTF-8 comes out, plain ASCII as it went in. */
#include "fuzz.h"

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
  pop3_conv_free(&c);
  pop3_buf_free(&out);
  return 0;
}
