/*
** guard.h - memory with nothing before it and nothing behind it.
*/
#ifndef GUARD_H
#define GUARD_H

#include <stddef.h>

typedef struct guard {
  char *map;     /* an unmapped page, 'n' octets, an unmapped page */
  size_t page;
  size_t n;
} guard;

/* At least 'n' octets; 0 where the system cannot do that. */
int  guard_new (guard *g, size_t n);
void guard_free (guard *g);

/* A copy of p[0 .. n) at the one end and at the other; 'p' may be NULL. */
char *guard_start (guard *g, const char *p, size_t n);
char *guard_end (guard *g, const char *p, size_t n);

#endif
