/*
** html_fuzz.c - readable text from HTML: well-formed UTF-8, no longer than a
** small multiple of what it is made from. URLs, and the declared charset:
** in order, and within the input.
*/
#include "fuzz.h"

static void fuzz_urls (pop3_span in) {
  const char *last = in.p, *end = in.p + in.n;
  pop3_html_urls urls;
  pop3_span s;
  pop3_html_urls_init(&urls, in);
  while (pop3_html_urls_next(&urls, &s)) {
    if (s.p < last || s.n == 0 || s.n > (size_t)(end - s.p)) abort();
    last = s.p + s.n;
  }
  if (pop3_html_meta(in, &s) &&
      (s.p < in.p || s.n == 0 || s.n > (size_t)(end - s.p)))
    abort();
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t n) {
  pop3_buf in, out;
  int err;
  if (n > 0) fuzz_urls(pop3_span_of((const char *)data, n));
  pop3_buf_init(&in, fuzz_mem());
  pop3_buf_init(&out, fuzz_mem());
  err = pop3_html_text(&out, pop3_span_of((const char *)data, n));
  if (err != 0 && err != POP3_ECHARSET) abort();
  if (err == POP3_ECHARSET) {
    if (pop3_utf8_fix(&in, pop3_span_of((const char *)data, n)) != 0) abort();
    if (pop3_html_text(&out, pop3_span_of(in.p, in.n)) != 0) abort();
  }
  fuzz_utf8(pop3_span_of(out.p, out.n));
  if (out.n > 64 * n + 64) abort();
  pop3_buf_free(&in);
  pop3_buf_free(&out);
  return 0;
}
