/*
** ldot.c - dot-stuffing and the canonical form of mail, on whole strings.
*/

/***
Dot-stuffing and the canonical form of mail, on whole strings.
@engine pop3.core.dot
*/
#include <string.h>

#include "../../base/buf.h"
#include "../../session/canon.h"
#include "../../session/dot.h"
#include "../lpop3.h"
#include "../open.h"

/***
Dot-stuffing (RFC 1939 section 3): a text as the body of a multi-line reply,
its line ends made CRLF, its end marked by a line of one dot.
@function encode.dot
@tparam string octets
@treturn string
*/
static int l_encode (lua_State *L) {
  size_t n, used, len, out = 0;
  const char *p = luaL_checklstring(L, 1, &n);
  pop3_endot e;
  luaL_Buffer b;
  pop3_endot_init(&e);
  luaL_buffinit(L, &b);
  do {
    char *o = luaL_prepbuffsize(&b, 65536);
    len = pop3_endot_run(&e, o, 65536, p + out, n - out, &used);
    luaL_addsize(&b, len);
    out += used;
  } while (out < n);
  luaL_addsize(&b, pop3_endot_end(&e, luaL_prepbuffsize(&b,
                                                        POP3_ENDOT_TAIL)));
  luaL_pushresult(&b);
  return 1;
}

/***
The reverse: the text of a body, and the octets after its terminator.
@function decode.dot
@tparam string octets with the terminator
@treturn string the text, or nil, message, "proto" when the terminator is
missing
@treturn string the octets after the terminator
*/
static int l_decode (lua_State *L) {
  size_t n, used, len;
  const char *p = luaL_checklstring(L, 1, &n);
  pop3_undot d;
  luaL_Buffer b;
  char *o = luaL_buffinitsize(L, &b, n > 0 ? n : 1);
  if (n > 0) memcpy(o, p, n);
  pop3_undot_init(&d, 0);
  len = pop3_undot_run(&d, o, o, n, &used);
  luaL_pushresultsize(&b, len);
  if (!d.done) {
    lua_pushnil(L);
    lua_pushliteral(L, "the body has no terminator");
    lua_pushliteral(L, "proto");
    return 3;
  }
  lua_pushlstring(L, p + used, n - used);
  return 2;
}

/***
Mail in canonical form: every line ends in CRLF, the last one too. A canonical
string is returned unchanged.
@function canonical
@tparam string octets
@treturn string
*/
static int l_canonical (lua_State *L) {
  size_t n;
  const char *p = luaL_checklstring(L, 1, &n);
  pop3_canon c;
  pop3_buf b;
  luaL_Buffer lb;
  memset(&c, 0, sizeof c);
  pop3_canon_count(&c, p, n);
  if (pop3_canon_size(&c) == n) {
    lua_settop(L, 1);
    return 1;
  }
  pop3_buf_init(&b, lpop3_mem(L));
  b.cap = (size_t)pop3_canon_size(&c) + 2;  /* what 'add' asks for: no growth */
  b.p = luaL_buffinitsize(L, &lb, b.cap);
  memset(&c, 0, sizeof c);
  pop3_canon_add(&c, &b, p, n);
  pop3_canon_end(&c, &b);
  luaL_pushresultsize(&lb, b.n);
  return 1;
}

/***
The octets that TOP sends of a canonical message (RFC 1939 section 7).
@function top
@tparam string octets
@tparam integer lines of the body
@treturn string
*/
static int l_top (lua_State *L) {
  size_t n, k;
  const char *p = luaL_checklstring(L, 1, &n);
  lua_Integer lines = luaL_checkinteger(L, 2);
  luaL_argcheck(L, lines >= 0, 2, "must not be negative");
  k = pop3_top_size(p, n, (uint64_t)lines);
  if (k == n) lua_settop(L, 1);
  else lua_pushlstring(L, p, k);
  return 1;
}

static const luaL_Reg funcs[] = {
  { "canonical", l_canonical },
  { "top", l_top },
  { NULL, NULL }
};

void lpop3_open_dot (lua_State *L) {
  luaL_setfuncs(L, funcs, 0);
  lpop3_subtable(L, "encode");
  lua_pushcfunction(L, l_encode);
  lua_setfield(L, -2, "dot");
  lua_pop(L, 1);
  lpop3_subtable(L, "decode");
  lua_pushcfunction(L, l_decode);
  lua_setfield(L, -2, "dot");
  lua_pop(L, 1);
}
