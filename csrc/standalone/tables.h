/*
** tables.h - the charsets of the executable of "make standalone".
**
** make_tables.c writes them on the machine that builds, as the iconv of that
** machine has them; iconv.c reads them. The last table has no name. A character
** is one octet of 'one', two octets of 'two', three octets of EUC-JP, or four
** octets of GB18030.
*/
#ifndef TABLES_H
#define TABLES_H

#include <stdint.h>

#define TABLE_LEADS 128   /* first octets 0x80 to 0xFF */
#define TABLE_TRAILS 208  /* second octets 0x30 to 0xFF */
#define TABLE_94 96       /* second and third octets 0xA0 to 0xFF */
#define TABLE_FOUR 39420  /* characters of GB18030 up to U+FFFF */

enum { TABLE_SINGLE, TABLE_DOUBLE, TABLE_EUCJP, TABLE_GB18030 };

/*
** A value is a code point; 0xFFFF means that the octets are invalid, a
** surrogate 0xD800 + i means wide[i].
*/
#define TABLE_INVALID 0xFFFF
#define TABLE_WIDE 0xD800
#define TABLE_WIDES 2048

typedef struct table {
  char name[24];
  uint32_t kind;
  uint16_t one[256];
} table;

typedef struct table_double {
  uint16_t two[TABLE_LEADS][TABLE_TRAILS];
  uint16_t more[TABLE_FOUR];              /* three octets or four */
  uint32_t wide[TABLE_WIDES][2];          /* one or two code points */
} table_double;

#endif
