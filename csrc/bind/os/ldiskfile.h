/*
** ldiskfile.h - files that octets of an engine can be written to.
*/
#ifndef LDISKFILE_H
#define LDISKFILE_H

#include "../lpop3.h"

/* Raise an error unless an open outfile or disk file is at 'arg'. */
void lpop3_checkwriter (lua_State *L, int arg);

/* Write all octets to the file at 'arg', which is open; 0 or an errno. */
int lpop3_writerput (lua_State *L, int arg, const char *p, size_t n);

/*
** The descriptor of the disk file at 'arg', all that was written being in it.
** Returns -1 with errno on failure; misuse is raised.
*/
int lpop3_diskfilefd (lua_State *L, int arg);

#endif
