/*
** lmessage.c - messages and their parts as userdata.
**
** A field of one is a method, in the table core.message.methods, or the result
** of a function in the table core.message.getters. lua/pop3/message adds to
** both tables.
*/
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../open.h"
#include "lmessage.h"

#define KEEPPARTS ((size_t)1 << 14)    /* octets; a larger table is freed */
#define MESSAGE_T "pop3.message"
#define PART_T "pop3.message.part"

/* Item 1 of both metatables is the address of this: what has it is a part. */
static char ours;

/* ---------------------------------------------------------- arguments */

static int is_open (const Message *m) {
  return m->open && m->owner->open;
}

/* The part at 'arg', or NULL if there is something else. */
static Part *test_part (lua_State *L, int arg) {
  Part *p = (Part *)lua_touserdata(L, arg);
  int known;
  if (p == NULL || !lua_getmetatable(L, arg)) return NULL;
  lua_rawgeti(L, -1, 1);
  known = lua_touserdata(L, -1) == &ours;
  lua_pop(L, 2);
  return known ? p : NULL;
}

static Part *to_part (lua_State *L, int arg) {
  Part *p = test_part(L, arg);
  if (p == NULL) luaL_typeerror(L, arg, MESSAGE_T);
  return p;
}

Part *lmessage_check (lua_State *L, int arg) {
  Part *p = to_part(L, arg);
  if (!is_open(p->m)) luaL_error(L, "message is closed");
  return p;
}

Part *lmessage_held (lua_State *L, int arg) {
  Part *p = (Part *)lua_touserdata(L, arg);
  if (!is_open(p->m)) luaL_error(L, "message is closed");
  return p;
}

Part *lmessage_ground (lua_State *L, int arg) {
  Part *p = to_part(L, arg);
  if (!is_open(p->m)) {
    luaL_where(L, 2);
    lua_pushliteral(L, "message is closed");
    lua_concat(L, 2);
    lua_error(L);
  }
  return p;
}

void lmessage_still (lua_State *L, const Message *m) {
  if (!is_open(m)) luaL_error(L, "message was closed while it was being read");
}

/* core.message.ground(part) -> its index; an error is raised at the caller of
   the method that calls it. The message itself has index -1. */
static int l_ground (lua_State *L) {
  const Part *p = lmessage_ground(L, 1);
  if (p == &p->m->part) lua_pushinteger(L, -1);
  else lpop3_pushu64(L, p->n);
  return 1;
}

/* ------------------------------------------------------------ life and end */

/* Push a closed message: collectable, without octets. */
static Message *push_closed (lua_State *L) {
  Message *m = (Message *)lua_newuserdatauv(L, sizeof *m,
                                             UV_FIRST + UV_FEW - 1);
  memset(m, 0, sizeof *m);
  m->part.m = m->owner = m;
  m->w = lwork_get(L);
  m->in = pop3_span_of("", 0);
  pop3_limits_default(&m->lim);
  pop3_tree_init(&m->tree, m->w->mem);
  luaL_setmetatable(L, MESSAGE_T);
  return m;
}

Message *lmessage_new (lua_State *L, pop3_span in, int keeper) {
  Message *m;
  keeper = lua_absindex(L, keeper);
  m = push_closed(L);
  lua_pushvalue(L, keeper);
  lua_setiuservalue(L, -2, UV_KEEPER);
  m->in = in;
  m->open = 1;
  return m;
}

static void close_message (Message *m) {
  lwork_give(m->w, m->builder);
  m->builder = NULL;
  m->w->valued.p = NULL;                  /* it may be of this message */
  if (m->w->spare != NULL) m->w->spare->mime.valued.p = NULL;
  if (m->w->parts.p == NULL) {
    m->w->parts = m->tree.parts;
    pop3_buf_init(&m->tree.parts, m->w->mem);
    m->w->parts.n = 0;
    pop3_buf_trim(&m->w->parts, KEEPPARTS);
  }
  pop3_tree_free(&m->tree);
  if (m->map != NULL) munmap(m->map, m->nmap);
  m->map = NULL;
  m->open = 0;
  m->in = pop3_span_of("", 0);
}

static int l_gc (lua_State *L) {
  close_message((Message *)luaL_checkudata(L, 1, MESSAGE_T));
  return 0;
}

/* part:close() closes the message of the part */
static int l_close (lua_State *L) {
  close_message(to_part(L, 1)->m);
  return 0;
}

