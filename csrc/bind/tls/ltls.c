/*
** ltls.c - TLS for Lua: contexts, connections, tickets.
*/

/***
TLS without input or output, as an engine with the same ports as the others. It
can wrap another engine, which then takes and gives the plaintext, or be used
alone.
@engine pop3.core.tls
*/
#include <string.h>

#include "../../tls/tls.h"
#include "../lcache.h"
#include "../open.h"
#include "lcontext.h"
#include "lpeer.h"

#define TICKET_T "pop3.tls.ticket"

#define CLIENT_WANT (64 * 1024)  /* octets read at once */
#define SERVER_WANT (16 * 1024)
#define BATCH (64 * 1024)        /* octets of plaintext encrypted at once */
#define PIECE (64 * 1024)        /* octets of plaintext handed out at once */
#define PLAIN 16384              /* octets of a record */
#define UNSENT (16 * 1024 * 1024)  /* octets that 'write' takes ahead */

/* User values. */
enum { CONTEXT = 1, INNER };

typedef struct Tls {
  lpop3_port port;
  pop3_tls *t;        /* NULL when closed */
  lpop3_port *inner;  /* the wrapped engine, anchored in INNER */
  int nomem;          /* the inner engine had no room */
  int asked;          /* "certificate" was an event */
  int announced;      /* "handshake" was an event */
} Tls;

typedef struct Ticket {
  lpop3_object object;
  pop3_tls_ticket *k;
} Ticket;

static int ticket_gc (lua_State *L) {
  pop3_tls_ticket_free(&((Ticket *)luaL_checkudata(L, 1, TICKET_T))->k);
  return 0;
}

/* ------------------------------------------------------------------- ports */

static lpop3_port *inner (const Tls *u) {
  return u->inner != NULL && u->inner->engine != NULL ? u->inner : NULL;
}

/*
** Does a method of the inner engine run, during which Lua called a finalizer?
** Then the inner engine must not change.
*/
static int occupied (const Tls *u) {
  return u->inner != NULL && lpop3_in_use(&u->inner->object);
}

/* Decrypt all octets, directly into the inner engine. */
static void decrypt (Tls *u) {
  lpop3_port *in = inner(u);
  size_t want = in != NULL ? in->want : 0;
  int got = 1;
  u->nomem = 0;
  if (occupied(u)) return;
  if (u->inner == NULL) pop3_tls_shake(u->t);
  while (u->inner != NULL && got == 1) {
    char sink[256];  /* the inner engine is closed: the octets are dropped */
    size_t room = sizeof sink, n;
    char *p = in != NULL ? in->room(in->engine, want, &room) : sink;
    if (p == NULL) {
      u->nomem = 1;
      return;
    }
    got = pop3_tls_read(u->t, p, room, &n);
    if (got == 1 && in != NULL) in->filled(in->engine, n);
    want = PLAIN;
  }
}

/* Encrypt octets of the inner engine, at most BATCH. */
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
  Tls *u = (Tls *)lua_touserdata(L, 1);
  luaL_argcheck(L, u->t != NULL, 1, "TLS is closed");
  return u;
}

/* The server's name; a client that verifies needs one. */
static const char *find_name (lua_State *L, const pop3_tls_context *c) {
  const char *name = ltls_string(L, 1, "name"), *p;
  if (name == NULL && pop3_tls_context_verify(c))
    luaL_error(L, "tls: the option 'name' is needed to verify the server");
  for (p = name; p != NULL && *p != '\0'; p++)
    if ((unsigned char)*p >= 0x80)
      luaL_error(L, "tls: 'name' must be in ASCII, as A-labels");
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
  const pop3_tls_context *c;
  const char *name;
  Tls *u;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  if (lua_getfield(L, 1, "context") == LUA_TNIL) {
    int n;
    lua_pop(L, 1);
    n = ltls_newcontext(L, 1);
    if (n != 1) return n;
    lua_insert(L, 2);
    lua_settop(L, 2);
  }
  if (lua_getfield(L, 1, "session") != LUA_TNIL)
    ticket = ((Ticket *)luaL_checkudata(L, -1, TICKET_T))->k;
  name = find_name(L, ltls_checkcontext(L, 2));
  u = (Tls *)lpop3_new(L, sizeof *u, 2);  /* opts, context, .., tls */
  luaL_setmetatable(L, LPOP3_TLS);                         /* collectable */
  lua_pushvalue(L, 2);
  lua_setiuservalue(L, -2, CONTEXT);
  c = ltls_checkcontext(L, 2);
  u->t = pop3_tls_new(pop3_tls_context_server(c) ? lpop3_cache(L)
                                                 : lpop3_mem(L),
                      c, name, ticket);
  if (u->t == NULL) return lpop3_fail(L, POP3_ENOMEM);
  u->port.room = room;
  u->port.filled = filled;
  u->port.out = out;
  u->port.sent = sent;
  u->port.engine = u;                                             /* open */
  u->port.want = pop3_tls_context_server(c) ? SERVER_WANT : CLIENT_WANT;
  return 1;
}

