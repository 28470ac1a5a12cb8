/*
** lfd.h - descriptors for the other files of the binding.
*/
#ifndef LFD_H
#define LFD_H

#include "../lpop3.h"

#define LPOP3_FD "pop3.fd"

/* The open descriptor at 'arg'; anything else is misuse. */
int lpop3_checkfd (lua_State *L, int arg);

#endif
