/*
** ltls.c - TLS for Lua: contexts, connections, tickets.
*/

/***
TLS without input or output, as an engine with the same ports as the others.
It can be put around another engine, which then gets and gives the plaintext,
or stand alone.
@engine pop3.core.tls
*/
#include <string.h>

#include "../../base/base64.h"
#include "../lcache.h"
#include "../open.h"
#include "ltls.h"

#define CONTEXT_T "pop3.tls.context"
#define TICKET_T "pop3.tls.ticket"

#define CLIENT_WANT (64 * 1024)  /* octets read at once */
#define SERVER_WANT (16 * 1024)
#define BATCH (64 * 1024)        /* octets of plaintext encrypted at once */
#define PIECE (64 * 1024)        /* octets of plaintext handed out at once */
#define PLAIN 16384              /* octets of a record */
#define PINS 100
#define UNSENT (16 * 1024 * 1024)  /* octets that 'write' takes ahead */

/* User values. */
enum { CONTEXT = 1, INNER };

typedef struct Context {
  pop3_tls_context *c;
} Context;

typedef struct Tls {
  lpop3_port port;
  pop3_tls *t;        /* NULL when closed */
  lpop3_port *inner;  /* what it is put around, anchored in INNER */
  int nomem;          /* the inner engine had no room */
  int announced;      /* "handshake" was an event */
} Tls;

typedef struct Ticket {
  pop3_tls_ticket *k;
} Ticket;

/* ---------------------------------------------------------------- contexts */

/*
** A string field of the table at 'arg', NULL if it is nil. It stays on the
** stack: a table with an __index of its own need not keep it.
*/
static const char *string_field (lua_State *L, int arg, const char *field) {
  const char *s;
  size_t n;
  if (lua_getfield(L, arg, field) == LUA_TNIL) {
    lua_pop(L, 1);
    return NULL;
  }
  if (lua_type(L, -1) != LUA_TSTRING)
    luaL_error(L, "tls: '%s' must be a string", field);
  s = lua_tolstring(L, -1, &n);
  if (strlen(s) != n) luaL_error(L, "tls: '%s' must not hold NUL", field);
  return s;
}

static int flag_field (lua_State *L, int arg, const char *field, int def) {
  int is = def;
  if (lua_getfield(L, arg, field) != LUA_TNIL) is = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return is;
}

static int version_field (lua_State *L, int arg, const char *field) {
  static const char *const names[] = {
    "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"
  };
  const char *s = string_field(L, arg, field);
  int i;
  if (s == NULL) return 0;
  for (i = 0; i < 4; i++)
    if (strcmp(s, names[i]) == 0) return 0x0301 + i;
  return luaL_error(L, "tls: '%s' must be TLSv1 to TLSv1.3", field);
}

/* The base64 of 32 octets, maybe behind curl's prefix. */
static void take_pin (lua_State *L, unsigned char pin[POP3_PIN_SIZE]) {
  pop3_span in;
  char out[POP3_PIN_SIZE + 4];
  size_t n = 0;
  in.p = lua_tolstring(L, -1, &in.n);
  if (in.p != NULL && in.n > 8 && memcmp(in.p, "sha256//", 8) == 0) {
    in.p += 8;
    in.n -= 8;
  }
  if (in.p == NULL || in.n != 44 || pop3_base64_decode(out, &n, in) != 0 ||
      n != POP3_PIN_SIZE)
    luaL_error(L, "tls: a pin must be the base64 of a SHA-256");
  memcpy(pin, out, POP3_PIN_SIZE);
}

static size_t pin_field (lua_State *L, int arg,
                         unsigned char (*pins)[POP3_PIN_SIZE]) {
  int type = lua_getfield(L, arg, "pin");
  size_t n = 0;
  if (type == LUA_TTABLE) {
    lua_Integer i, count = luaL_len(L, -1);
    if (count > PINS) luaL_error(L, "tls: at most %d pins", PINS);
    for (i = 1; i <= count; i++) {
      lua_geti(L, -1, i);
      take_pin(L, pins[n++]);
      lua_pop(L, 1);
    }
  }
  else if (type != LUA_TNIL) take_pin(L, pins[n++]);
  lua_pop(L, 1);
  return n;
}

