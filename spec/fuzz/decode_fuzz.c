/*
** decode_fuzz.c - transfer encodings: the same octets come out of pieces, and
** never much more than went in.
*/
#include "cuts.h"
#include "mail.h"

static void decode (enum pop3_encoding code, pop3_span in, uint32_t seed,
                    pop3_buf *out) {
  pop3_decoder d;
  cuts c = { seed };
  pop3_decoder_init(&d, code);
  do {
    size_t n = in.n > 0 ? cuts_next(&c, in.n) : 0;
    NEED(pop3_decode(&d, pop3_span_of(in.p, n), n == in.n, out) == 0);
    in.p += n;
    in.n -= n;
  } while (in.n > 0);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t n) {
  pop3_buf whole, pieces;
  enum pop3_encoding code;
  pop3_span in;
  if (n < 2) return 0;
  code = (enum pop3_encoding)(data[0] % (POP3_ENC_UNKNOWN + 1));
  in = pop3_span_of((const char *)data + 2, n - 2);
  pop3_buf_init(&whole, fuzz_mem());
  pop3_buf_init(&pieces, fuzz_mem());
  decode(code, in, 0, &whole);
  decode(code, in, 1u + data[1], &pieces);
  NEED(same(&whole, &pieces));
  NEED(whole.n <= in.n * 64 + 64);
  pop3_buf_free(&whole);
  pop3_buf_free(&pieces);
  return 0;
}
