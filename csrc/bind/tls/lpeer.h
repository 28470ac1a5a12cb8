/*
** lpeer.h - certificates as tables, for other files of the binding.
*/
#ifndef LPEER_H
#define LPEER_H

#include "../../tls/peer.h"
#include "../lpop3.h"

/*
** A function that describes the i-th certificate of something: it returns 1,
** 0 if it does not exist, or POP3_ENOMEM.
*/
typedef int (*lpeer_describe) (const void *from, int i, pop3_tls_peer *peer);

/* Push that certificate as a table and return 1, or push nothing: 0. */
int lpeer_push (lua_State *L, lpeer_describe describe, const void *from, int i);

#endif
