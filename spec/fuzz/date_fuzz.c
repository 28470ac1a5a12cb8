/* date_fuzz.c - dates: a date that is read is possible and can be written. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t n) {
  char iso[POP3_DATE_ISO];
  pop3_date d;
  if (!pop3_date_parse(pop3_span_of((const char *)data, n), &d)) return 0;
  pop3_date_iso(&d, iso);
  if (strlen(iso) != POP3_DATE_ISO - 1 || iso[10] != 'T') abort();
  if (d.month < 1 || d.month > 12 || d.day < 1 || d.day > 31) abort();
  if (d.hour > 23 || d.minute > 59 || d.second > 60) abort();
  if (d.year < 1900 || d.year > 9999) abort();
  return 0;
}
