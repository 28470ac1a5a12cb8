/*
** lpart.c - getters and methods of parts: type, charset, file name and other
** values that their headers declare, where they are, and defects. Their decoded
** octets and text are in lbody.c. The methods written in Lua are in
** lua/pop3/message/part.lua.
*/
#include <string.h>

#include "../open.h"
#include "lpart.h"

/* ---------------------------------------------------------------- headers */

static pop3_span piece (const char *head, pop3_piece p) {
  return pop3_span_of(p.n > 0 ? head + p.at : NULL, p.n);
}

pop3_about lpart_about (lua_State *L, const Part *p) {
  Message *m = p->m;
  pop3_about a;
  if (p->n == 0 && pop3_tree_count(&m->tree) == 0)
    pop3_about_find(lmessage_block(L, m, 0), m->lim.fields, &a);
  else {
    const pop3_part *t = lmessage_find(L, m, p->n);
    const char *head = m->in.p + t->head;
    a.type = piece(head, t->type);
    a.code = piece(head, t->encoding);
    a.disposition = piece(head, t->disposition);
    a.id = piece(head, t->id);
  }
  return a;
}

/* A part whose header is read: one of a message, or a header block alone. */
typedef struct describing {
  Work *w;
  Message *m;               /* NULL for a header block alone */
  size_t n;                 /* the index of the part in it */
  pop3_about a;
  enum pop3_encoding code;
  unsigned flags;           /* pop3_part_flags, if the part was found */
  int found;
  size_t max;               /* parameters */
} describing;

static enum pop3_encoding code_of (const describing *d) {
  return d->a.code.p == NULL ? POP3_ENC_NONE : pop3_encoding_find(d->a.code);
}

static describing describe (lua_State *L) {
  const Part *p = lmessage_check(L, 1);
  const pop3_part *t;
  describing d;
  memset(&d, 0, sizeof d);
  d.w = p->m->w;
  d.m = p->m;
  d.n = p->n;
  d.a = lpart_about(L, p);
  d.max = p->m->lim.params;
  if (p->n == 0 && pop3_tree_count(&p->m->tree) == 0) {
    d.flags = 0;
    d.code = code_of(&d);
  }
  else {
    t = pop3_tree_get(&p->m->tree, p->n);
    d.flags = t->flags;
    d.found = 1;
    d.code = (enum pop3_encoding)t->code;
  }
  return d;
}

/* A blank for each NUL. */
static void blank_nuls (pop3_buf *b) {
  size_t i;
  for (i = 0; i < b->n; i++)
    if (b->p[i] == '\0') b->p[i] = ' ';
}

static int push_encoding (lua_State *L, const describing *d) {
  if (d->a.code.p != NULL) lwork_value(L, d->w, d->a.code, 1);
  if (d->a.code.p == NULL || d->w->value.nmain == 0)
    lua_pushliteral(L, "7bit");
  else {
    d->w->out.n = 0;
    lwork_try(L, pop3_utf8_guess(&d->w->out, pop3_value_main(&d->w->value)));
    blank_nuls(&d->w->out);
    lwork_push(L, d->w);
  }
  return 1;
}

/*
** The type of a part (RFC 2045 5.2), in w->value or a literal. A multipart
** whose delimiter never occurs is text/plain.
*/
static pop3_span type_of (lua_State *L, const describing *d) {
  unsigned flags = d->flags;
  const char *s = "text/plain";
  pop3_span t;
  int valid;
  lwork_value(L, d->w, d->a.type, d->max);
  t = d->a.type.p != NULL ? pop3_value_main(&d->w->value)
                          : pop3_span_of("", 0);
  if (d->found) valid = t.n > 0 && !(flags & POP3_PART_BADTYPE);
  else valid = pop3_istype(t);
  if (valid && t.n > 10 && memcmp(t.p, "multipart/", 10) == 0) {
    if (flags & POP3_PART_OPAQUE) {
      s = "application/octet-stream";
      return pop3_span_of(s, strlen(s));
    }
    if (pop3_boundary(&d->w->value).n > 0 &&
        (d->m == NULL ||
         lmessage_settled(L, d->m, d->n)->kind == POP3_PART_MULTI))
      return t;
    valid = 0;
    flags = 0;                        /* text/plain, even in a digest */
  }
  if (d->code == POP3_ENC_UNKNOWN) s = "application/octet-stream";
  else if (valid) return t;
  else if (flags & POP3_PART_DIGEST) s = "message/rfc822";
  return pop3_span_of(s, strlen(s));
}

