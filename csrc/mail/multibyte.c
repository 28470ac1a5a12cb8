/*
** multibyte.c - the octets of charsets like Shift_JIS: which octets begin a
** character, and which characters iconv must not get.
*/
#include "../base/ascii.h"
#include "label.h"
#include "multibyte.h"

typedef unsigned char byte;

int pop3_multi_is_lead (int kind, unsigned char b) {
  if (kind == POP3_CS_SJIS)
    return (b >= 0x81 && b <= 0x9F) || (b >= 0xE0 && b <= 0xFC);
  if (kind == POP3_CS_EUCJP)
    return b == 0x8E || b == 0x8F || (b >= 0xA1 && b <= 0xFE);
  return b >= 0x81 && b <= 0xFE;
}

/* Characters of four octets of GB18030 are numbered; where ranges begin: */
#define GB_SURROGATE 33469u   /* the number after that of U+D7FF */
#define GB_ABOVE 189000u      /* U+10000 */

static uint32_t gb_number (const byte *p) {
  return ((p[0] - 0x81u) * 10 + (p[1] - 0x30u)) * 1260 + (p[2] - 0x81u) * 10 +
         (p[3] - 0x30u);
}

/* 1 if iconv is that of musl, or if the guard is to be tested without it. */
#ifndef POP3_ICONV_GUARD
#if defined(__linux__) && !defined(__GLIBC__)
#define POP3_ICONV_GUARD 1
#else
#define POP3_ICONV_GUARD 0
#endif
#endif

#if !POP3_ICONV_GUARD

size_t pop3_multi_safe (int kind, const char *s, size_t n) {
  (void)kind;
  (void)s;
  return n;
}

#else

#define LOOK 256    /* octets that are checked before iconv gets them */

/* The length of the character at 'p', or 1 if it is none. */
static size_t char_length (int kind, const byte *p, size_t n) {
  if (p[0] < 0x80 || n < 2 || !pop3_multi_is_lead(kind, p[0])) return 1;
  if (kind == POP3_CS_GB18030 && pop3_isdigit(p[1])) return 4;
  return p[1] < 0x40 || p[1] == 0x7F ? 1 : 2;
}

/*
** Must the character at 'p' be kept from iconv? For Shift_JIS it reads outside of
** its table at an invalid second octet, and at rows above 84. For EUC-KR, it
** writes outside of its output at some invalid characters (CVE-2025-26519). In
** GB18030 the same happens from U+D800 on, where four octets are used.
*/
static int is_unsafe (int kind, const byte *p, size_t n) {
  if (kind == POP3_CS_SJIS)
    return n > 1 && pop3_multi_is_lead(kind, p[0]) &&
           (p[0] > 0xEA || p[1] < 0x40 || p[1] == 0x7F || p[1] > 0xFC);
  if (p[0] >= 0x80 && !pop3_multi_is_lead(kind, p[0])) return 1;
  if (n < 2) return 0;
  if (kind == POP3_CS_EUCKR)
    return p[0] >= 0xC6 && p[1] < 0xA1 && (p[0] > 0xC6 || p[1] > 0x52);
  return n > 3 && pop3_isdigit(p[1]) && gb_number(p) >= GB_SURROGATE;
}

size_t pop3_multi_safe (int kind, const char *s, size_t n) {
  const byte *p = (const byte *)s;
  size_t i = 0;
  if (kind != POP3_CS_SJIS && kind != POP3_CS_GB18030 && kind != POP3_CS_EUCKR)
    return n;
  while (i < n && i < LOOK && !is_unsafe(kind, p + i, n - i))
    i += char_length(kind, p + i, n - i);
  return i < n ? i : n;
}

#endif

uint32_t pop3_multi_four (int kind, const char *s, size_t n) {
  const byte *p = (const byte *)s;
  uint32_t k;
  if (kind != POP3_CS_GB18030 || n < 4 || p[0] < 0x90 || p[0] > 0xE3 ||
      !pop3_isdigit(p[1]) || p[2] < 0x81 || p[2] > 0xFE || !pop3_isdigit(p[3]))
    return 0;
  k = gb_number(p) - GB_ABOVE;
  return k > 0xFFFFF ? 0 : k + 0x10000;
}
