/*
** lfile.h - files for the other files of the binding.
*/
#ifndef LFILE_H
#define LFILE_H

#include "../lpop3.h"

/* Raise an error unless an open outfile is at 'arg'. */
void lpop3_checkoutfile (lua_State *L, int arg);

/* Write all octets to the outfile at 'arg', which is open; 0 or an errno. */
int lpop3_filewrite (lua_State *L, int arg, const char *p, size_t n);

#endif