/***
Wrap an engine: decrypted octets go to it, and the octets that it has to send
are encrypted.
@function tls:wrap
@param engine
*/
static int t_wrap (lua_State *L) {
  Tls *u = check(L);
  lpop3_port *p = lpop3_checkport(L, 2);
  luaL_argcheck(L, (void *)p != (void *)u, 2, "TLS cannot wrap itself");
  lua_pushvalue(L, 2);
  lua_setiuservalue(L, 1, INNER);
  u->inner = p;
  return 0;
}

/***
Give the engine octets that came from the peer.
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

static int describe_peer (const void *from, int i, pop3_tls_peer *peer) {
  return pop3_tls_get_peer((const pop3_tls *)from, i, peer);
}

/* Push the peer's certificate, with its 'chain', and return 1; or push nothing. */
static int push_peer (lua_State *L, const pop3_tls *t) {
  int i;
  if (!lpeer_push(L, describe_peer, t, 0)) return 0;
  lua_newtable(L);  /* certificate, chain */
  for (i = 1; lpeer_push(L, describe_peer, t, i); i++)
    lua_rawseti(L, -2, i);
  lua_setfield(L, -2, "chain");
  return 1;
}

/* "certificate", its table or nil, the problem with it or nil */
static int push_question (lua_State *L, Tls *u) {
  u->asked = 1;
  lua_pushliteral(L, "certificate");
  if (!push_peer(L, u->t)) lua_pushnil(L);
  lua_pushstring(L, pop3_tls_problem(u->t));  /* nil if it is NULL */
  return 3;
}

/***
Decide about the server's certificate, after the event `"certificate"`. The next
event is `"handshake"`, or an error "tls".
@function tls:decide
@tparam boolean accept
*/
static int t_decide (lua_State *L) {
  Tls *u = check(L);
  int accept;
  luaL_checktype(L, 2, LUA_TBOOLEAN);
  accept = lua_toboolean(L, 2);
  luaL_argcheck(L, pop3_tls_asks(u->t), 1,
                "no certificate waits for a decision");
  pop3_tls_decide(u->t, accept);
  return 0;
}

