/*
** guard.h - memory between two unmapped pages: an access outside crashes.
*/
#ifndef GUARD_H
#define GUARD_H

#include <stddef.h>

typedef struct guard {
  char *map;     /* an unmapped page, 'n' octets, an unmapped page */
  size_t page;
  size_t n;
} guard;

/* Map at least 'n' octets. Returns 0 if the system cannot. */
int  guard_new (guard *g, size_t n);
void guard_free (guard *g);

/*
** Copy p[0 .. n) to the start or to the end of the memory; 'p' may be NULL.
** Returns where the copy begins.
*/
char *guard_start (guard *g, const char *p, size_t n);
char *guard_end (guard *g, const char *p, size_t n);

#endif
