/*
** lfield.h - values of header fields for the other files of the binding.
*/
#ifndef LFIELD_H
#define LFIELD_H

#include "lwork.h"

/* Push the list of the addresses in 'value', at most 'max'; 1: more exist. */
int lfield_addresses (lua_State *L, Work *w, pop3_span value, size_t max);

/* Push the table of a date, or nil. */
void lfield_date (lua_State *L, pop3_span value);

#endif
