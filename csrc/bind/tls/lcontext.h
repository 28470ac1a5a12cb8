/*
** lcontext.h - TLS contexts for the other files of the binding.
*/
#ifndef LCONTEXT_H
#define LCONTEXT_H

#include "../../tls/context.h"
#include "../lpop3.h"

/* The open context at 'arg'; anything else is misuse. */
pop3_tls_context *ltls_checkcontext (lua_State *L, int arg);

/* Push a context made of the options at 'arg', or nil, message, code. */
int ltls_newcontext (lua_State *L, int arg);

/*
** A string field of the table at 'arg'; NULL if it is nil. It stays on the
** stack, since a table with __index need not keep it.
*/
const char *ltls_string (lua_State *L, int arg, const char *field);

#endif
