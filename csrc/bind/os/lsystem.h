/*
** lsystem.h - failed system calls, for code that has to tell them apart, and
** calls that several files of the binding make.
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

/* Write octets; '*n' becomes how many are left. 0 or an errno. */
int lpop3_writeall (int fd, const char *p, size_t *n);

#endif
