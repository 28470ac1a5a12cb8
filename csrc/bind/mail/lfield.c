/*
** lfield.c - header fields of messages and parts: text, addresses, dates,
** message-ids.
*/
#include <string.h>

#include "../open.h"
#include "lfield.h"
#include "lmessage.h"

/* Find the first field of 'name', which is in lower case. */
static int find (lua_State *L, const Part *p, const char *name,
                 pop3_field *f) {
  Message *m = p->m;
  int dashes, found;
  if (p->n == 0 && m->nhead == 0) {   /* where the header ends matters rarely */
    pop3_span block = m->in;
    if (block.n > m->lim.header) block.n = m->lim.header;
    found = pop3_head_find(block, name, m->lim.fields, f, &dashes);
    if (!dashes) return found;
  }
  return pop3_head_find(lmessage_block(L, m, p->n), name, m->lim.fields, f,
                        &dashes);
}

/* Push the name at 'arg' in lower case, and return it. */
static const char *lower_name (lua_State *L, int arg) {
  luaL_Buffer b;
  size_t n, i;
  const char *s;
  char *q;
  if (lua_type(L, arg) != LUA_TSTRING)
    luaL_error(L, "field name: string expected, got %s", luaL_typename(L, arg));
  s = lua_tolstring(L, arg, &n);
  q = luaL_buffinitsize(L, &b, n);
  for (i = 0; i < n; i++) q[i] = (char)pop3_lower(s[i]);
  luaL_pushresultsize(&b, n);
  return lua_tostring(L, -1);
}

/* ------------------------------------------------------------------- text */

static int push_text (lua_State *L, const Part *p, const char *name) {
  pop3_field f;
  if (!find(L, p, name, &f)) return 0;
  lmessage_hint(L, p->m, f.value);
  lwork_words(L, p->m->w, lwork_unfold(L, p->m->w, f.value));
  return 1;
}

/* part:header(name) -> decoded text or nil */
static int l_header (lua_State *L) {
  const Part *p = lmessage_check(L, 1);
  return push_text(L, p, lower_name(L, 2));
}

static int g_subject (lua_State *L) {
  return push_text(L, lmessage_check(L, 1), "subject");
}

/* The iterator of 'fields'; upvalues: part, offset, fields left, name. */
static int next_field (lua_State *L) {
  const Part *p = lmessage_held(L, lua_upvalueindex(1));
  pop3_span block = lmessage_block(L, p->m, p->n);
  lua_Integer left = lua_tointeger(L, lua_upvalueindex(3));
  const char *want = lua_tostring(L, lua_upvalueindex(4));
  enum pop3_head_kind k;
  pop3_field f;
  pop3_head h;
  h.block = block;
  h.at = (size_t)lua_tointeger(L, lua_upvalueindex(2));
  while (left > 0 && (k = pop3_head_next(&h, &f)) != POP3_HEAD_END) {
    if (k != POP3_HEAD_FIELD) continue;
    left--;
    if (want != NULL && !pop3_is(f.name, want)) continue;
    lua_pushinteger(L, (lua_Integer)h.at);
    lua_replace(L, lua_upvalueindex(2));
    lua_pushinteger(L, left);
    lua_replace(L, lua_upvalueindex(3));
    lwork_span(L, f.name);
    lmessage_still(L, p->m);
    lwork_span(L, f.value);
    lpop3_pushu64(L, (size_t)(block.p - p->m->in.p) + f.at);
    return 3;
  }
  lua_pushinteger(L, 0);
  lua_replace(L, lua_upvalueindex(3));
  return 0;
}

/* part:fields([name]) -> iterator of name, raw value, offset */
static int l_fields (lua_State *L) {
  const Part *p = lmessage_check(L, 1);
  lua_settop(L, 2);
  lua_pushvalue(L, 1);
  lua_pushinteger(L, 0);
  lpop3_pushu64(L, p->m->lim.fields);
  if (lua_isnil(L, 2)) lua_pushnil(L);
  else lower_name(L, 2);
  lua_pushcclosure(L, next_field, 4);
  return 1;
}

/* -------------------------------------------------------------- addresses */

int lfield_addresses (lua_State *L, Work *w, pop3_span value, size_t max) {
  pop3_address a;
  size_t n = 0, i;
  const char *packed;
  char small[LWORK_SMALL];
  int r;
  pop3_addrs_start(&w->addrs, value);
  w->out.n = 0;
  while ((r = pop3_addrs_next(&w->addrs, &a)) > 0 && n < max) {
    lwork_pack(L, w, pop3_span_of(a.name.n > 0 ? a.name.p : "", a.name.n));
    lwork_pack(L, w, pop3_span_of(a.address.n > 0 ? a.address.p : "",
                                  a.address.n));
    lwork_pack(L, w, a.group);
    n++;
  }
  lwork_try(L, r);
  packed = lwork_packed(L, w, small);
  lua_createtable(L, n < 1000 ? (int)n : 1000, 0);
  for (i = 1; i <= n; i++) {                        /* packed, list */
    lua_createtable(L, 0, 3);
    packed = lwork_unpack(L, packed);
    lua_setfield(L, -2, "name");
    packed = lwork_unpack(L, packed);
    lua_setfield(L, -2, "address");
    packed = lwork_unpack(L, packed);
    lua_setfield(L, -2, "group");
    lua_rawseti(L, -2, (lua_Integer)i);
  }
  lua_remove(L, -2);
  return r;
}

