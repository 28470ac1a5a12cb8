/*
** lbody.h - the octets of parts for the other files of the binding.
*/
#ifndef LBODY_H
#define LBODY_H

#include "lmessage.h"

/* The octets of a part, encoded, and their transfer encoding. */
pop3_span lbody_octets (lua_State *L, const Part *p, enum pop3_encoding *code);

#endif
