/*
** fuzz.h - code that the targets for messages share. 'make fuzz' builds
** them and runs each; spec/messages holds inputs to start from.
*/
#ifndef FUZZ_H
#define FUZZ_H

#include <string.h>

#include "fuzz_mem.h"
#include "mail.h"

/* What is UTF-8 by promise must be. */
static inline void fuzz_utf8 (pop3_span s) {
  if (s.n > 0 && pop3_utf8_valid(s.p, s.n) != s.n) abort();
}

/* Decode 'in' in every transfer code, and from every kind of charset. */
static inline void fuzz_texts (pop3_mem mem, pop3_span in) {
  static const char *const labels[] = {
    "utf-8", "koi8-u", "shift_jis", "euc-jp", "iso-2022-jp", "big5", "utf-16",
    "utf-7", "gbk", "hz-gb-2312", "iso-2022-kr", "x-user-defined", "?"
  };
  pop3_conv c;
  pop3_buf out;
  size_t i;
  int code;
  pop3_conv_init(&c, mem);
  pop3_buf_init(&out, mem);
  for (i = 0; i < sizeof labels / sizeof labels[0]; i++) {
    pop3_span label = pop3_span_of(labels[i], strlen(labels[i]));
    out.n = 0;
    if (pop3_conv_text(&c, pop3_charset_find(label), in, &out) != 0) abort();
    fuzz_utf8(pop3_span_of(out.p, out.n));
  }
  for (code = POP3_ENC_NONE; code <= POP3_ENC_UNKNOWN; code++) {
    pop3_decoder d;
    pop3_decoder_init(&d, (enum pop3_encoding)code);
    if (pop3_decode(&d, in, 1, &out) != 0) abort();
  }
  pop3_conv_free(&c);
  pop3_buf_free(&out);
}

#endif
