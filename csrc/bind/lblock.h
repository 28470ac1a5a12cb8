/*
** lblock.h - a block of memory that becomes a Lua string, without a copy.
**
** Lua 5.4 has no function for that. But it asks its allocator for the memory of
** each string (lua_Alloc: 'osize' is LUA_TSTRING), and copies the octets to some
** place in it. Here the allocator gives it the block in which they are at that
** place already. Where this does not work, they are copied, as by
** lua_pushlstring.
*/
#ifndef LBLOCK_H
#define LBLOCK_H

#include "lpop3.h"

/*
** How many octets Lua puts before those of a long string; 0 if that cannot be
** found out: then no block can be given. It raises no error.
*/
size_t lpop3_blockfront (lua_State *L);

/*
** Push the 'n' octets at block + front, and give the block of 'size' octets, from
** Lua's allocator, to Lua. A lack of memory is raised.
*/
void lpop3_pushblock (lua_State *L, char *block, size_t size, size_t front,
                      size_t n);

#endif
