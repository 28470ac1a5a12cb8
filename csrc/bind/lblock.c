/*
** lblock.c - a block of memory that becomes a Lua string; see lblock.h.
*/
#include <stdint.h>
#include <string.h>

#include "lblock.h"

typedef struct Gift {
  lua_State *L;
  lua_Alloc f;       /* Lua's allocator */
  void *ud;
  const char *p;     /* the octets of the string */
  size_t n;
  void *block;       /* for the next string of 'size'; NULL: it was given */
  size_t size;
  char *made;        /* the memory of the string */
  size_t got;        /* its octets */
} Gift;

/*
** The allocator for one string. Lua's own one is back before this returns: after it
** Lua may run finalizers, and what they make keeps the allocator (lua_getallocf).
*/
static void *give (void *ud, void *p, size_t osize, size_t nsize) {
  Gift *g = (Gift *)ud;
  if (p != NULL || osize != LUA_TSTRING) return g->f(g->ud, p, osize, nsize);
  lua_setallocf(g->L, g->f, g->ud);
  if (g->block != NULL && nsize == g->size) {
    p = g->block;
    g->block = NULL;
  }
  else p = g->f(g->ud, NULL, osize, nsize);
  g->made = (char *)p;
  g->got = nsize;
  return p;
}

static int push (lua_State *L) {
  const Gift *g = (const Gift *)lua_touserdata(L, 1);
  lua_pushlstring(L, g->p, g->n);
  return 1;
}

/*
** Push the string with 'give' as the allocator: LUA_OK, or what 'lua_pcall' returned.
** Lua's own allocator is back also when Lua had no memory to call 'push'.
*/
static int push_by (lua_State *L, Gift *g) {
  int status;
  g->L = L;
  g->f = lua_getallocf(L, &g->ud);
  lua_pushcfunction(L, push);
  lua_pushlightuserdata(L, g);
  lua_setallocf(L, give, g);
  status = lua_pcall(L, 1, 1, 0);
  if (g->got == 0) lua_setallocf(L, g->f, g->ud);
  return status;
}

#define PROBE 256  /* octets; up to 40 would be a short string */
#define FRONT 256  /* the most octets before a string that are plausible */

size_t lpop3_blockfront (lua_State *L) {
  static const char text[PROBE] = "";
  uintptr_t from, at;
  size_t front = 0;
  Gift g;
  memset(&g, 0, sizeof g);
  g.p = text;
  g.n = PROBE;
  if (push_by(L, &g) == LUA_OK && g.made != NULL) {
    from = (uintptr_t)g.made;
    at = (uintptr_t)lua_tostring(L, -1);
    if (at > from && at - from <= FRONT && g.got == at - from + PROBE + 1)
      front = at - from;
  }
  lua_pop(L, 1);
  return front;
}

void lpop3_pushblock (lua_State *L, char *block, size_t size, size_t front,
                      size_t n) {
  Gift g;
  int status;
  memset(&g, 0, sizeof g);
  g.p = block + front;
  g.n = n;
  g.block = block;
  g.size = size;
  status = push_by(L, &g);
  if (g.block != NULL) g.f(g.ud, g.block, g.size, 0);  /* it was copied */
  if (status != LUA_OK) lua_error(L);
}
