/*
** lstream.c - the part parser of mime.c for messages that arrive in pieces.
*/
#include <string.h>

#include "../open.h"
#include "lwork.h"

#define STREAM_T "pop3.core.stream"
#define CHUNK ((size_t)1 << 16)

typedef struct Stream {
  lpop3_object object;
  pop3_mime mime;
  pop3_decoder d;         /* of the current leaf */
  pop3_buf in;            /* input not used yet ... */
  size_t used;            /* ... from this offset on */
  pop3_buf out;
  unsigned char open, leaf, last;
} Stream;

static Stream *check (lua_State *L) {
  Stream *s = (Stream *)luaL_checkudata(L, 1, STREAM_T);
  if (!s->open) luaL_argerror(L, 1, "stream is closed");
  return s;
}

/* message.stream(depth, parts, header, fields, params) -> stream */
static int l_stream (lua_State *L) {
  Stream *s;
  pop3_limits lim;
  pop3_mem mem = lpop3_mem(L);
  memset(&lim, 0, sizeof lim);
  lim.depth = (size_t)luaL_optinteger(L, 1, 0);
  lim.parts = (size_t)luaL_optinteger(L, 2, 0);
  lim.header = (size_t)luaL_optinteger(L, 3, 0);
  lim.fields = (size_t)luaL_optinteger(L, 4, 0);
  lim.params = (size_t)luaL_optinteger(L, 5, 0);
  s = (Stream *)lpop3_new(L, sizeof *s, 0);
  pop3_buf_init(&s->in, mem);
  pop3_buf_init(&s->out, mem);
  s->mime.mem = mem;
  luaL_setmetatable(L, STREAM_T);
  s->open = 1;
  lwork_try(L, pop3_mime_init(&s->mime, mem, &lim));
  return 1;
}

static int l_close (lua_State *L) {
  Stream *s = (Stream *)luaL_checkudata(L, 1, STREAM_T);
  if (s->open) {
    pop3_mime_free(&s->mime);
    pop3_buf_free(&s->in);
    pop3_buf_free(&s->out);
  }
  s->open = 0;
  return 0;
}

/* s:feed(octets) adds input; s:feed() ends the message */
static int l_feed (lua_State *L) {
  Stream *s = check(L);
  size_t n = 0;
  const char *p = luaL_optlstring(L, 2, NULL, &n);
  if (p == NULL) s->last = 1;
  pop3_buf_shift(&s->in, s->used);
  s->used = 0;
  lwork_try(L, pop3_buf_add(&s->in, p, n));
  return 0;
}

/*
** The octets of the stream are pushed first: a push may run finalizers, and
** these may use the stream.
*/
static int push_head (lua_State *L, Stream *s, const pop3_mime_ev *ev) {
  static const char *const kinds[] = {"leaf", "multipart", "message"};
  s->leaf = ev->kind == POP3_PART_LEAF;
  pop3_decoder_init(&s->d, s->leaf && !(ev->flags & POP3_PART_OPAQUE)
                             ? ev->code : POP3_ENC_NONE);
  lua_pushlstring(L, ev->data.n > 0 ? ev->data.p : "", ev->data.n);
  lua_pushliteral(L, "head");
  lua_pushinteger(L, (lua_Integer)ev->level);
  lua_rotate(L, -3, 2);                       /* "head", level, block */
  lpop3_pushu64(L, ev->at);
  lua_pushstring(L, ev->flags & POP3_PART_ENCODED ? "encoded"
                                                  : kinds[ev->kind]);
  lua_pushboolean(L, (ev->flags & POP3_PART_DIGEST) != 0);
  lua_pushboolean(L, (ev->flags & POP3_PART_OPAQUE) != 0);
  return 7;
}

/* Push decoded octets of a leaf; with 'last', those that its decoder holds. */
static int push_data (lua_State *L, Stream *s, pop3_span in, int last) {
  s->out.n = 0;
  lwork_try(L, pop3_decode(&s->d, in, last, &s->out));
  if (s->out.n == 0) return 0;
  lua_pushlstring(L, s->out.p, s->out.n);
  lua_pushliteral(L, "data");
  lua_insert(L, -2);
  if (s->out.cap > 4 * CHUNK) pop3_buf_free(&s->out);
  return 2;
}

/*
** s:next() -> "head", level, block, offset, kind, digest, opaque
**           | "data", octets | "end", level | nil if more input is needed.
** 'kind' is one of those in lwalk.c.
*/
static int l_next (lua_State *L) {
  Stream *s = check(L);
  pop3_mime_ev ev;
  for (;;) {
    pop3_span in = pop3_span_of(s->in.n > 0 ? s->in.p + s->used : "",
                                s->in.n - s->used);
    size_t before = in.n;
    int r = pop3_mime_next(&s->mime, &in, s->last, &ev);
    s->used += before - in.n;
    lwork_try(L, r);
    if (r == 0) return 0;
    if (ev.type == POP3_MIME_HEAD) return push_head(L, s, &ev);
    if (ev.type == POP3_MIME_DATA) {
      r = push_data(L, s, ev.data, 0);
      if (r > 0) return r;
    }
    else if (ev.type == POP3_MIME_END) {
      r = s->leaf ? push_data(L, s, pop3_span_of("", 0), 1) : 0;
      s->leaf = 0;
      if (r > 0) lua_remove(L, -2);             /* octets */
      lua_pushliteral(L, "end");
      lua_pushinteger(L, (lua_Integer)ev.level);
      if (r > 0) lua_rotate(L, -3, 2);          /* "end", level, octets */
      return r > 0 ? 3 : 2;
    }
  }
}

static const luaL_Reg methods[] = {
  {"feed", l_feed}, {"next", l_next}, {"close", l_close},
  {NULL, NULL}
};

static const luaL_Reg functions[] = {{"stream", l_stream}, {NULL, NULL}};

void lpop3_open_stream (lua_State *L) {
  lpop3_type(L, STREAM_T, methods);
  lpop3_functions(L, "message", functions);
}
