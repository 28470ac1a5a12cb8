/* addr_fuzz.c - address lists: results are UTF-8, trimmed, never empty. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t n) {
  pop3_mem mem = fuzz_mem();
  pop3_addrs a;
  pop3_address x;
  pop3_conv c;
  size_t count = 0;
  pop3_conv_init(&c, mem);
  pop3_addrs_init(&a, &c, mem);
  pop3_addrs_start(&a, pop3_span_of((const char *)data, n));
  while (pop3_addrs_next(&a, &x) > 0) {
    fuzz_utf8(x.name);
    fuzz_utf8(x.address);
    fuzz_utf8(x.group);
    if (x.name.n + x.address.n == 0 || ++count > n) abort();
  }
  pop3_addrs_free(&a);
  pop3_conv_free(&c);
  return 0;
}
