/*
** why.c - explanations of failures.
*/
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

#include "why.h"

void pop3_tls_say (char why[POP3_WHY_MAX], const char *fmt, ...) {
  va_list args;
  char *p;
  va_start(args, fmt);
  /* the analyzer does not know this va_start: NOLINTNEXTLINE(*valist*) */
  vsnprintf(why, POP3_WHY_MAX, fmt, args);
  va_end(args);
  for (p = why; *p != '\0'; p++)
    if ((unsigned char)*p < ' ' || (unsigned char)*p >= 0x7f) *p = '?';
}

const char *pop3_tls_reason (void) {
  unsigned long first = ERR_peek_error(), e = ERR_peek_last_error();
  const char *s = e != 0 ? ERR_reason_error_string(e) : NULL;
  if (first != 0 && ERR_SYSTEM_ERROR(first))
    s = strerror(ERR_GET_REASON(first));
  ERR_clear_error();
  return s != NULL ? s : "unknown error";
}
