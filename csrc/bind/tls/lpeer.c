/*
** lpeer.c - certificates as tables.
*/
#include <string.h>

#include "../../base/base64.h"
#include "../open.h"
#include "lpeer.h"

static void set_buf (lua_State *L, const char *field, const pop3_buf *b) {
  if (b->n == 0) return;
  lua_pushlstring(L, b->p, b->n);
  lua_setfield(L, -2, field);
}

/* An address as text. */
static void push_address (lua_State *L, const unsigned char *p, size_t n) {
  luaL_Buffer b;
  size_t i;
  if (n == 4) {
    lua_pushfstring(L, "%d.%d.%d.%d", p[0], p[1], p[2], p[3]);
    return;
  }
  luaL_buffinit(L, &b);
  for (i = 0; i + 1 < n; i += 2) {
    static const char hex[] = "0123456789abcdef";
    unsigned v = (unsigned)p[i] << 8 | p[i + 1];
    int shift = v > 0xfff ? 12 : v > 0xff ? 8 : v > 0xf ? 4 : 0;
    if (i > 0) luaL_addchar(&b, ':');
    for (; shift >= 0; shift -= 4) luaL_addchar(&b, hex[v >> shift & 15]);
  }
  luaL_pushresult(&b);
}

/* 'names' and 'emails' of the table on the top. */
static void set_names (lua_State *L, const pop3_buf *b) {
  size_t at = 0;
  lua_Integer names = 0, emails = 0;
  lua_newtable(L);
  lua_newtable(L);  /* peer, names, emails */
  while (at < b->n) {
    const unsigned char *p = (const unsigned char *)b->p + at;
    size_t n = (size_t)p[1] << 24 | (size_t)p[2] << 16 | (size_t)p[3] << 8 |
               p[4];
    if (p[0] == 'i') push_address(L, p + 5, n);
    else lua_pushlstring(L, (const char *)p + 5, n);
    if (p[0] == 'e') lua_rawseti(L, -2, ++emails);
    else lua_rawseti(L, -3, ++names);
    at += 5 + n;
  }
  lua_setfield(L, -3, "emails");
  lua_setfield(L, -2, "names");
}

static void push_peer (lua_State *L, const pop3_tls_peer *peer) {
  static const char hex[] = "0123456789abcdef";
  char pin[POP3_BASE64_SIZE(POP3_PIN_SIZE)], print[2 * POP3_PIN_SIZE];
  size_t i;
  pop3_span raw;
  raw.p = (const char *)peer->pin;
  raw.n = POP3_PIN_SIZE;
  lua_newtable(L);
  set_buf(L, "subject", &peer->subject);
  set_buf(L, "issuer", &peer->issuer);
  set_buf(L, "common_name", &peer->common_name);
  set_names(L, &peer->names);
  lua_pushstring(L, peer->not_before);
  lua_setfield(L, -2, "not_before");
  lua_pushstring(L, peer->not_after);
  lua_setfield(L, -2, "not_after");
  lua_pushlstring(L, pin, pop3_base64_encode(pin, raw));
  lua_setfield(L, -2, "pin");
  for (i = 0; i < POP3_PIN_SIZE; i++) {
    print[2 * i] = hex[peer->fingerprint[i] >> 4];
    print[2 * i + 1] = hex[peer->fingerprint[i] & 15];
  }
  lua_pushlstring(L, print, sizeof print);
  lua_setfield(L, -2, "fingerprint");
}

/* The peer's certificate is copied to Lua under a userdata's protection. */
typedef struct Peer {
  lpop3_object object;
  pop3_tls_peer peer;
} Peer;

static int peer_gc (lua_State *L) {
  Peer *p = (Peer *)lua_touserdata(L, 1);
  pop3_buf_free(&p->peer.subject);
  pop3_buf_free(&p->peer.issuer);
  pop3_buf_free(&p->peer.common_name);
  pop3_buf_free(&p->peer.names);
  return 0;
}

#define PEER_T "pop3.tls.peer"

int lpeer_push (lua_State *L, lpeer_describe describe, const void *from,
                int i) {
  Peer *p = (Peer *)lpop3_new(L, sizeof *p, 0);
  int got;
  pop3_buf_init(&p->peer.subject, lpop3_mem(L));
  pop3_buf_init(&p->peer.issuer, lpop3_mem(L));
  pop3_buf_init(&p->peer.common_name, lpop3_mem(L));
  pop3_buf_init(&p->peer.names, lpop3_mem(L));
  luaL_setmetatable(L, PEER_T);
  got = describe(from, i, &p->peer);
  if (got < 0) lpop3_fail(L, got);
  if (got == 1) push_peer(L, &p->peer);
  lua_remove(L, got == 1 ? -2 : -1);
  return got;
}

static const luaL_Reg methods[] = { { "__gc", peer_gc }, { NULL, NULL } };

void lpop3_open_peer (lua_State *L) {
  lpop3_type(L, PEER_T, methods);
}