/* Read limits from the table at 'arg', if there is one. */
static void get_limits (lua_State *L, int arg, pop3_limits *l) {
  static const char *const names[] = {"depth", "parts", "header", "fields",
                                      "params", "addresses"};
  size_t *where[6], i;
  where[0] = &l->depth;
  where[1] = &l->parts;
  where[2] = &l->header;
  where[3] = &l->fields;
  where[4] = &l->params;
  where[5] = &l->addresses;
  if (!lua_istable(L, arg)) return;
  for (i = 0; i < 6; i++) {
    lua_Integer n;
    lua_getfield(L, arg, names[i]);
    n = luaL_optinteger(L, -1, (lua_Integer)*where[i]);
    if (n > 0) *where[i] = (size_t)n;
    lua_pop(L, 1);
  }
}

/* The charset that the table at 'arg' has as an option, or NULL. */
static const pop3_charset *get_charset (lua_State *L, int arg) {
  const pop3_charset *cs = NULL;
  pop3_span name;
  if (!lua_istable(L, arg)) return NULL;
  if (lua_getfield(L, arg, "charset") == LUA_TSTRING) {
    name.p = lua_tolstring(L, -1, &name.n);
    cs = pop3_charset_find(name);
  }
  lua_pop(L, 1);
  return cs;
}

/* parse(octets[, options]) -> message */
static int l_parse (lua_State *L) {
  size_t n;
  const char *s = luaL_checklstring(L, 1, &n);
  Message *m = lmessage_new(L, pop3_span_of(s, n), 1);
  get_limits(L, 2, &m->lim);
  m->charset = get_charset(L, 2);
  return 1;
}

/* open(path[, options]) -> message over a mapped file; or nil, message, code */
static int l_open (lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  Message *m = push_closed(L);
  struct stat st;
  int fd, en = 0;
  get_limits(L, 2, &m->lim);
  m->charset = get_charset(L, 2);
  fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return lpop3_sysfail(L, path, errno);
  if (fstat(fd, &st) != 0) en = errno;
  else if (S_ISDIR(st.st_mode)) en = EISDIR;
  else if (!S_ISREG(st.st_mode)) en = EINVAL;
  else if (st.st_size > 0) {
    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED) en = errno;
    else {
      m->map = p;
      m->nmap = (size_t)st.st_size;
      m->in = pop3_span_of((const char *)p, m->nmap);
    }
  }
  close(fd);
  if (en != 0) return lpop3_sysfail(L, path, en);
  m->open = 1;
  return 1;
}

/* ----------------------------------------------------------- finding parts */

/* Find the next part or end of a part; 0: the message has ended. */
static int more (lua_State *L, Message *m) {
  int r;
  if (m->tree.built) return 0;
  if (m->tree.b == NULL) {
    if (m->builder == NULL) m->builder = lwork_take(L, m->w);
    if (m->tree.parts.p == NULL) {
      m->tree.parts = m->w->parts;
      pop3_buf_init(&m->w->parts, m->w->mem);
    }
    lwork_try(L, pop3_tree_start(&m->tree, m->builder, m->in, &m->lim));
  }
  r = pop3_tree_more(&m->tree);
  lwork_try(L, r);
  if (r == 0) {
    lwork_give(m->w, m->builder);
    m->builder = NULL;
  }
  return r;
}

const pop3_part *lmessage_find (lua_State *L, Message *m, size_t n) {
  while (pop3_tree_count(&m->tree) <= n)
    if (!more(L, m)) return NULL;
  return pop3_tree_get(&m->tree, n);
}

const pop3_part *lmessage_settled (lua_State *L, Message *m, size_t n) {
  const pop3_part *t = lmessage_find(L, m, n);
  while (t != NULL && t->kind == POP3_PART_MULTI && t->child == 0 && !t->done) {
    more(L, m);
    t = pop3_tree_get(&m->tree, n);
  }
  return t;
}

const pop3_part *lmessage_whole (lua_State *L, Message *m, size_t n) {
  lmessage_find(L, m, n);
  while (!pop3_tree_get(&m->tree, n)->done) more(L, m);
  return pop3_tree_get(&m->tree, n);
}

void lmessage_all (lua_State *L, Message *m) {
  while (more(L, m)) continue;
}

