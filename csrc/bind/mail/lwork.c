/*
** lwork.c - buffers and converters that one call needs to read mail.
*/
#include <string.h>

#include "../open.h"
#include "lwork.h"

#define WORK_T "pop3.core.work"
#define THE WORK_T ".the"
#define KEEPBUF ((size_t)1 << 20)    /* a larger buffer is freed */

static int l_gc (lua_State *L) {
  Work *w = (Work *)luaL_checkudata(L, 1, WORK_T);
  pop3_conv_free(&w->conv);
  pop3_value_free(&w->value);
  pop3_addrs_free(&w->addrs);
  pop3_buf_free(&w->tmp);
  pop3_buf_free(&w->out);
  pop3_buf_free(&w->parts);
  if (w->spare != NULL) {
    pop3_builder_free(w->spare);
    pop3_free(w->mem, w->spare, sizeof *w->spare);
  }
  w->spare = NULL;
  pop3_iconvs_free(&w->iconvs);
  return 0;
}

/* Created before any message, so that it is finalized after all of them. */
void lpop3_open_work (lua_State *L) {
  static const luaL_Reg meta[] = { { "__gc", l_gc }, { NULL, NULL } };
  Work *w;
  int known = lua_getfield(L, LUA_REGISTRYINDEX, THE) != LUA_TNIL;
  lua_pop(L, 1);
  if (known) return;  /* the module is opened again: messages hold the first */
  w = (Work *)lua_newuserdatauv(L, sizeof *w, 0);
  memset(w, 0, sizeof *w);
  w->mem = lpop3_mem(L);
  pop3_conv_init(&w->conv, w->mem);
  pop3_conv_share(&w->conv, &w->iconvs);
  pop3_value_init(&w->value, w->mem);
  pop3_addrs_init(&w->addrs, &w->conv, w->mem);
  pop3_buf_init(&w->tmp, w->mem);
  pop3_buf_init(&w->out, w->mem);
  pop3_buf_init(&w->parts, w->mem);
  if (luaL_newmetatable(L, WORK_T)) luaL_setfuncs(L, meta, 0);
  lua_setmetatable(L, -2);
  lua_setfield(L, LUA_REGISTRYINDEX, THE);
}

Work *lwork_get (lua_State *L) {
  Work *w;
  lua_getfield(L, LUA_REGISTRYINDEX, THE);
  w = (Work *)lua_touserdata(L, -1);
  lua_pop(L, 1);
  return w;
}

pop3_builder *lwork_take (lua_State *L, Work *w) {
  pop3_builder *b = w->spare;
  w->spare = NULL;
  w->last = b;
  if (b != NULL) return b;
  b = (pop3_builder *)pop3_alloc(w->mem, sizeof *b);
  if (b == NULL) lwork_try(L, POP3_ENOMEM);
  if (pop3_builder_init(b, w->mem) != 0) {
    lwork_give(w, b);
    lwork_try(L, POP3_ENOMEM);
  }
  w->last = b;
  return b;
}

void lwork_give (Work *w, pop3_builder *b) {
  if (b == NULL) return;
  if (w->spare == NULL) {
    w->spare = b;
    return;
  }
  if (w->last == b) w->last = NULL;
  pop3_builder_free(b);
  pop3_free(w->mem, b, sizeof *b);
}

void lwork_try (lua_State *L, int err) {
  if (err < 0) luaL_error(L, "%s", pop3_errtext(err));
}

pop3_span lwork_unfold (lua_State *L, Work *w, pop3_span value) {
  pop3_span s;
  lwork_try(L, pop3_unfold(value, &w->tmp, &s));
  return s;
}

pop3_span lwork_ids (lua_State *L, Work *w, pop3_span value) {
  pop3_span s = lwork_unfold(L, w, value);
  lwork_try(L, pop3_ident_text(&w->conv, s, &w->addrs.plain, &s));
  return s;
}

/* Has the parser that found a part parsed its type already? */
static int taken (Work *w, pop3_mime *p, pop3_span raw, size_t max) {
  pop3_value v = w->value;
  if (p->valued.p != raw.p || p->lim.params != max) return 0;
  w->value = p->value;
  p->value = v;
  p->valued.p = NULL;
  return 1;
}

void lwork_value (lua_State *L, Work *w, pop3_span raw, size_t max) {
  if (raw.p == NULL) raw = pop3_span_of("", 0);
  else if (raw.p == w->valued.p && raw.n == w->valued.n &&
           max == w->maxparams)
    return;
  w->valued.p = NULL;
  if (w->last != NULL && raw.p != NULL && taken(w, &w->last->mime, raw, max)) {
    w->valued = raw;
    w->maxparams = max;
    return;
  }
  lwork_try(L, pop3_value_parse(&w->value, lwork_unfold(L, w, raw), max));
  w->valued = raw;
  w->maxparams = max;
}

void lwork_span (lua_State *L, pop3_span s) {
  lua_pushlstring(L, s.n > 0 ? s.p : "", s.n);
}

/* Buffers that one large message has filled are not kept for the others. */
void lwork_trim (Work *w) {
  w->out.n = w->tmp.n = w->conv.tmp.n = w->conv.word.n = 0;
  w->conv.fallback = NULL;
  pop3_buf_trim(&w->out, KEEPBUF);
  pop3_buf_trim(&w->tmp, KEEPBUF);
  pop3_buf_trim(&w->conv.tmp, KEEPBUF);
  pop3_buf_trim(&w->conv.word, KEEPBUF);
  if (w->value.text.cap > KEEPBUF || w->value.segs.cap > KEEPBUF) {
    pop3_value_free(&w->value);
    w->valued.p = NULL;
  }
  if (w->addrs.toks.cap > KEEPBUF || w->addrs.plain.cap > KEEPBUF ||
      w->addrs.name.cap > KEEPBUF || w->addrs.address.cap > KEEPBUF)
    pop3_addrs_free(&w->addrs);
}

void lwork_push (lua_State *L, Work *w) {
  lua_pushlstring(L, w->out.n > 0 ? w->out.p : "", w->out.n);
  lwork_trim(w);
}

void lwork_words (lua_State *L, Work *w, pop3_span unfolded) {
  w->out.n = 0;
  lwork_try(L, pop3_words(&w->conv, unfolded, &w->out));
  lwork_push(L, w);
}

void lwork_pack (lua_State *L, Work *w, pop3_span s) {
  size_t n = s.p == NULL ? LWORK_NIL : s.n;
  lwork_try(L, pop3_buf_add(&w->out, (const char *)&n, sizeof n));
  if (s.p != NULL) lwork_try(L, pop3_buf_add(&w->out, s.p, s.n));
}

const char *lwork_packed (lua_State *L, Work *w, char *small) {
  char *p = small;
  if (w->out.n <= LWORK_SMALL) lua_pushnil(L);
  else p = (char *)lua_newuserdatauv(L, w->out.n, 0);
  if (w->out.n > 0) memcpy(p, w->out.p, w->out.n);
  lwork_trim(w);
  return p;
}

const char *lwork_unpack (lua_State *L, const char *p) {
  size_t n;
  memcpy(&n, p, sizeof n);
  p += sizeof n;
  if (n == LWORK_NIL) {
    lua_pushnil(L);
    return p;
  }
  lua_pushlstring(L, p, n);
  return p + n;
}
