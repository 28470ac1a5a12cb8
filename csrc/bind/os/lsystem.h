/*
** lsystem.h - failed system calls, for code that has to tell them apart, and
** calls that are not the same on all systems.
*/
#ifndef LSYSTEM_H
#define LSYSTEM_H

#include "../lpop3.h"

/*
** nil, "what: strerror", "io", name: the name of the errno as in errno(3),
** such as "ENOSPC". An errno without a row is "EOTHER".
*/
int lpop3_syserror (lua_State *L, const char *what, int en);

/* The name of an errno alone. */
const char *lpop3_errname (int en);

/* fsync(2), down to the disk also where fsync(2) stops before it (macOS). */
int lpop3_fsync (int fd);

#endif