/* A context from the table at 'arg' on the top, or nil, message, code. */
static int new_context (lua_State *L, int arg) {
  unsigned char pins[PINS][POP3_PIN_SIZE];
  char why[POP3_WHY_MAX];
  const char *ask;
  pop3_tls_opts o;
  Context *u;
  memset(&o, 0, sizeof o);
  o.server = flag_field(L, arg, "server", 0);
  o.verify = flag_field(L, arg, "verify", 1);
  o.cafile = string_field(L, arg, "cafile");
  o.capath = string_field(L, arg, "capath");
  o.cert = string_field(L, arg, "cert");
  o.key = string_field(L, arg, "key");
  o.pins = (const unsigned char (*)[POP3_PIN_SIZE])pins;
  o.npins = pin_field(L, arg, pins);
  o.min_version = version_field(L, arg, "min_version");
  o.max_version = version_field(L, arg, "max_version");
  ask = string_field(L, arg, "client_cert");
  if (ask != NULL) o.client_cert = strcmp(ask, "required") == 0 ? 2 : 1;
  o.security_level = -1;
  if (lua_getfield(L, arg, "security_level") != LUA_TNIL)
    o.security_level = (int)luaL_checkinteger(L, -1);
  lua_pop(L, 1);
  u = (Context *)lua_newuserdatauv(L, sizeof *u, 0);
  u->c = NULL;
  luaL_setmetatable(L, CONTEXT_T);
  u->c = pop3_tls_context_new(lpop3_mem(L), &o, why);
  if (u->c != NULL) return 1;
  if (why[0] == '\0') return lpop3_fail(L, POP3_ENOMEM);
  lua_pushnil(L);
  lua_pushstring(L, why);
  lua_pushliteral(L, "tls");
  return 3;
}

/***
What many connections have in common.
@function tls_context
@tparam table opts

- `server`: it is a server's
- `verify` (true): a client checks chain and name; `cafile`, `capath`: whom it
  trusts, the system's store without them; of a server, `cafile` is whose
  client certificates it takes
- `cert`, `key`: files, or PEM
- `pin`: base64 of the SHA-256 of the server's public key (RFC 7469), or a list;
  "sha256//" may stand before it
- `min_version` ("TLSv1.2"), `max_version`: "TLSv1" to "TLSv1.3"
- `client_cert`: "optional" or "required", of a server
- `security_level`: OpenSSL's, at least 2 by default
@treturn pop3.tls.context or nil, message, "tls"
*/
static int l_context (lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  return new_context(L, 1);
}

static int context_gc (lua_State *L) {
  pop3_tls_context_free(&((Context *)luaL_checkudata(L, 1, CONTEXT_T))->c);
  return 0;
}

static int ticket_gc (lua_State *L) {
  pop3_tls_ticket_free(&((Ticket *)luaL_checkudata(L, 1, TICKET_T))->k);
  return 0;
}

/* ------------------------------------------------------------------- ports */

static lpop3_port *inner (const Tls *u) {
  return u->inner != NULL && u->inner->engine != NULL ? u->inner : NULL;
}

/*
** Is the inner engine in the middle of a call, of which this is a finalizer?
** Then nothing may change in it.
*/
static int occupied (const Tls *u) {
  return u->inner != NULL && u->inner->busy;
}