/***
The next event; nothing when more octets are needed.

- `"certificate", certificate, problem`, once, of a client with `verify =
  "ask"`: the server's certificate, a table as `peer` of `info`, and the problem
  with it, nil if it is valid. The handshake waits for `decide`
- `"handshake"`, once: it is complete, and the peer is verified
- `"data", octets`: if it wraps no engine
- `"closed"`: the peer sent close_notify; all later calls return it

An error is nil, message, code, and sticks: "tls", or "closed" if the transport
ended without close_notify. An alert that remains in `out` may still be sent.
@function tls:next
@return event and its values
*/
static int t_next (lua_State *L) {
  Tls *u = check(L);
  if (u->inner != NULL) decrypt(u);
  else pop3_tls_shake(u->t);
  if (!u->asked && pop3_tls_asks(u->t)) return push_question(L, u);
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
The octets to send, nil if there are none. `sent` says how many are sent.
@function tls:out
@tparam[opt] integer max the most octets to return
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
Octets of `out` are sent.
@function tls:sent
@tparam integer n
@treturn integer how many wait to be sent after them
*/
static int t_sent (lua_State *L) {
  Tls *u = check(L);
  lua_Integer n = luaL_checkinteger(L, 2);
  luaL_argcheck(L, n >= 0 && (size_t)n <= pop3_tls_out(u->t).n, 2,
                "more than is waiting to be sent");
  pop3_tls_sent(u->t, (size_t)n);
  lua_pushinteger(L, (lua_Integer)out(u).n);
  return 1;
}

/***
The number of octets to send: those of TLS; if TLS has no octets, those of the
wrapped engine.
@function tls:pending
@tparam[opt=false] boolean all count both: encrypt the octets of the wrapped
engine
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
Send octets, if it wraps no engine, after the handshake.
@function tls:write
@tparam string octets
@treturn boolean true, or nil, message, code
*/
static int t_write (lua_State *L) {
  Tls *u = check(L);
  size_t n, k;
  const char *p = luaL_checklstring(L, 2, &n);
  luaL_argcheck(L, u->inner == NULL, 1, "the wrapped engine does the writing");
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
The transport ended: no more octets will come.
@function tls:eof
*/
static int t_eof (lua_State *L) {
  pop3_tls_eof(check(L)->t);
  return 0;
}

/***
End this direction: `out` then has close_notify.
@function tls:shutdown
*/
static int t_shutdown (lua_State *L) {
  Tls *u = check(L);
  if (pop3_tls_out(u->t).n == 0) encrypt(u);  /* replies are sent before it */
  pop3_tls_shutdown(u->t);
  return 0;
}

/***
The connection is idle: free the memory that it does not need.
@function tls:rest
*/
static int t_rest (lua_State *L) {
  pop3_tls_rest(check(L)->t);
  return 0;
}

/***
A channel binding: "tls-exporter" (RFC 9266), "tls-server-end-point" or
"tls-unique" (RFC 5929; TLS 1.2).
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
The ticket to resume the session in the next connection to this server.
@function tls:ticket
@treturn ?pop3.tls.ticket nil before the server has sent one
*/
static int t_ticket (lua_State *L) {
  Tls *u = check(L);
  Ticket *k = (Ticket *)lpop3_new(L, sizeof *k, 0);
  k->k = NULL;
  luaL_setmetatable(L, TICKET_T);
  k->k = pop3_tls_get_ticket(u->t);
  return k->k != NULL;
}

/* -------------------------------------------------------------------- info */

/***
The result of the handshake.
@function tls:info
@treturn table `version`, `cipher`, `alpn`, `reused` (a session was resumed),
and `peer`, the other side's certificate if it showed one: `subject`, `issuer`,
`common_name`, `names` (DNS names and addresses), `emails`, `not_before`,
`not_after`, `pin` (base64 of the SHA-256 of the public key), `fingerprint`
(SHA-256 of the whole certificate, in hexadecimal), and `chain`, a list of the
other certificates that it sent, as such tables without `chain`
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
  if (push_peer(L, u->t)) lua_setfield(L, -2, "peer");
  return 1;
}

static int t_close (lua_State *L) {
  Tls *u = (Tls *)lua_touserdata(L, 1);
  u->port.engine = NULL;
  u->inner = NULL;
  pop3_tls_free(&u->t);
  return 0;
}

static int t_tostring (lua_State *L) {
  Tls *u = (Tls *)lua_touserdata(L, 1);
  lua_pushfstring(L, LPOP3_TLS " (%s)", u->t == NULL ? "closed" : "open");
  return 1;
}

static const luaL_Reg methods[] = {
  { "__tostring", t_tostring },
  { "binding", t_binding },
  { "close", t_close },
  { "decide", t_decide },
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

static const luaL_Reg ticket_methods[] = {
  { "__gc", ticket_gc },
  { NULL, NULL }
};

void lpop3_open_tls (lua_State *L) {
  lpop3_porttype(L, LPOP3_TLS, methods);
  lpop3_type(L, TICKET_T, ticket_methods);
  lua_pushcfunction(L, l_tls);
  lua_setfield(L, -2, "tls");
}
