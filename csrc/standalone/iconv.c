/*
** iconv.c - iconv for the executable of "make standalone", in place of that of
** glibc, which needs modules in files. It converts the charsets of tables.h to
** UTF-8. EUC-TW, ISO-2022-KR and ISO-2022-CN are not among them.
*/
#include <errno.h>
#include <iconv.h>
#include <string.h>
#include <strings.h>

#include "tables.h"

#define NOICONV ((iconv_t)-1)

typedef unsigned char byte;

extern const char _binary_charsets_start[];

/* The tables of a charset follow each other: 'table', and unless it is one of
** single octets 'table_double'. */
static const table_double *rest (const table *t) {
  return (const table_double *)(const void *)(t + 1);
}

iconv_t iconv_open (const char *to, const char *from) {
  const table *t = (const table *)(const void *)_binary_charsets_start;
  if (strcmp(to, "UTF-8") == 0)
    while (t->name[0] != '\0') {
      union { const table *r; iconv_t cd; } u;
      u.r = t;
      if (strcasecmp(t->name, from) == 0) return u.cd;
      t = t->kind == TABLE_SINGLE
          ? t + 1 : (const table *)(const void *)(rest(t) + 1);
    }
  errno = EINVAL;
  return NOICONV;
}

int iconv_close (iconv_t cd) {
  (void)cd;
  return 0;
}

/* ---------------------------------------------------------- one character */

#define SHORT (-1)
#define INVALID (-2)

typedef struct character {
  uint32_t c[2];  /* c[1]: 0, or a second code point */
} character;

static int set (character *out, const table *t, uint16_t value, int used) {
  if (value == TABLE_INVALID) return INVALID;
  out->c[0] = value;
  out->c[1] = 0;
  if (value >= TABLE_WIDE && value < TABLE_WIDE + TABLE_WIDES &&
      t->kind != TABLE_SINGLE) {
    out->c[0] = rest(t)->wide[value - TABLE_WIDE][0];
    out->c[1] = rest(t)->wide[value - TABLE_WIDE][1];
  }
  return used;
}

/* Four octets of GB18030, which begin with a lead and a digit. */
static int four (const table *t, const byte *p, size_t n, character *out) {
  uint32_t k;
  if (n > 2 && (p[2] < 0x81 || p[2] == 0xFF)) return INVALID;
  if (n > 3 && (p[3] < 0x30 || p[3] > 0x39)) return INVALID;
  if (n < 4) return SHORT;
  k = ((p[0] - 0x81u) * 10 + (p[1] - 0x30u)) * 1260 + (p[2] - 0x81u) * 10 +
      (p[3] - 0x30u);
  if (k < TABLE_FOUR) return set(out, t, rest(t)->more[k], 4);
  if (k < 189000 || k > 189000 + 0xFFFFF) return INVALID;
  out->c[0] = 0x10000 + (k - 189000);
  out->c[1] = 0;
  return 4;
}

/* The character at 'p': how many octets it has, SHORT or INVALID. */
static int next (const table *t, const byte *p, size_t n, character *out) {
  uint16_t value = t->one[p[0]];
  if (value != TABLE_INVALID || t->kind == TABLE_SINGLE || p[0] < 0x80)
    return set(out, t, value, 1);
  if (n < 2) return p[0] == 0x80 || p[0] == 0xFF ? INVALID : SHORT;
  if (t->kind == TABLE_GB18030 && p[1] >= 0x30 && p[1] <= 0x39)
    return four(t, p, n, out);
  if (t->kind == TABLE_EUCJP && p[0] == 0x8F) {
    if (p[1] < 0xA0 || (n > 2 && p[2] < 0xA0)) return INVALID;
    if (n < 3) return SHORT;
    return set(out, t,
               rest(t)->more[(p[1] - 0xA0) * TABLE_94 + p[2] - 0xA0], 3);
  }
  if (p[1] < 0x30) return INVALID;
  return set(out, t, rest(t)->two[p[0] - 0x80][p[1] - 0x30], 2);
}

static size_t put (char *q, uint32_t c) {
  if (c < 0x80) {
    q[0] = (char)c;
    return 1;
  }
  if (c < 0x800) {
    q[0] = (char)(0xC0 | c >> 6);
    q[1] = (char)(0x80 | (c & 0x3F));
    return 2;
  }
  if (c < 0x10000) {
    q[0] = (char)(0xE0 | c >> 12);
    q[1] = (char)(0x80 | (c >> 6 & 0x3F));
    q[2] = (char)(0x80 | (c & 0x3F));
    return 3;
  }
  q[0] = (char)(0xF0 | c >> 18);
  q[1] = (char)(0x80 | (c >> 12 & 0x3F));
  q[2] = (char)(0x80 | (c >> 6 & 0x3F));
  q[3] = (char)(0x80 | (c & 0x3F));
  return 4;
}

size_t iconv (iconv_t cd, char **in, size_t *nin, char **out, size_t *nout) {
  const table *t = (const table *)cd;
  while (in != NULL && *in != NULL && *nin > 0) {
    character c;
    char octets[8];
    size_t n;
    int used = next(t, (const byte *)*in, *nin, &c);
    if (used < 0) {
      errno = used == SHORT ? EINVAL : EILSEQ;
      return (size_t)-1;
    }
    n = put(octets, c.c[0]);
    if (c.c[1] != 0) n += put(octets + n, c.c[1]);
    if (n > *nout) {
      errno = E2BIG;
      return (size_t)-1;
    }
    memcpy(*out, octets, n);
    *out += n;
    *nout -= n;
    *in += used;
    *nin -= (size_t)used;
  }
  return 0;
}