/* All that can be decrypted, straight into the inner engine. */
static void decrypt (Tls *u) {
  lpop3_port *in = inner(u);
  int got = 1;
  u->nomem = 0;
  if (occupied(u)) return;
  if (u->inner == NULL) pop3_tls_shake(u->t);
  while (u->inner != NULL && got == 1) {
    char sink[256];  /* the inner engine is closed: nobody wants it */
    size_t room = sizeof sink, n;
    char *p = in != NULL ? in->room(in->engine, PLAIN, &room) : sink;
    if (p == NULL) {
      u->nomem = 1;
      return;
    }
    got = pop3_tls_read(u->t, p, room, &n);
    if (got == 1 && in != NULL) in->filled(in->engine, n);
  }
}

/* And some of what it has to say. */
static void encrypt (Tls *u) {
  lpop3_port *in = inner(u);
  size_t total = 0;
  if (occupied(u) || pop3_tls_shake(u->t) != 1 || in == NULL) return;
  while (total < BATCH) {
    pop3_span s = in->out(in->engine);
    size_t n;
    if (s.n > BATCH - total) s.n = BATCH - total;
    if (s.n == 0 || pop3_tls_write(u->t, s.p, s.n, &n) != 0 || n == 0) return;
    in->sent(in->engine, n);
    total += n;
  }
}

static char *room (void *e, size_t want, size_t *got) {
  return pop3_tls_room(((Tls *)e)->t, want, got);
}

static void filled (void *e, size_t n) {
  Tls *u = (Tls *)e;
  pop3_tls_filled(u->t, n);
  decrypt(u);
}

static pop3_span out (void *e) {
  Tls *u = (Tls *)e;
  if (pop3_tls_out(u->t).n == 0) encrypt(u);
  return pop3_tls_out(u->t);
}

static void sent (void *e, size_t n) {
  pop3_tls_sent(((Tls *)e)->t, n);
}

/* ------------------------------------------------------------- connections */

static Tls *check (lua_State *L) {
  Tls *u = (Tls *)luaL_checkudata(L, 1, LPOP3_TLS);
  luaL_argcheck(L, u->t != NULL, 1, "TLS is closed");
  return u;
}

/* The context in the options at 1, made now if there is none; 0 or results. */
static int find_context (lua_State *L) {
  if (lua_getfield(L, 1, "context") == LUA_TNIL) {
    int n;
    lua_pop(L, 1);
    n = new_context(L, 1);
    if (n != 1) return n;
    lua_insert(L, 2);
    lua_settop(L, 2);
    return 0;
  }
  luaL_checkudata(L, -1, CONTEXT_T);
  return 0;
}

/* The server's name; a client that verifies needs one. */
static const char *find_name (lua_State *L, const Context *c) {
  const char *name = string_field(L, 1, "name"), *p;
  if (name == NULL && pop3_tls_context_verify(c->c))
    luaL_error(L, "tls: a name to verify is needed");
  for (p = name; p != NULL && *p != '\0'; p++)
    if ((unsigned char)*p >= 0x80)
      luaL_error(L, "tls: a name must be given by its A-labels, in ASCII");
  return name;
}

/***
A connection.
@function tls
@tparam table opts `context`, or the options of `tls_context`; `name`: the DNS
name or IP address of the server, which a client that verifies needs; `session`:
a ticket of an earlier connection
@treturn pop3.tls or nil, message, "tls"
*/
static int l_tls (lua_State *L) {
  pop3_tls_ticket *ticket = NULL;
  const char *name;
  Context *c;
  Tls *u;
  int n;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  n = find_context(L);
  if (n != 0) return n;
  c = (Context *)lua_touserdata(L, 2);
  name = find_name(L, c);
  if (lua_getfield(L, 1, "session") != LUA_TNIL)
    ticket = ((Ticket *)luaL_checkudata(L, -1, TICKET_T))->k;
  u = (Tls *)lua_newuserdatauv(L, sizeof *u, 2);  /* opts, context, .., tls */
  memset(u, 0, sizeof *u);                                      /* closed */
  luaL_setmetatable(L, LPOP3_TLS);                         /* collectable */
  lua_pushvalue(L, 2);
  lua_setiuservalue(L, -2, CONTEXT);
  u->t = pop3_tls_new(pop3_tls_context_server(c->c) ? lpop3_cache(L)
                                                    : lpop3_mem(L),
                      c->c, name, ticket);
  if (u->t == NULL) return lpop3_fail(L, POP3_ENOMEM);
  u->port.room = room;
  u->port.filled = filled;
  u->port.out = out;
  u->port.sent = sent;
  u->port.engine = u;                                             /* open */
  u->port.want = pop3_tls_context_server(c->c) ? SERVER_WANT : CLIENT_WANT;
  return 1;
}

