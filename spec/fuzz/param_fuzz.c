/* param_fuzz.c - fields with parameters, RFC 2231 sections and charsets. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t n) {
  pop3_mem mem = fuzz_mem();
  pop3_value v;
  pop3_conv c;
  pop3_buf out;
  size_t i;
  pop3_value_init(&v, mem);
  pop3_conv_init(&c, mem);
  pop3_buf_init(&out, mem);
  if (pop3_value_parse(&v, pop3_span_of((const char *)data, n), 50) != 0)
    abort();
  if (pop3_value_count(&v) > 50) abort();
  for (i = 0; i < pop3_value_count(&v); i++) {
    pop3_param p;
    pop3_value_get(&v, i, &p);
    out.n = 0;
    if (p.name.n == 0 || pop3_param_text(&c, &p, &out) != 0) abort();
    fuzz_utf8(pop3_span_of(out.p, out.n));
  }
  pop3_value_free(&v);
  pop3_conv_free(&c);
  pop3_buf_free(&out);
  return 0;
}
