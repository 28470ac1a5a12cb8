/*
** ltls.h - certificates as tables, for the files of the binding that show some.
*/
#ifndef LTLS_H
#define LTLS_H

#include "../../tls/tls.h"
#include "../lpop3.h"

/* Describe the i-th certificate of something: 1, 0 if there is none, NOMEM. */
typedef int (*ltls_describe) (const void *from, int i, pop3_tls_peer *peer);

/* Push it as a table and return 1, or push nothing and return 0. */
int ltls_pushcert (lua_State *L, ltls_describe describe, const void *from,
                   int i);

#endif
