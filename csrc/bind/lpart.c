/*
** lpart.c - the parts of a message: the table of them, what their headers
** say, their octets and text.
*/
#include <string.h>

#include "lmessage.h"

#define READER_T "pop3.core.reader"
#define CHUNK ((size_t)1 << 16)

/* ------------------------------------------------------------- the table */

static void build (lua_State *L, Message *m) {
  if (!m->tree.built)
    lmessage_try(L, pop3_tree_build(&m->tree, m->in, &m->lim));
}

const pop3_part *lmessage_part (lua_State *L, Message *m, int arg) {
  lua_Integer i = luaL_checkinteger(L, arg);
  build(L, m);
  luaL_argcheck(L, i >= 0 && (size_t)i < pop3_tree_count(&m->tree), arg,
                "no such part");
  return pop3_tree_get(&m->tree, (size_t)i);
}

pop3_span lmessage_block (lua_State *L, Message *m, int arg) {
  size_t from = 0, n = m->in.n;
  if (luaL_checkinteger(L, arg) != 0) {
    const pop3_part *p = lmessage_part(L, m, arg);
    from = p->head;
    n = p->body - p->head;
  }
  if (n > m->lim.header) n = m->lim.header;
  return pop3_span_of(m->in.p + from, n);
}

/* m:count() -> how many parts there are, multiparts too */
static int l_count (lua_State *L) {
  Message *m = lmessage_check(L, 1);
  build(L, m);
  lpop3_pushu64(L, pop3_tree_count(&m->tree));
  return 1;
}

/* m:node(part) -> kind, parent, first child, next sibling, number; 0: none */
static int l_node (lua_State *L) {
  static const char *const kinds[] = {"leaf", "multipart", "message"};
  Message *m = lmessage_check(L, 1);
  const pop3_part *p = lmessage_part(L, m, 2);
  lua_pushstring(L, p->flags & POP3_PART_ENCODED ? "encoded"
                                                 : kinds[p->kind]);
  lua_pushinteger(L, p->parent);
  lua_pushinteger(L, p->child);
  lua_pushinteger(L, p->next);
  lua_pushinteger(L, p->number);
  return 5;
}

/* m:offsets(part) -> header, body, end */
static int l_offsets (lua_State *L) {
  Message *m = lmessage_check(L, 1);
  const pop3_part *p = lmessage_part(L, m, 2);
  lpop3_pushu64(L, p->head);
  lpop3_pushu64(L, p->body);
  lpop3_pushu64(L, p->end);
  return 3;
}

