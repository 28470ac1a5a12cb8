/* mail_fuzz.c - whole messages: parts whole and in pieces, headers, text. */
#include <stdlib.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t n) {
  pop3_mem mem = fuzz_mem();
  pop3_span in = pop3_span_of((const char *)data, n), rest = in;
  pop3_mime_ev ev;
  pop3_mime m;
  pop3_tree t;
  pop3_conv conv;
  pop3_limits lim = {5, 20, 200, 50, 20, 100};
  pop3_conv_init(&conv, mem);
  pop3_tree_init(&t, mem);
  if (pop3_tree_build(&t, in, &lim) != 0) abort();
  if (pop3_tree_headers(&t, in, &lim, &conv) != 0) abort();
  fuzz_texts(mem, in);
  pop3_tree_free(&t);
  pop3_conv_free(&conv);
  pop3_mime_init(&m, mem, &lim);
  rest.n = n / 2;                              /* given in two pieces */
  while (pop3_mime_next(&m, &rest, 0, &ev) > 0) continue;
  rest.n += n - n / 2;
  while (pop3_mime_next(&m, &rest, 1, &ev) > 0) continue;
  if (rest.n != 0) abort();
  pop3_mime_free(&m);
  return 0;
}
