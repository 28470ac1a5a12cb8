/*
** libpq.c - finds libpq by dlopen(3). The standalone executable is static and has
** another file in place of this one.
*/
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>

#include "libpq.h"

#ifdef __APPLE__
#define LIBPQ_NAME "libpq.5.dylib"
#else
#define LIBPQ_NAME "libpq.so.5"
#endif

/* Store the address of a function of the library; 0 if it has none. */
static int find (void *library, const char *name, void *function) {
  void *address = dlsym(library, name);
  memcpy(function, &address, sizeof address);
  return address != NULL;
}

const libpq *libpq_load (const char **why) {
  static libpq pq;
  static int is_loaded;
  void *library;
  if (is_loaded) return &pq;
  library = dlopen(LIBPQ_NAME, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    *why = LIBPQ_NAME " was not found (Debian's package is libpq5)";
    return NULL;
  }
#define LIBPQ_X(type, name, args)                                       \
  if (!find(library, "PQ" #name, &pq.name)) {                           \
    *why = LIBPQ_NAME " has no PQ" #name ": version 14 is needed";      \
    dlclose(library);                                                   \
    return NULL;                                                        \
  }
  LIBPQ_FUNCTIONS (LIBPQ_X)
#undef LIBPQ_X
  is_loaded = 1;
  return &pq;
}
