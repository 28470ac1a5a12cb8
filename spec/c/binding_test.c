/*
** binding_test.c - functions of pop3.core while Lua has no memory. Each chunk runs with
** the first, the second, ... and each later request for memory refused. It ends with
** Lua's error of memory, and when the state is closed all memory is free.
*/
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <string.h>

#include "check.h"
#include "failmem.h"

int luaopen_pop3_core (lua_State *L);

/* Each request for more memory from number 'from' on fails; 0: no request fails. */
typedef struct starving {
  failmem counts;
  pop3_mem mem;
  long from;
  long calls;
} starving;

static void *alloc (void *ud, void *p, size_t osize, size_t nsize) {
  starving *s = (starving *)ud;
  if (nsize > (p == NULL ? 0 : osize) && ++s->calls >= s->from && s->from > 0)
    return NULL;
  return s->mem.f(s->mem.ud, p, p == NULL ? 0 : osize, nsize);
}

static int load (lua_State *L) {
  luaL_openlibs(L);
  luaL_requiref(L, "pop3.core", luaopen_pop3_core, 0);
  lua_settop(L, 1);
  if (luaL_loadstring(L, lua_tostring(L, 1)) != LUA_OK) return lua_error(L);
  return 1;
}

/* Run the chunk so: 1 if the memory was enough. */
static int run (const char *chunk, long from) {
  starving s;
  lua_State *L;
  int status;
  memset(&s, 0, sizeof s);
  s.mem = failmem_mem(&s.counts, 0);
  L = lua_newstate(alloc, &s);
  if (!CHECK(L != NULL)) return 1;
  lua_pushcfunction(L, load);
  lua_pushstring(L, chunk);
  if (!CHECK(lua_pcall(L, 1, 1, 0) == LUA_OK)) return 1;
  s.calls = 0;
  s.from = from;
  status = lua_pcall(L, 0, 0, 0);
  s.from = 0;
  if (status != LUA_OK)
    CHECK(strstr(luaL_tolstring(L, -1, NULL), "memory") != NULL);
  lua_close(L);
  CHECK(s.counts.blocks == 0 && s.counts.wrong == 0);
  return status == LUA_OK;
}

static void starve (const char *chunk) {
  long k = 0;
  int enough = 0;
  while (!enough && ++k < 5000) {
    check_about("request %ld for memory and all later ones fail in: %s", k, chunk);
    enough = run(chunk, k);
  }
  CHECK(enough && k > 1);
}

/* The storage of a large body becomes the string. */
static const char body[] =
  "local c = require 'pop3.core'.client { trace = true }\n"
  "for _, line in ipairs { 'PASS secret', 'RETR 1' } do\n"
  "  c:feed '+OK\\r\\n' assert(c:next() == 'reply') assert(c:ask(line))\n"
  "end\n"
  "c:feed '+OK\\r\\n' c:next()\n"
  "for _ = 1, 50 do c:feed(('line\\r\\n'):rep(1000)) end\n"
  "c:feed '.\\r\\n'\n"
  "local what, octets = c:next()\n"
  "assert(what == 'body' and #octets == 300000)\n";

static const char events[] =
  "local c, list = require 'pop3.core'.client(), {}\n"
  "c:feed '+OK\\r\\n' assert(c:next() == 'reply')\n"
  "assert(c:ask 'PASS secret') c:feed '+OK\\r\\n' assert(c:next() == 'reply')\n"
  "for _, line in ipairs { 'LIST', 'CAPA', 'STAT', 'XBODY' } do\n"
  "  assert(c:ask(line, line == 'XBODY'))\n"
  "end\n"
  "assert(c:ask_each('RETR', { 1, 2 }, 1, 2))\n"
  "c:feed '+OK\\r\\n1 2\\r\\nx\\r\\n.\\r\\n+OK\\r\\nTOP\\r\\n.\\r\\n+OK 1 2\\r\\n'\n"
  "c:feed '+OK text\\r\\na\\r\\n.\\r\\n+OK\\r\\nb\\r\\n.\\r\\n-ERR [A] c\\r\\n'\n"
  "local what, count = c:next(list)\n"
  "assert(what == 'events' and count == 6)\n";

int main (void) {
  starve("local core = require 'pop3.core'\n"
         "assert(core.certificate { subject = 'a', names = { 'a.example' } })");
  starve("assert(require 'pop3.core'.sasl.prepare(('I\\u{AD}X'):rep(30)))");
  starve(body);
  starve(events);
  return check_end();
}