/*
** The length of the header block of the root. Parts are found for it only if a
** line in it could be a delimiter.
*/
static size_t root_head (lua_State *L, Message *m) {
  if (m->nhead == 0 && pop3_tree_count(&m->tree) > 0)
    m->nhead = pop3_tree_get(&m->tree, 0)->body;
  if (m->nhead == 0) {
    pop3_span in = m->in;
    int dashes;
    if (in.n > m->lim.header) in.n = m->lim.header;
    m->nhead = pop3_head_size(in, &dashes);
    if (dashes) m->nhead = lmessage_find(L, m, 0)->body;
  }
  return m->nhead;
}

pop3_span lmessage_block (lua_State *L, Message *m, size_t n) {
  size_t from = 0, len;
  if (n == 0) len = root_head(L, m);
  else {
    const pop3_part *p = lmessage_find(L, m, n);
    from = p->head;
    len = p->body - p->head;
  }
  if (len > m->lim.header) len = m->lim.header;
  return pop3_span_of(m->in.p + from, len);
}

/*
** The charset of raw octets in header fields: that of the first text part if
** it is a multibyte one, else the option, if it is given.
*/
static const pop3_charset *raw_charset (lua_State *L, Message *m) {
  const pop3_part *t;
  size_t n;
  for (n = 0; (t = lmessage_find(L, m, n)) != NULL; n++) {
    pop3_span type = pop3_span_of(m->in.p + t->head + t->type.at, t->type.n);
    const pop3_charset *cs = NULL;
    pop3_param p;
    if (t->kind != POP3_PART_LEAF) continue;
    if (type.n > 0) {
      lwork_value(L, m->w, type, m->lim.params);
      type = pop3_value_main(&m->w->value);
      if (type.n < 5 || memcmp(type.p, "text/", 5) != 0) continue;
      if (pop3_value_find(&m->w->value, "charset", &p))
        cs = pop3_charset_find(p.octets);
    }
    return cs != NULL && pop3_charset_is_multi(cs) ? cs : m->charset;
  }
  return m->charset;
}

void lmessage_hint (lua_State *L, Message *m, pop3_span raw) {
  const pop3_charset *cs = NULL;
  if (pop3_utf8_ascii(raw.p, raw.n) < raw.n && !pop3_conv_is_utf8(raw)) {
    if (!m->rawknown) {
      m->raw = raw_charset(L, m);
      m->rawknown = 1;
    }
    cs = m->raw;
  }
  m->w->conv.fallback = cs;
}

/* -------------------------------------------------------- parts as values */

void lmessage_pushroot (lua_State *L, int arg) {
  const Part *p = (const Part *)lua_touserdata(L, arg);
  if (p == &p->m->part) lua_pushvalue(L, arg);
  else lua_getiuservalue(L, arg, UV_MESSAGE);
}

/* Push a new userdata for part 'n' of the message on the top, which is 'm'. */
static void new_part (lua_State *L, Message *m, size_t n) {
  Part *p = (Part *)lua_newuserdatauv(L, sizeof *p, UV_CACHE);
  p->m = m;
  p->n = n;
  luaL_setmetatable(L, PART_T);
  lua_pushvalue(L, -2);
  lua_setiuservalue(L, -2, UV_MESSAGE);
}

/* Push the list of the parts of the message on the top. */
static void push_parts (lua_State *L) {
  if (lua_getiuservalue(L, -1, UV_PARTS) != LUA_TNIL) return;
  lua_pop(L, 1);
  lua_createtable(L, UV_FEW, 0);
  lua_pushvalue(L, -1);
  lua_setiuservalue(L, -3, UV_PARTS);
}

void lmessage_pushpart (lua_State *L, int arg, size_t n) {
  Message *m = ((const Part *)lua_touserdata(L, arg))->m;
  lua_Integer at;
  lmessage_pushroot(L, arg);                        /* message */
  if (n < UV_FEW) {
    int slot = UV_FIRST + (int)n;
    if (lua_getiuservalue(L, -1, slot) == LUA_TNIL) {
      lua_pop(L, 1);
      new_part(L, m, n);                            /* message, part */
      lua_pushvalue(L, -1);
      lua_setiuservalue(L, -3, slot);
    }
    lua_remove(L, -2);
    return;
  }
  push_parts(L);                                    /* message, parts */
  at = (lua_Integer)n - UV_FEW + 1;
  if (lua_rawgeti(L, -1, at) == LUA_TNIL) {
    lua_pop(L, 1);
    lua_insert(L, -2);
    new_part(L, m, n);                              /* parts, message, part */
    lua_pushvalue(L, -1);
    lua_rawseti(L, -4, at);
  }
  lua_replace(L, -3);
  lua_pop(L, 1);
}

