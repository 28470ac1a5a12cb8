/*
** guard.c - memory between two unmapped pages.
*/
#define _DEFAULT_SOURCE  /* MAP_ANONYMOUS */
#define _DARWIN_C_SOURCE

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guard.h"

int guard_new (guard *g, size_t n) {
  void *p;
  g->page = (size_t)sysconf(_SC_PAGESIZE);
  g->n = (n + g->page - 1) / g->page * g->page;
  p = mmap(NULL, g->n + 2 * g->page, PROT_NONE,
           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return 0;
  g->map = (char *)p;
  return mprotect(g->map + g->page, g->n, PROT_READ | PROT_WRITE) == 0;
}

void guard_free (guard *g) {
  munmap(g->map, g->n + 2 * g->page);
}

char *guard_start (guard *g, const char *p, size_t n) {
  char *at = g->map + g->page;
  if (p != NULL && n > 0) memcpy(at, p, n);
  return at;
}

char *guard_end (guard *g, const char *p, size_t n) {
  char *at = g->map + g->page + g->n - n;
  if (p != NULL && n > 0) memcpy(at, p, n);
  return at;
}
