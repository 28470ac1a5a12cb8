/*
** table.c - the table of mechanisms; the rows are in the files of the families.
*/
#include <string.h>

#include "../base/ascii.h"
#include "mechanism.h"

static const pop3_sasl_mech *const rows[] = {
#define POP3_X(name) &pop3_sasl_##name,
  POP3_SASL_ROWS (POP3_X)
#undef POP3_X
};

#define ROWS (sizeof rows / sizeof rows[0])

const pop3_sasl_mech *pop3_sasl_row (size_t i) {
  return i < ROWS ? rows[i] : NULL;
}

const pop3_sasl_mech *pop3_sasl_find (const char *name, size_t n) {
  size_t i;
  for (i = 0; i < ROWS; i++)
    if (strlen(rows[i]->name) == n && pop3_same(name, rows[i]->name, n))
      return rows[i];
  return NULL;
}