/* m:defects() -> list of { code, offset, text } */
static int l_defects (lua_State *L) {
  static const char *const codes[] = {"line", "mbox", "type", "boundary",
                                      "unclosed", "encoding", "limit"};
  Message *m = lmessage_check(L, 1);
  unsigned turn = m->turn;
  pop3_defect d;
  size_t i, n;
  build(L, m);
  if (!m->noted) {
    m->noted = 1;
    lmessage_try(L, pop3_tree_headers(&m->tree, m->in, &m->lim));
  }
  n = m->tree.defects.n / sizeof d;
  lua_createtable(L, (int)n, 0);
  for (i = 0; i < n; i++) {
    lmessage_still(L, m, turn);
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

/* --------------------------------------------------------------- headers */

typedef struct about {           /* the fields that say what a part is */
  pop3_span type, code, disposition, id;
} about;

static about find_about (pop3_span block, size_t max) {
  static const char *const names[] = {
    "content-type", "content-transfer-encoding", "content-disposition",
    "content-id"
  };
  about a;
  pop3_span *where[4];
  pop3_head h;
  pop3_field f;
  enum pop3_head_kind k;
  int i;
  memset(&a, 0, sizeof a);
  where[0] = &a.type;
  where[1] = &a.code;
  where[2] = &a.disposition;
  where[3] = &a.id;
  h.block = block;
  h.at = 0;
  while ((k = pop3_head_next(&h, &f)) != POP3_HEAD_END) {
    if (k != POP3_HEAD_FIELD) continue;
    if (max-- == 0) break;
    if (f.name.n < 10 || pop3_lower(f.name.p[0]) != 'c') continue;
    for (i = 0; i < 4; i++)
      if (where[i]->p == NULL && pop3_is(f.name, names[i]))
        *where[i] = f.value;
  }
  return a;
}

static void parse_value (lua_State *L, Message *m, pop3_span raw) {
  if (raw.p == NULL) raw = pop3_span_of("", 0);
  lmessage_try(L, pop3_value_parse(&m->value, lmessage_unfold(L, m, raw),
                                   m->lim.params));
}

static enum pop3_code code_of (lua_State *L, Message *m, const about *a) {
  parse_value(L, m, a->code);
  return pop3_code_find(pop3_value_main(&m->value));
}

static void push_span (lua_State *L, pop3_span s) {
  lua_pushlstring(L, s.n > 0 ? s.p : "", s.n);
}

/* Push the text of a parameter of m->value; 0, and nothing: there is none. */
static int push_param (lua_State *L, Message *m, const char *name) {
  pop3_param p;
  if (!pop3_value_find(&m->value, name, &p)) return 0;
  m->out.n = 0;
  lmessage_try(L, pop3_param_text(&m->conv, &p, &m->out));
  lmessage_push(L, m);
  return 1;
}

/* Push the table of all parameters of m->value. */
static void push_params (lua_State *L, Message *m) {
  size_t i, n = pop3_value_count(&m->value);
  unsigned turn = m->turn;
  lua_createtable(L, 0, (int)(n < 64 ? n : 64));
  for (i = 0; i < n; i++) {
    pop3_param p;
    lmessage_still(L, m, turn);
    pop3_value_get(&m->value, i, &p);
    push_span(L, p.name);                       /* params, name */
    lua_pushvalue(L, -1);
    if (lua_rawget(L, -3) == LUA_TNIL) {        /* params, name, old value */
      lmessage_still(L, m, turn);
      m->out.n = 0;
      lmessage_try(L, pop3_param_text(&m->conv, &p, &m->out));
      lua_pop(L, 1);
      lmessage_push(L, m);
      lua_rawset(L, -3);
    }
    else lua_pop(L, 2);
  }
}

/* Push the type of a part whose Content-Type is m->value (RFC 2045 5.2). */
static void push_type (lua_State *L, Message *m, unsigned flags,
                       enum pop3_code code) {
  pop3_span t = pop3_value_main(&m->value);
  int valid = pop3_istype(t);
  if (valid && t.n > 10 && memcmp(t.p, "multipart/", 10) == 0) {
    if (flags & POP3_PART_OPAQUE) {
      lua_pushliteral(L, "application/octet-stream");
      return;
    }
    if (pop3_boundary(&m->value).n > 0) {
      push_span(L, t);
      return;
    }
    valid = 0;
    flags = 0;                        /* text/plain, even in a digest */
  }
  if (code == POP3_CODE_UNKNOWN)
    lua_pushliteral(L, "application/octet-stream");
  else if (valid) push_span(L, t);
  else if (flags & POP3_PART_DIGEST)
    lua_pushliteral(L, "message/rfc822");
  else lua_pushliteral(L, "text/plain");
}

/* The charset that a text part declares, or nil; its type is on top. */
static void push_charset (lua_State *L, Message *m) {
  pop3_param p;
  const char *type = lua_tostring(L, -1);
  if (strncmp(type, "text/", 5) == 0 &&
      pop3_value_find(&m->value, "charset", &p)) {
    pop3_span s = pop3_trim(p.octets);
    size_t i;
    m->out.n = 0;
    lmessage_try(L, pop3_utf8_guess(&m->out, s));
    for (i = 0; i < m->out.n; i++)
      m->out.p[i] = (char)pop3_lower(m->out.p[i]);
    if (m->out.n > 0) {
      lmessage_push(L, m);
      return;
    }
  }
  lua_pushnil(L);
}

/*
** Set the fields of the table at 3 that Content-Type and its code make, and
** push the "name" parameter, or nil.
*/
static void describe_type (lua_State *L, Message *m, const about *a,
                           unsigned flags) {
  unsigned turn = m->turn;
  enum pop3_code code = code_of(L, m, a);
  if (m->value.nmain > 0) push_span(L, pop3_value_main(&m->value));
  else lua_pushliteral(L, "7bit");
  lua_setfield(L, 3, "encoding");
  lmessage_still(L, m, turn);
  parse_value(L, m, a->type);
  push_type(L, m, flags, code);
  lmessage_still(L, m, turn);
  push_charset(L, m);
  lua_setfield(L, 3, "charset");
  lua_setfield(L, 3, "type");
  lmessage_still(L, m, turn);
  push_params(L, m);
  lua_setfield(L, 3, "params");
  lmessage_still(L, m, turn);
  if (!push_param(L, m, "name")) lua_pushnil(L);
  lmessage_still(L, m, turn);
}

/* The same for Content-Disposition; the name on the top is taken. */
static void describe_disposition (lua_State *L, Message *m, const about *a) {
  unsigned turn = m->turn;
  parse_value(L, m, a->disposition);
  if (m->value.nmain > 0) {
    push_span(L, pop3_value_main(&m->value));
    lua_setfield(L, 3, "disposition");
    lmessage_still(L, m, turn);
  }
  push_param(L, m, "filename");
  lua_setfield(L, 3, "filename");
  lmessage_still(L, m, turn);
}

/*
** m:describe(part, table[, digest[, opaque]]): set its fields type, charset,
** encoding, params, disposition, filename, cid. 'digest' and 'opaque' tell
** what a header alone does not show.
*/
static int l_describe (lua_State *L) {
  Message *m = lmessage_check(L, 1);
  about a = find_about(lmessage_block(L, m, 2), m->lim.fields);
  unsigned flags = lua_toboolean(L, 4) ? POP3_PART_DIGEST : 0;
  int r;
  if (lua_toboolean(L, 5)) flags |= POP3_PART_OPAQUE;
  luaL_checktype(L, 3, LUA_TTABLE);
  lua_settop(L, 3);
  if (lua_tointeger(L, 2) != 0) flags |= lmessage_part(L, m, 2)->flags;
  describe_type(L, m, &a, flags);
  describe_disposition(L, m, &a);
  if (a.id.p == NULL) return 0;
  r = pop3_ident(lmessage_unfold(L, m, a.id), &m->out);
  lmessage_try(L, r);
  if (r == 0) return 0;
  lmessage_push(L, m);
  lua_setfield(L, 3, "cid");
  return 0;
}

/* ---------------------------------------------------------------- bodies */

/* The body of part 'arg', as it is, and the code it is in. */
static pop3_span body_of (lua_State *L, Message *m, int arg,
                          enum pop3_code *code) {
  const pop3_part *p = lmessage_part(L, m, arg);
  about a = find_about(lmessage_block(L, m, arg), m->lim.fields);
  int closed = p->kind != POP3_PART_LEAF ||
               (p->flags & POP3_PART_OPAQUE) != 0;
  *code = closed ? POP3_CODE_NONE : code_of(L, m, &a);
  return pop3_span_of(m->in.p + p->body, p->end - p->body);
}

/* m:size(part) -> decoded octets */
static int l_size (lua_State *L) {
  Message *m = lmessage_check(L, 1);
  enum pop3_code code;
  pop3_span s = body_of(L, m, 2, &code);
  pop3_decoder d;
  size_t n = 0;
  if (code == POP3_CODE_NONE || code == POP3_CODE_UNKNOWN) n = s.n;
  else {
    int last;
    pop3_decoder_init(&d, code);
    do {
      size_t k = s.n < CHUNK ? s.n : CHUNK;
      last = k == s.n;
      m->out.n = 0;
      lmessage_try(L, pop3_decode(&d, pop3_span_of(s.p, k), last, &m->out));
      n += m->out.n;
      s.p += k;
      s.n -= k;
    } while (!last);
    m->out.n = 0;
  }
  lpop3_pushu64(L, n);
  return 1;
}

/* m:body(part) -> decoded octets */
static int l_body (lua_State *L) {
  Message *m = lmessage_check(L, 1);
  enum pop3_code code;
  pop3_span s = body_of(L, m, 2, &code);
  pop3_decoder d;
  if (code == POP3_CODE_NONE || code == POP3_CODE_UNKNOWN) push_span(L, s);
  else {
    pop3_decoder_init(&d, code);
    m->out.n = 0;
    lmessage_try(L, pop3_decode(&d, s, 1, &m->out));
    lmessage_push(L, m);
  }
  return 1;
}

/* m:text(part) -> the decoded octets as UTF-8 */
static int l_text (lua_State *L) {
  Message *m = lmessage_check(L, 1);
  const pop3_charset *cs = NULL;
  enum pop3_code code;
  pop3_span s = body_of(L, m, 2, &code);
  about a = find_about(lmessage_block(L, m, 2), m->lim.fields);
  pop3_param p;
  parse_value(L, m, a.type);
  if (pop3_value_find(&m->value, "charset", &p))
    cs = pop3_charset_find(p.octets);
  if (code != POP3_CODE_NONE && code != POP3_CODE_UNKNOWN) {
    pop3_decoder d;
    pop3_decoder_init(&d, code);
    m->tmp.n = 0;
    lmessage_try(L, pop3_decode(&d, s, 1, &m->tmp));
    s = pop3_span_of(m->tmp.n > 0 ? m->tmp.p : "", m->tmp.n);
  }
  m->out.n = 0;
  lmessage_try(L, pop3_conv_text(&m->conv, cs, s, &m->out));
  lmessage_push(L, m);
  m->tmp.n = 0;
  pop3_buf_trim(&m->tmp, CHUNK);
  return 1;
}

/* --------------------------------------------------------------- reading */

/* A body on its way out in pieces; user value 1 is the message. */
typedef struct Reader {
  Message *m;
  pop3_span left;
  pop3_decoder d;
  pop3_buf out;
  unsigned char done;
} Reader;

/* m:reader(part) -> reader */
static int l_reader (lua_State *L) {
  Message *m = lmessage_check(L, 1);
  enum pop3_code code;
  pop3_span s = body_of(L, m, 2, &code);
  Reader *r = (Reader *)lua_newuserdatauv(L, sizeof *r, 1);
  r->m = m;
  r->left = s;
  r->done = 0;
  pop3_decoder_init(&r->d, code);
  pop3_buf_init(&r->out, lpop3_mem(L));
  luaL_setmetatable(L, READER_T);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
  return 1;
}

static int l_reader_close (lua_State *L) {
  Reader *r = (Reader *)luaL_checkudata(L, 1, READER_T);
  pop3_buf_free(&r->out);
  r->done = 1;
  return 0;
}

/* r:next() -> octets, not empty; nil at the end */
static int l_reader_next (lua_State *L) {
  Reader *r = (Reader *)luaL_checkudata(L, 1, READER_T);
  if (!r->m->open || !r->m->owner->open)
    return luaL_argerror(L, 1, "message is closed");
  r->out.n = 0;
  while (!r->done && r->out.n == 0) {
    size_t k = r->left.n < CHUNK ? r->left.n : CHUNK;
    r->done = k == r->left.n;
    lmessage_try(L, pop3_decode(&r->d, pop3_span_of(r->left.p, k), r->done,
                                &r->out));
    r->left.p += k;
    r->left.n -= k;
  }
  if (r->out.n == 0) return 0;
  lua_pushlstring(L, r->out.p, r->out.n);
  return 1;
}

static const luaL_Reg reader_meta[] = {
  {"__gc", l_reader_close}, {"__close", l_reader_close}, {NULL, NULL}
};

static const luaL_Reg reader_methods[] = {
  {"next", l_reader_next}, {"close", l_reader_close}, {NULL, NULL}
};

const luaL_Reg lpart_methods[] = {
  {"count", l_count}, {"node", l_node}, {"offsets", l_offsets},
  {"defects", l_defects}, {"describe", l_describe}, {"size", l_size},
  {"body", l_body}, {"text", l_text}, {"reader", l_reader}, {NULL, NULL}
};

void lpart_open (lua_State *L) {
  lpop3_type(L, READER_T, reader_meta, reader_methods);
}
