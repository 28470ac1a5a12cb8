/*
** lcache.c - an allocator that keeps a few free blocks for the next allocation.
**
** A session frees its buffers when it is idle, so that ten thousand idle ones
** cost little; the next active session allocates blocks of the same sizes. The
** C library would return a large block to the system and get it back page by
** page, which costs more than the use of it.
*/
#include <string.h>

#include "../base/buf.h"
#include "lcache.h"
#include "open.h"

#define CACHE "pop3.cache"
#define SLOTS 4
#define LEAST 4096            /* smaller blocks are cheap anyway */
#define MOST (1024 * 1024)    /* a larger one is not kept */

typedef struct Cache {
  pop3_mem mem;
  int closed;
  struct {
    void *p;  /* NULL: free slot */
    size_t n;
  } slot[SLOTS];
} Cache;

/* A kept block of exactly that size, or NULL. */
static void *take (Cache *c, size_t n) {
  int i;
  for (i = 0; i < SLOTS; i++)
    if (c->slot[i].p != NULL && c->slot[i].n == n) {
      void *p = c->slot[i].p;
      c->slot[i].p = NULL;
      return p;
    }
  return NULL;
}

/* Keep a block; 0 if there is no slot for it. */
static int keep (Cache *c, void *p, size_t n) {
  int i;
  for (i = 0; i < SLOTS && !c->closed; i++)
    if (c->slot[i].p == NULL) {
      c->slot[i].p = p;
      c->slot[i].n = n;
      return 1;
    }
  return 0;
}

static void *alloc (void *ud, void *p, size_t osize, size_t nsize) {
  Cache *c = (Cache *)ud;
  if (p == NULL && nsize >= LEAST && nsize <= MOST) {
    void *kept = take(c, nsize);
    if (kept != NULL) return kept;
  }
  if (p != NULL && nsize == 0 && osize >= LEAST && osize <= MOST &&
      keep(c, p, osize)) return NULL;
  return c->mem.f(c->mem.ud, p, p == NULL ? 0 : osize, nsize);
}

static int c_gc (lua_State *L) {
  Cache *c = (Cache *)luaL_checkudata(L, 1, CACHE);
  int i;
  c->closed = 1;
  for (i = 0; i < SLOTS; i++) {
    pop3_free(c->mem, c->slot[i].p, c->slot[i].n);
    c->slot[i].p = NULL;
  }
  return 0;
}

pop3_mem lpop3_cache (lua_State *L) {
  pop3_mem mem;
  lua_getfield(L, LUA_REGISTRYINDEX, CACHE ".the");
  mem.f = alloc;
  mem.ud = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return mem;
}

static const luaL_Reg meta[] = {
  { "__gc", c_gc },
  { NULL, NULL }
};

/*
** It is made before any engine, so that it is finalized after all of them. The
** registry keeps it.
*/
void lpop3_open_cache (lua_State *L) {
  Cache *c;
  int known = lua_getfield(L, LUA_REGISTRYINDEX, CACHE ".the") != LUA_TNIL;
  lua_pop(L, 1);
  if (known) return;  /* the module is opened again: engines hold the first */
  c = (Cache *)lua_newuserdatauv(L, sizeof *c, 0);
  memset(c, 0, sizeof *c);
  c->mem = lpop3_mem(L);
  if (luaL_newmetatable(L, CACHE)) luaL_setfuncs(L, meta, 0);
  lua_setmetatable(L, -2);
  lua_setfield(L, LUA_REGISTRYINDEX, CACHE ".the");
}