/***
Put it around an engine: what is decrypted goes there, what it has to send is
encrypted.
@function tls:wrap
@param engine
*/
static int t_wrap (lua_State *L) {
  Tls *u = check(L);
  lpop3_port *p = lpop3_checkport(L, 2);
  luaL_argcheck(L, (void *)p != (void *)u, 2, "it cannot wrap itself");
  lua_pushvalue(L, 2);
  lua_setiuservalue(L, 1, INNER);
  u->inner = p;
  return 0;
}

/***
Give it octets that came from the peer.
@function tls:feed
@tparam string octets
*/
static int t_feed (lua_State *L) {
  Tls *u = check(L);
  size_t n, got;
  const char *p = luaL_checklstring(L, 2, &n);
  char *at = pop3_tls_room(u->t, n, &got);
  if (at == NULL) return lpop3_fail(L, POP3_ENOMEM);
  if (n > 0) memcpy(at, p, n);
  filled(u, n);
  return 0;
}

/* nil, message, code of the error that stuck, or "closed". */
static int push_error (lua_State *L, const Tls *u) {
  int err = u->nomem ? POP3_ENOMEM : pop3_tls_error(u->t);
  if (err == POP3_ENOMEM) return lpop3_fail(L, err);
  if (err == POP3_ECLOSED) {
    lua_pushliteral(L, "closed");
    return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, pop3_tls_why(u->t));
  lua_pushstring(L, pop3_errcode(err));
  return 3;
}

/* "data", octets, if there are any. */
static int push_data (lua_State *L, Tls *u) {
  luaL_Buffer b;
  size_t total = 0, n;
  char *p = luaL_buffinitsize(L, &b, PIECE);
  while (total < PIECE &&
         pop3_tls_read(u->t, p + total, PIECE - total, &n) == 1) total += n;
  luaL_pushresultsize(&b, total);
  if (total == 0) {
    lua_pop(L, 1);
    return 0;
  }
  lua_pushliteral(L, "data");
  lua_insert(L, -2);
  return 2;
}

/***
The next event; nothing when more octets are needed.

- `"handshake"`, once: it is through, and the peer is who it should be
- `"data", octets`: when it is put around no engine
- `"closed"`: the peer has ended the connection in order; it stays so

An error is nil, message, code and stays: "tls", or "closed" when the peer just
stopped. What it has to send then, an alert, may still be sent.
@function tls:next
@return event and its values
*/
static int t_next (lua_State *L) {
  Tls *u = check(L);
  if (u->inner != NULL) decrypt(u);
  else pop3_tls_shake(u->t);
  if (!u->announced && pop3_tls_ready(u->t)) {
    u->announced = 1;
    lua_pushliteral(L, "handshake");
    return 1;
  }
  if (u->inner == NULL && pop3_tls_ready(u->t)) {
    int n = push_data(L, u);
    if (n > 0) return n;
  }
  return u->nomem || pop3_tls_error(u->t) != 0 ? push_error(L, u) : 0;
}

/***
The octets to send, nil if there are none. Say with `sent` what is gone.
@function tls:out
@tparam[opt] integer max at most so many
@treturn string
*/
static int t_out (lua_State *L) {
  Tls *u = check(L);
  lua_Integer max = luaL_optinteger(L, 2, LUA_MAXINTEGER);
  pop3_span o = out(u);
  if (o.n == 0 || max <= 0) return 0;
  lua_pushlstring(L, o.p, (lua_Unsigned)max < o.n ? (size_t)max : o.n);
  return 1;
}