static int push_type (lua_State *L, const describing *d) {
  lwork_span(L, type_of(L, d));
  return 1;
}

/* Push the charset that a text part declares, in lower case. */
static int push_charset (lua_State *L, const describing *d) {
  pop3_span type = type_of(L, d), s;
  pop3_buf *out = &d->w->out;
  pop3_param p;
  size_t i;
  if (d->a.type.p == NULL || type.n < 5 || memcmp(type.p, "text/", 5) != 0 ||
      !pop3_value_find(&d->w->value, "charset", &p))
    return 0;
  s = pop3_trim(p.octets);
  out->n = 0;
  lwork_try(L, pop3_utf8_guess(out, s));
  if (out->n == 0) return 0;
  for (i = 0; i < out->n; i++) out->p[i] = (char)pop3_lower(out->p[i]);
  lwork_push(L, d->w);
  return 1;
}

/* Push the text of a parameter of the field 'raw'. */
static int push_param (lua_State *L, const describing *d, pop3_span raw,
                       const char *name) {
  pop3_param p;
  if (raw.p == NULL) return 0;
  if (d->m != NULL) lmessage_hint(L, d->m, raw);
  lwork_value(L, d->w, raw, d->max);
  if (!pop3_value_find(&d->w->value, name, &p)) return 0;
  d->w->out.n = 0;
  lwork_try(L, pop3_param_text(&d->w->conv, &p, &d->w->out));
  lwork_push(L, d->w);
  return 1;
}

/* Push the table of the parameters of Content-Type; the first of a name. */
static int push_params (lua_State *L, const describing *d) {
  Work *w = d->w;
  pop3_buf text;
  const char *packed;
  char small[LWORK_SMALL];
  size_t i, n = 0;
  if (d->a.type.p != NULL) {
    if (d->m != NULL) lmessage_hint(L, d->m, d->a.type);
    lwork_value(L, w, d->a.type, d->max);
    n = pop3_value_count(&w->value);
  }
  text = w->tmp;                  /* not in use after 'lwork_value' */
  w->out.n = 0;
  for (i = 0; i < n; i++) {
    pop3_param p;
    int err;
    pop3_value_get(&w->value, i, &p);
    text.n = 0;
    err = pop3_utf8_guess(&text, p.name);
    w->tmp = text;
    lwork_try(L, err);
    blank_nuls(&text);
    lwork_pack(L, w, pop3_span_of(text.n > 0 ? text.p : "", text.n));
    text.n = 0;
    err = pop3_param_text(&w->conv, &p, &text);
    w->tmp = text;
    lwork_try(L, err);
    lwork_pack(L, w, pop3_span_of(text.n > 0 ? text.p : "", text.n));
  }
  packed = lwork_packed(L, w, small);
  lua_createtable(L, 0, n < 64 ? (int)n : 64);
  for (i = 0; i < n; i++) {
    packed = lwork_unpack(L, packed);                  /* params, name */
    packed = lwork_unpack(L, packed);                  /* ..., text */
    lua_pushvalue(L, -2);
    if (lua_rawget(L, -4) == LUA_TNIL) {
      lua_pop(L, 1);
      lua_rawset(L, -3);
    }
    else lua_pop(L, 3);
  }
  lua_remove(L, -2);
  return 1;
}

