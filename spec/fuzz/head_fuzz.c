/* head_fuzz.c - header blocks, unfolding, message-ids. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t n) {
  pop3_mem mem = fuzz_mem();
  pop3_head h = {{(const char *)data, n}, 0};
  enum pop3_head_kind k;
  int dashes;
  pop3_buf tmp, out;
  pop3_field f;
  pop3_buf_init(&tmp, mem);
  pop3_buf_init(&out, mem);
  if (pop3_head_size(h.block, &dashes) > n) abort();
  while ((k = pop3_head_next(&h, &f)) != POP3_HEAD_END) {
    pop3_span s;
    size_t at = 0;
    if (pop3_unfold(f.value, &tmp, &s) != 0 || s.n > f.value.n) abort();
    while (pop3_ident_next(s, &at, &out) > 0)
      fuzz_utf8(pop3_span_of(out.p, out.n));
    if (pop3_ident(s, &out) > 0) fuzz_utf8(pop3_span_of(out.p, out.n));
  }
  pop3_buf_free(&tmp);
  pop3_buf_free(&out);
  return 0;
}
