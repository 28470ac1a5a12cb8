/*
** libpq.c - in place of csrc/bind/pq/libpq.c in the static executable, which
** cannot load a shared library.
*/

#include "../bind/pq/libpq.h"

const libpq *libpq_load (const char **why) {
  *why = "the static executable cannot load libpq: use the Lua module, "
         "or another build of pop3";
  return NULL;
}