/* An unknown disposition means attachment (RFC 2183 2.8). */
static int push_disposition (lua_State *L, const describing *d) {
  if (d->a.disposition.p == NULL) return 0;
  lwork_value(L, d->w, d->a.disposition, d->max);
  if (d->w->value.nmain == 0) return 0;
  if (pop3_is(pop3_value_main(&d->w->value), "inline"))
    lua_pushliteral(L, "inline");
  else lua_pushliteral(L, "attachment");
  return 1;
}

/* An empty one counts only if there is no other. */
static int push_filename (lua_State *L, const describing *d) {
  int found = push_param(L, d, d->a.disposition, "filename");
  if (found && lua_rawlen(L, -1) > 0) return 1;
  if (!push_param(L, d, d->a.type, "name")) return found;
  if (found) lua_remove(L, -2);
  return 1;
}

static int push_cid (lua_State *L, const describing *d) {
  int r;
  if (d->a.id.p == NULL) return 0;
  r = pop3_ident(lwork_ids(L, d->w, d->a.id), &d->w->out);
  lwork_try(L, r);
  if (r == 0) return 0;
  lwork_push(L, d->w);
  return 1;
}

#define GETTER(name) \
  static int g_##name (lua_State *L) { \
    describing d = describe(L); \
    return push_##name(L, &d); \
  }

GETTER(type)
GETTER(charset)
GETTER(encoding)
GETTER(disposition)
GETTER(filename)
GETTER(cid)

static int g_params (lua_State *L) {
  describing d = describe(L);
  lmessage_cache(L, 1);
  if (lua_getfield(L, -1, "params") != LUA_TNIL) return 1;
  push_params(L, &d);
  lua_pushvalue(L, -1);
  lua_setfield(L, -4, "params");
  return 1;
}

/*
** core.message.describe(header, table, digest, opaque, fields, params): set the
** fields of the table to the values of the getters above for that header.
*/
static int l_describe (lua_State *L) {
  static const struct {
    const char *name;
    int (*push) (lua_State *L, const describing *d);
  } all[] = {
    {"type", push_type}, {"charset", push_charset},
    {"encoding", push_encoding}, {"params", push_params},
    {"disposition", push_disposition}, {"filename", push_filename},
    {"cid", push_cid}
  };
  pop3_limits lim;
  pop3_span block;
  describing d;
  size_t i;
  block.p = luaL_checklstring(L, 1, &block.n);
  luaL_checktype(L, 2, LUA_TTABLE);
  memset(&lim, 0, sizeof lim);
  lim.fields = (size_t)luaL_optinteger(L, 5, 0);
  lim.params = (size_t)luaL_optinteger(L, 6, 0);
  pop3_limits_default(&lim);
  memset(&d, 0, sizeof d);
  d.w = lwork_get(L);
  d.w->valued.p = NULL;
  d.max = lim.params;
  d.flags = (lua_toboolean(L, 3) ? POP3_PART_DIGEST : 0u) |
            (lua_toboolean(L, 4) ? POP3_PART_OPAQUE : 0u);
  pop3_about_find(block, lim.fields, &d.a);
  d.code = code_of(&d);
  for (i = 0; i < sizeof all / sizeof all[0]; i++)
    if (all[i].push(L, &d)) lua_setfield(L, 2, all[i].name);
  d.w->valued.p = NULL;
  return 0;
}

/* ---------------------------------------------------------------- offsets */

/* part:offsets() -> header, body, end */
static int l_offsets (lua_State *L) {
  const Part *p = lmessage_check(L, 1);
  const pop3_part *t = lmessage_whole(L, p->m, p->n);
  lpop3_pushu64(L, t->head);
  lpop3_pushu64(L, t->body);
  lpop3_pushu64(L, t->end);
  return 3;
}

