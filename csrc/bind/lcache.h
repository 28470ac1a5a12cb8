/*
** lcache.h - an allocator that keeps a few blocks for reuse; see lcache.c.
*/
#ifndef LCACHE_H
#define LCACHE_H

#include "lpop3.h"

/* Lua's allocator with that cache before it; one cache for each Lua state. */
pop3_mem lpop3_cache (lua_State *L);

#endif