/***
So many of the octets to send are gone.
@function tls:sent
@tparam integer n
*/
static int t_sent (lua_State *L) {
  Tls *u = check(L);
  lua_Integer n = luaL_checkinteger(L, 2);
  luaL_argcheck(L, n >= 0 && (size_t)n <= pop3_tls_out(u->t).n, 2,
                "more than there is to send");
  pop3_tls_sent(u->t, (size_t)n);
  return 0;
}

/***
How many octets are to be sent: those of TLS, or if there are none, those that
the inner engine has for it; 0 when there is nothing.
@function tls:pending
@tparam[opt=false] boolean all both: what the inner engine has now is encrypted
@treturn integer
*/
static int t_pending (lua_State *L) {
  Tls *u = check(L);
  size_t n = out(u).n, before;
  if (lua_toboolean(L, 2)) do {
    before = n;
    encrypt(u);
    n = pop3_tls_out(u->t).n;
  } while (n > before);
  lua_pushinteger(L, (lua_Integer)n);
  return 1;
}

/***
Send octets, when it is put around no engine and the handshake is through.
@function tls:write
@tparam string octets
@treturn boolean true, or nil, message, code
*/
static int t_write (lua_State *L) {
  Tls *u = check(L);
  size_t n, k;
  const char *p = luaL_checklstring(L, 2, &n);
  luaL_argcheck(L, u->inner == NULL, 1, "an engine does the writing");
  if (pop3_tls_shake(u->t) == 0) return lpop3_fail(L, POP3_ESTATE);
  if (n > UNSENT || pop3_tls_out(u->t).n > UNSENT - n)
    return lpop3_fail(L, POP3_ELIMIT);
  while (n > 0 && pop3_tls_write(u->t, p, n, &k) == 0 && k > 0) {
    p += k;
    n -= k;
  }
  if (pop3_tls_error(u->t) == POP3_ECLOSED) return lpop3_fail(L, POP3_ECLOSED);
  if (pop3_tls_error(u->t) != 0) return push_error(L, u);
  lua_pushboolean(L, 1);
  return 1;
}

/***
The transport has ended: no more octets will come.
@function tls:eof
*/
static int t_eof (lua_State *L) {
  pop3_tls_eof(check(L)->t);
  return 0;
}

/***
Nothing more will be said: close_notify is to be sent.
@function tls:shutdown
*/
static int t_shutdown (lua_State *L) {
  Tls *u = check(L);
  if (pop3_tls_out(u->t).n == 0) encrypt(u);  /* what was said goes first */
  pop3_tls_shutdown(u->t);
  return 0;
}

/***
It is idle: give back the memory that it does not need.
@function tls:rest
*/
static int t_rest (lua_State *L) {
  pop3_tls_rest(check(L)->t);
  return 0;
}

/***
What a login can be bound to: "tls-exporter" (RFC 9266), "tls-server-end-point"
or "tls-unique" (RFC 5929; TLS 1.2).
@function tls:binding
@tparam string type
@treturn ?string octets
*/
static int t_binding (lua_State *L) {
  unsigned char data[POP3_BINDING_MAX];
  size_t n = pop3_tls_binding(check(L)->t, luaL_checkstring(L, 2), data);
  if (n == 0) return 0;
  lua_pushlstring(L, (const char *)data, n);
  return 1;
}

/***
What the next connection to this server may be shortened with.
@function tls:ticket
@treturn ?pop3.tls.ticket nil if there is none (yet)
*/
static int t_ticket (lua_State *L) {
  Tls *u = check(L);
  Ticket *k = (Ticket *)lua_newuserdatauv(L, sizeof *k, 0);
  k->k = NULL;
  luaL_setmetatable(L, TICKET_T);
  k->k = pop3_tls_get_ticket(u->t);
  return k->k != NULL;
}