static void note_limit (lua_State *L, Message *m, size_t at) {
  const pop3_defect *d = (const pop3_defect *)(const void *)m->tree.defects.p;
  size_t i;
  for (i = 0; i < m->tree.defects.n / sizeof *d; i++)
    if (d[i].at == at && d[i].code == POP3_DEFECT_LIMIT) return;
  lwork_try(L, pop3_tree_note(&m->tree, POP3_DEFECT_LIMIT, at,
                              "too many addresses"));
}

static int push_addresses (lua_State *L, const Part *p, const char *name) {
  Message *m = p->m;
  pop3_field f;
  size_t at;
  if (!find(L, p, name, &f)) {
    lua_newtable(L);
    return 1;
  }
  at = (size_t)(f.name.p - m->in.p);
  lmessage_hint(L, m, f.value);
  if (lfield_addresses(L, m->w, lwork_unfold(L, m->w, f.value),
                       m->lim.addresses))
    note_limit(L, m, at);
  return 1;
}

/* part:addresses(name) -> list */
static int l_addresses (lua_State *L) {
  const Part *p = lmessage_check(L, 1);
  return push_addresses(L, p, lower_name(L, 2));
}

/* ----------------------------------------------------------- dates and ids */

void lfield_date (lua_State *L, pop3_span value) {
  char iso[POP3_DATE_ISO];
  pop3_date d;
  if (!pop3_date_parse(value, &d)) {
    lua_pushnil(L);
    return;
  }
  pop3_date_iso(&d, iso);
  lua_createtable(L, 0, 3);
  lua_pushinteger(L, (lua_Integer)d.epoch);
  lua_setfield(L, -2, "epoch");
  lua_pushinteger(L, d.offset);
  lua_setfield(L, -2, "offset");
  lua_pushstring(L, iso);
  lua_setfield(L, -2, "iso");
}

static int push_date (lua_State *L, const Part *p, const char *name) {
  pop3_field f;
  if (!find(L, p, name, &f)) return 0;
  lfield_date(L, f.value);
  return 1;
}

static int push_ids (lua_State *L, const Part *p, const char *name) {
  Work *w = p->m->w;
  const char *packed;
  char small[LWORK_SMALL];
  lua_Integer n = 0, i;
  pop3_field f;
  pop3_buf id;
  size_t at = 0;
  int r = 0;
  w->out.n = 0;
  if (find(L, p, name, &f)) {
    pop3_span v;
    lmessage_hint(L, p->m, f.value);
    v = lwork_ids(L, w, f.value);
    id = w->addrs.name;                    /* a buffer that is not in use */
    while ((r = pop3_ident_next(v, &at, &id)) > 0) {
      w->addrs.name = id;
      lwork_pack(L, w, pop3_span_of(id.p, id.n));
      n++;
    }
    w->addrs.name = id;
    lwork_try(L, r);
  }
  packed = lwork_packed(L, w, small);
  lua_createtable(L, n < 1000 ? (int)n : 1000, 0);
  for (i = 1; i <= n; i++) {
    packed = lwork_unpack(L, packed);
    lua_rawseti(L, -2, i);
  }
  lua_remove(L, -2);
  return 1;
}

static int g_message_id (lua_State *L) {
  const Part *p = lmessage_check(L, 1);
  Work *w = p->m->w;
  pop3_field f;
  int r;
  if (!find(L, p, "message-id", &f)) return 0;
  lmessage_hint(L, p->m, f.value);
  r = pop3_ident(lwork_ids(L, w, f.value), &w->out);
  lwork_try(L, r);
  if (r == 0) return 0;
  lwork_push(L, w);
  return 1;
}

/* ---------------------------------------------------------------- getters */

/*
** Tables are made once. 1: the table of 'key' is in the cache, and is pushed;
** 0: the cache is pushed.
*/
static int cached (lua_State *L, const char *key) {
  lmessage_cache(L, 1);
  if (lua_getfield(L, -1, key) != LUA_TNIL) return 1;
  lua_pop(L, 1);
  return 0;
}

/* Keep the table on the top, above the cache, and return it. */
static int keep (lua_State *L, const char *key) {
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, key);
  return 1;
}

#define TABLE_GETTER(key, name, push) \
  static int g_##key (lua_State *L) { \
    const Part *p = lmessage_check(L, 1); \
    if (cached(L, #key)) return 1; \
    return push(L, p, (name)) ? keep(L, #key) : 0; \
  }

TABLE_GETTER(from, "from", push_addresses)
TABLE_GETTER(to, "to", push_addresses)
TABLE_GETTER(cc, "cc", push_addresses)
TABLE_GETTER(bcc, "bcc", push_addresses)
TABLE_GETTER(reply_to, "reply-to", push_addresses)
TABLE_GETTER(sender, "sender", push_addresses)
TABLE_GETTER(date, "date", push_date)
TABLE_GETTER(in_reply_to, "in-reply-to", push_ids)
TABLE_GETTER(references, "references", push_ids)

static const luaL_Reg methods[] = {
  {"header", l_header}, {"fields", l_fields}, {"addresses", l_addresses},
  {NULL, NULL}
};

static const luaL_Reg getters[] = {
  {"subject", g_subject}, {"message_id", g_message_id}, {"date", g_date},
  {"in_reply_to", g_in_reply_to}, {"references", g_references},
  {"from", g_from}, {"to", g_to}, {"cc", g_cc}, {"bcc", g_bcc},
  {"reply_to", g_reply_to}, {"sender", g_sender}, {NULL, NULL}
};

void lpop3_open_field (lua_State *L) {
  lmessage_add(L, methods, getters);
}
