/*
** word_fuzz.c - encoded-words: the output is UTF-8 without line ends and NULs,
** plain ASCII is unchanged, and decoding reverses encoding.
*/
#include "fuzz.h"

#define BOM "\xEF\xBB\xBF"     /* decoding drops it at the start of a word */

/* Is 'out' the text 'in', with blanks for line ends and NULs? */
static int same_text (const pop3_buf *out, pop3_span in) {
  size_t i;
  if (out->n != in.n) return 0;
  for (i = 0; i < in.n; i++) {
    char c = in.p[i];
    if (c == '\r' || c == '\n' || c == '\0') c = ' ';
    if (out->p[i] != c) return 0;
  }
  return 1;
}

static int has_mark (pop3_span in) {
  size_t i;
  for (i = 0; i + 3 <= in.n; i++)
    if (memcmp(in.p + i, BOM, 3) == 0) return 1;
  return 0;
}

/* The words of a text: short, and the same text again. */
static void fuzz_encode (pop3_conv *c, pop3_mem mem, pop3_span in) {
  int valid = in.n == 0 || pop3_utf8_valid(in.p, in.n) == in.n;
  pop3_buf words, back;
  size_t i, len = 0;
  pop3_buf_init(&words, mem);
  pop3_buf_init(&back, mem);
  if (pop3_encode_words(&words, in) != (valid ? 0 : POP3_ECHARSET)) abort();
  if (valid && !has_mark(in) && memchr(in.p, 0x1B, in.n) == NULL) {
    if (pop3_words(c, pop3_span_of(words.p, words.n), &back) != 0) abort();
    if (!same_text(&back, in)) abort();
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
  if (n > 0 && memchr(data, '=', n) == NULL && memchr(data, 0x1B, n) == NULL &&
      pop3_utf8_valid(in.p, n) == n && !same_text(&out, in))
    abort();
  fuzz_encode(&c, mem, in);
  pop3_conv_free(&c);
  pop3_buf_free(&out);
  return 0;
}