/* -------------------------------------------------------------------- info */

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
  char pin[POP3_BASE64_SIZE(POP3_PIN_SIZE)];
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
}

/* The peer's certificate is copied to Lua under a userdata's protection. */
typedef struct Peer {
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

int ltls_pushcert (lua_State *L, ltls_describe describe, const void *from,
                   int i) {
  Peer *p = (Peer *)lua_newuserdatauv(L, sizeof *p, 0);
  int got;
  memset(p, 0, sizeof *p);
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

static int describe_peer (const void *from, int i, pop3_tls_peer *peer) {
  (void)i;  /* there is one at the most */
  return pop3_tls_get_peer((const pop3_tls *)from, peer);
}

/***
What was agreed on in the handshake.
@function tls:info
@treturn table `version`, `cipher`, `alpn`, `reused` (a session was resumed), and
`peer`, the other side's certificate if it showed one: `subject`, `issuer`,
`common_name`, `names` (DNS names and addresses), `emails`, `not_before`,
`not_after`, `pin`
*/
static int t_info (lua_State *L) {
  Tls *u = check(L);
  pop3_span alpn = pop3_tls_alpn(u->t);
  lua_newtable(L);
  lua_pushstring(L, pop3_tls_version(u->t));
  lua_setfield(L, -2, "version");
  lua_pushstring(L, pop3_tls_cipher(u->t));
  lua_setfield(L, -2, "cipher");
  if (alpn.n > 0) {
    lua_pushlstring(L, alpn.p, alpn.n);
    lua_setfield(L, -2, "alpn");
  }
  lua_pushboolean(L, pop3_tls_reused(u->t));
  lua_setfield(L, -2, "reused");
  if (ltls_pushcert(L, describe_peer, u->t, 0)) lua_setfield(L, -2, "peer");
  return 1;
}

static int t_close (lua_State *L) {
  Tls *u = (Tls *)luaL_checkudata(L, 1, LPOP3_TLS);
  u->port.engine = NULL;
  u->inner = NULL;
  pop3_tls_free(&u->t);
  return 0;
}

static int t_tostring (lua_State *L) {
  Tls *u = (Tls *)luaL_checkudata(L, 1, LPOP3_TLS);
  lua_pushfstring(L, LPOP3_TLS " (%s)", u->t == NULL ? "closed" : "open");
  return 1;
}

static const luaL_Reg meta[] = {
  { "__gc", t_close },
  { "__close", t_close },
  { "__tostring", t_tostring },
  { NULL, NULL }
};

static const luaL_Reg methods[] = {
  { "binding", t_binding },
  { "close", t_close },
  { "eof", t_eof },
  { "feed", t_feed },
  { "info", t_info },
  { "next", t_next },
  { "out", t_out },
  { "pending", t_pending },
  { "rest", t_rest },
  { "sent", t_sent },
  { "shutdown", t_shutdown },
  { "ticket", t_ticket },
  { "wrap", t_wrap },
  { "write", t_write },
  { NULL, NULL }
};

static const luaL_Reg context_meta[] = { { "__gc", context_gc }, { NULL, NULL } };
static const luaL_Reg ticket_meta[] = { { "__gc", ticket_gc }, { NULL, NULL } };
static const luaL_Reg peer_meta[] = { { "__gc", peer_gc }, { NULL, NULL } };
static const luaL_Reg none[] = { { NULL, NULL } };

static const luaL_Reg funcs[] = {
  { "tls", l_tls },
  { "tls_context", l_context },
  { NULL, NULL }
};

void lpop3_open_tls (lua_State *L) {
  lpop3_type(L, LPOP3_TLS, meta, methods);
  lpop3_type(L, CONTEXT_T, context_meta, none);
  lpop3_type(L, TICKET_T, ticket_meta, none);
  lpop3_type(L, PEER_T, peer_meta, none);
  luaL_setfuncs(L, funcs, 0);
}
