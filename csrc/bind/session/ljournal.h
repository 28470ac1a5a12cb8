/*
** ljournal.h - journals for the other files of the binding.
*/
#ifndef LJOURNAL_H
#define LJOURNAL_H

#include "../../session/journal.h"
#include "../lpop3.h"

/* The journal at 'arg'; anything else is misuse. */
pop3_journal *lpop3_checkjournal (lua_State *L, int arg);

/*
** Push at most 'most' entries, after the 'skip' oldest ones, as a list of
** tables. The journal does not change.
*/
int lpop3_pushentries (lua_State *L, const pop3_journal *j, uint64_t skip,
                       uint64_t most);

#endif