/* part:raw() -> header and body as sent */
static int l_raw (lua_State *L) {
  const Part *p = lmessage_check(L, 1);
  const pop3_part *t;
  if (p->n == 0) lwork_span(L, p->m->in);
  else {
    t = lmessage_whole(L, p->m, p->n);
    lua_pushlstring(L, p->m->in.p + t->head, t->end - t->head);
  }
  return 1;
}

/* Sort by offset; nearly all are in order already. */
static void sort_defects (pop3_tree *t) {
  pop3_defect *d = (pop3_defect *)(void *)t->defects.p;
  size_t n = t->defects.n / sizeof *d, i, j;
  for (i = 1; i < n; i++) {
    pop3_defect x = d[i];
    for (j = i; j > 0 && d[j - 1].at > x.at; j--) d[j] = d[j - 1];
    d[j] = x;
  }
}

/* part.defects -> list of { code, offset, text }, of the whole message */
static int g_defects (lua_State *L) {
  static const char *const codes[] = {"line", "mbox", "type", "boundary",
                                      "unclosed", "encoding", "limit",
                                      "charset"};
  const Part *p = lmessage_check(L, 1);
  Message *m = p->m;
  pop3_defect d;
  size_t i, n;
  if (p->n != 0) return 0;
  lmessage_all(L, m);
  if (!m->noted) {
    m->noted = 1;
    lwork_try(L, pop3_tree_headers(&m->tree, m->in, &m->lim, &m->w->conv));
  }
  sort_defects(&m->tree);
  n = m->tree.defects.n / sizeof d;
  lua_createtable(L, (int)n, 0);
  for (i = 0; i < n; i++) {
    lmessage_still(L, m);
    memcpy(&d, m->tree.defects.p + i * sizeof d, sizeof d);
    lua_createtable(L, 0, 3);
    lua_pushstring(L, codes[d.code]);
    lua_setfield(L, -2, "code");
    lpop3_pushu64(L, d.at);
    lua_setfield(L, -2, "offset");
    lua_pushstring(L, d.text);
    lua_setfield(L, -2, "text");
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

/* ---------------------------------------------------------- choosing a body */

/* Is the field 'raw' there, and does it have the parameter 'name'? */
static int has_param (lua_State *L, const describing *d, pop3_span raw,
                      const char *name) {
  pop3_param p;
  if (raw.p == NULL) return 0;
  lwork_value(L, d->w, raw, d->max);
  return pop3_value_find(&d->w->value, name, &p);
}

/*
** core.message.offers(part, type) -> can the part be the body of that type? nil
** if not, 2 if it has a file name, else 1
*/
static int l_offers (lua_State *L) {
  describing d = describe(L);
  const char *want = luaL_checkstring(L, 2);
  int named;
  if (!pop3_is(type_of(L, &d), want)) return 0;
  named = has_param(L, &d, d.a.type, "name");
  if (d.a.disposition.p != NULL) {
    lwork_value(L, d.w, d.a.disposition, d.max);
    if (d.w->value.nmain > 0 &&
        !pop3_is(pop3_value_main(&d.w->value), "inline"))
      return 0;
    named |= has_param(L, &d, d.a.disposition, "filename");
  }
  lua_pushinteger(L, named ? 2 : 1);
  return 1;
}

static const luaL_Reg methods[] = {
  {"offsets", l_offsets}, {"raw", l_raw}, {NULL, NULL}
};

static const luaL_Reg getters[] = {
  {"type", g_type}, {"charset", g_charset}, {"encoding", g_encoding},
  {"params", g_params}, {"disposition", g_disposition},
  {"filename", g_filename}, {"cid", g_cid}, {"defects", g_defects},
  {NULL, NULL}
};

static const luaL_Reg functions[] = {
  {"describe", l_describe}, {"offers", l_offers}, {NULL, NULL}
};

void lpop3_open_part (lua_State *L) {
  lpop3_functions(L, "message", functions);
  lmessage_add(L, methods, getters);
}
