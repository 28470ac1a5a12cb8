/*
** ldiskread.h - the methods of a disk file that are in ldiskread.c.
*/
#ifndef LDISKREAD_H
#define LDISKREAD_H

#include "ldisk.h"

#define LPOP3_DISKREADING(X)                                            \
  X (copy) X (identity) X (link) X (lock) X (pread) X (size)            \
  X (truncate) X (unlock)

#define LPOP3_X(name) int lpop3_disk_##name (lua_State *L);
LPOP3_DISKREADING (LPOP3_X)
#undef LPOP3_X

#endif
