/*
** lpart.h - the header values of parts for the other files of the binding.
*/
#ifndef LPART_H
#define LPART_H

#include "lmessage.h"

/* The fields that describe a part; for the root no parts are looked for. */
pop3_about lpart_about (lua_State *L, const Part *p);

#endif
