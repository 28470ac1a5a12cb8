/*
** make_tables.c - writes the tables of tables.h to standard output. It runs
** when the executable of "make standalone" is built.
*/
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tables.h"

#define NOICONV ((iconv_t)-1)

/* The first names of the charsets in csrc/mail/label.c that need iconv. */
static const struct {
  const char *name;
  int kind;
} charsets[] = {
  {"IBM866", TABLE_SINGLE}, {"ISO-8859-2", TABLE_SINGLE},
  {"ISO-8859-3", TABLE_SINGLE}, {"ISO-8859-4", TABLE_SINGLE},
  {"ISO-8859-5", TABLE_SINGLE}, {"ISO-8859-6", TABLE_SINGLE},
  {"ISO-8859-7", TABLE_SINGLE}, {"ISO-8859-8", TABLE_SINGLE},
  {"ISO-8859-10", TABLE_SINGLE}, {"ISO-8859-13", TABLE_SINGLE},
  {"ISO-8859-14", TABLE_SINGLE}, {"ISO-8859-15", TABLE_SINGLE},
  {"ISO-8859-16", TABLE_SINGLE}, {"KOI8-R", TABLE_SINGLE},
  {"KOI8-U", TABLE_SINGLE}, {"MACINTOSH", TABLE_SINGLE},
  {"CP874", TABLE_SINGLE}, {"CP1250", TABLE_SINGLE},
  {"CP1251", TABLE_SINGLE}, {"CP1253", TABLE_SINGLE},
  {"CP1254", TABLE_SINGLE}, {"CP1255", TABLE_SINGLE},
  {"CP1256", TABLE_SINGLE}, {"CP1257", TABLE_SINGLE},
  {"CP1258", TABLE_SINGLE}, {"MAC-UK", TABLE_SINGLE},
  {"IBM437", TABLE_SINGLE}, {"CP737", TABLE_SINGLE}, {"CP775", TABLE_SINGLE},
  {"IBM850", TABLE_SINGLE}, {"IBM852", TABLE_SINGLE},
  {"IBM855", TABLE_SINGLE}, {"IBM857", TABLE_SINGLE},
  {"IBM860", TABLE_SINGLE}, {"IBM861", TABLE_SINGLE},
  {"IBM862", TABLE_SINGLE}, {"IBM863", TABLE_SINGLE},
  {"IBM864", TABLE_SINGLE}, {"IBM865", TABLE_SINGLE},
  {"IBM869", TABLE_SINGLE}, {"CP1125", TABLE_SINGLE},
  {"VISCII", TABLE_SINGLE}, {"TCVN", TABLE_SINGLE},
  {"MAC-CENTRALEUROPE", TABLE_SINGLE}, {"KOI8-T", TABLE_SINGLE},
  {"HP-ROMAN8", TABLE_SINGLE}, {"ARMSCII-8", TABLE_SINGLE},
  {"GEORGIAN-PS", TABLE_SINGLE}, {"PT154", TABLE_SINGLE},
  {"IBM037", TABLE_SINGLE}, {"IBM500", TABLE_SINGLE},
  {"IBM1047", TABLE_SINGLE},
  {"GB18030", TABLE_GB18030}, {"BIG5-HKSCS", TABLE_DOUBLE},
  {"EUC-JP-MS", TABLE_EUCJP}, {"CP932", TABLE_DOUBLE},
  {"CP949", TABLE_DOUBLE}, {"JOHAB", TABLE_DOUBLE}
};

static table_double more;
static uint32_t wides;

/* Convert octets that are one character: the value of a table. */
static uint16_t value (iconv_t cd, const unsigned char *octets, size_t n) {
  char in[4], *ip = in;
  uint32_t out[4];
  char *op = (char *)out;
  size_t room = sizeof out, count;
  memcpy(in, octets, n);
  iconv(cd, NULL, NULL, NULL, NULL);
  if (iconv(cd, &ip, &n, &op, &room) == (size_t)-1 || n != 0)
    return TABLE_INVALID;
  iconv(cd, NULL, NULL, &op, &room);
  count = (sizeof out - room) / sizeof out[0];
  if (count == 1 && out[0] < TABLE_INVALID) return (uint16_t)out[0];
  if (count == 0 || count > 2 || wides == TABLE_WIDES) return TABLE_INVALID;
  more.wide[wides][0] = out[0];
  more.wide[wides][1] = count == 2 ? out[1] : 0;
  return (uint16_t)(TABLE_WIDE + wides++);
}

static void fill_double (iconv_t cd, const table *t) {
  unsigned char c[4];
  int i, j, k = 0;
  for (i = 0; i < TABLE_LEADS; i++)
    for (j = 0; j < TABLE_TRAILS; j++) {
      c[0] = (unsigned char)(0x80 + i);
      c[1] = (unsigned char)(0x30 + j);
      /* two characters of one octet are no character of two */
      more.two[i][j] = t->one[c[0]] != TABLE_INVALID ? TABLE_INVALID
                                                     : value(cd, c, 2);
    }
  for (; t->kind == TABLE_EUCJP && k < TABLE_94 * TABLE_94; k++) {
    c[0] = 0x8F;
    c[1] = (unsigned char)(0xA0 + k / TABLE_94);
    c[2] = (unsigned char)(0xA0 + k % TABLE_94);
    more.more[k] = value(cd, c, 3);
  }
  for (; t->kind == TABLE_GB18030 && k < TABLE_FOUR; k++) {
    c[0] = (unsigned char)(0x81 + k / 12600);
    c[1] = (unsigned char)(0x30 + k / 1260 % 10);
    c[2] = (unsigned char)(0x81 + k / 10 % 126);
    c[3] = (unsigned char)(0x30 + k % 10);
    more.more[k] = value(cd, c, 4);
  }
}

int main (void) {
  size_t i;
  table last;
  const uint16_t probe = 1;
  const char *name = *(const char *)&probe ? "UTF-32LE" : "UTF-32BE";
  for (i = 0; i < sizeof charsets / sizeof charsets[0]; i++) {
    table t;
    int b;
    iconv_t cd = iconv_open(name, charsets[i].name);
    if (cd == NOICONV) {
      fprintf(stderr, "tables: iconv does not know %s\n", charsets[i].name);
      return EXIT_FAILURE;
    }
    memset(&t, 0, sizeof t);
    memset(&more, 0, sizeof more);
    wides = 0;
    memcpy(t.name, charsets[i].name, strlen(charsets[i].name));
    t.kind = (uint32_t)charsets[i].kind;
    for (b = 0; b < 256; b++) {
      unsigned char octet = (unsigned char)b;
      t.one[b] = value(cd, &octet, 1);
    }
    if (t.kind != TABLE_SINGLE) fill_double(cd, &t);
    fwrite(&t, sizeof t, 1, stdout);
    if (t.kind != TABLE_SINGLE) fwrite(&more, sizeof more, 1, stdout);
    iconv_close(cd);
  }
  memset(&last, 0, sizeof last);
  fwrite(&last, sizeof last, 1, stdout);
  return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}