void lmessage_cache (lua_State *L, int arg) {
  arg = lua_absindex(L, arg);
  if (lua_getiuservalue(L, arg, UV_CACHE) != LUA_TNIL) return;
  lua_pop(L, 1);
  lua_createtable(L, 0, 1);
  lua_pushvalue(L, -1);
  lua_setiuservalue(L, arg, UV_CACHE);
}

/* core.message.cache(part) -> table */
static int l_cache (lua_State *L) {
  to_part(L, 1);
  lmessage_cache(L, 1);
  return 1;
}

/* core.message.root(part) -> its message */
static int l_root (lua_State *L) {
  to_part(L, 1);
  lmessage_pushroot(L, 1);
  return 1;
}

/* core.message.as_part(part) -> the part; for a message its root as a part */
static int l_as_part (lua_State *L) {
  const Part *p = lmessage_ground(L, 1);
  if (p == &p->m->part) lmessage_pushpart(L, 1, 0);
  else lua_settop(L, 1);
  return 1;
}

/* Are two values the same part? A message is equal to its root part. */
static int l_eq (lua_State *L) {
  const Part *a = to_part(L, 1), *b = test_part(L, 2);
  lua_pushboolean(L, b != NULL && a->m == b->m && a->n == b->n);
  return 1;
}

/* ------------------------------------------------------------------ types */

/* part[key]; the upvalues are methods and getters */
static int l_index (lua_State *L) {
  lua_CFunction f;
  lua_settop(L, 2);
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
  lua_settop(L, 2);
  if (lua_rawget(L, lua_upvalueindex(2)) == LUA_TNIL) return 1;
  f = lua_tocfunction(L, 2);
  if (f == NULL) {
    lmessage_check(L, 1);
    lua_insert(L, 1);                        /* getter, part */
    lua_call(L, 1, 1);
    return 1;
  }
  lua_settop(L, 1);
  if (f(L) == 0) lua_pushnil(L);             /* it checks its argument */
  return 1;
}

static int l_tostring (lua_State *L) {
  const Part *p = to_part(L, 1);
  if (!is_open(p->m)) {
    lua_pushliteral(L, MESSAGE_T " (closed)");
    return 1;
  }
  lua_pushliteral(L, MESSAGE_T " (");
  lua_getfield(L, 1, "path");
  lua_pushliteral(L, " ");
  lua_getfield(L, 1, "type");
  lua_pushliteral(L, ")");
  lua_concat(L, 5);
  return 1;
}

void lmessage_add (lua_State *L, const luaL_Reg *methods,
                   const luaL_Reg *getters) {
  lua_getfield(L, -1, "message");
  lpop3_functions(L, "methods", methods);
  lpop3_functions(L, "getters", getters);
  lua_pop(L, 1);
}

/* A metatable; methods and getters are on the top, and stay. */
static void new_type (lua_State *L, const char *name, const luaL_Reg *meta) {
  luaL_newmetatable(L, name);
  lua_pushlightuserdata(L, &ours);
  lua_rawseti(L, -2, 1);
  luaL_setfuncs(L, meta, 0);
  lua_pushliteral(L, MESSAGE_T);
  lua_setfield(L, -2, "__name");
  lua_pushvalue(L, -3);
  lua_pushvalue(L, -3);
  lua_pushcclosure(L, l_index, 2);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}

static const luaL_Reg message_meta[] = {
  {"__gc", l_gc}, {"__close", l_gc}, {"__eq", l_eq},
  {"__tostring", l_tostring}, {NULL, NULL}
};

static const luaL_Reg part_meta[] = {
  {"__close", l_close}, {"__eq", l_eq}, {"__tostring", l_tostring},
  {NULL, NULL}
};

static const luaL_Reg functions[] = {
  {"parse", l_parse}, {"open", l_open}, {"ground", l_ground},
  {"as_part", l_as_part}, {"cache", l_cache}, {"root", l_root},
  {NULL, NULL}
};

static const luaL_Reg methods[] = {{"close", l_close}, {NULL, NULL}};

static const luaL_Reg none[] = {{NULL, NULL}};

void lpop3_open_message (lua_State *L) {
  lpop3_functions(L, "message", functions);
  lmessage_add(L, methods, none);
  lua_getfield(L, -1, "message");
  lua_getfield(L, -1, "methods");
  lua_getfield(L, -2, "getters");             /* ..., methods, getters */
  new_type(L, MESSAGE_T, message_meta);
  new_type(L, PART_T, part_meta);
  lua_pop(L, 3);
}
