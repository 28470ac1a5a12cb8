/*
** lmessage.c - a message as a userdata: its octets, fields, addresses.
**
** This is the ground under lua/pop3/message.lua, which is what scripts see.
** Parts are named by their index, 0 is the root.
*/
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lmessage.h"

#define KEEPBUF ((size_t)1 << 16)    /* a scratch buffer larger goes back */

void lmessage_try (lua_State *L, int err) {
  if (err < 0) luaL_error(L, "%s", pop3_errtext(err));
}

Message *lmessage_check (lua_State *L, int arg) {
  Message *m = (Message *)luaL_checkudata(L, arg, MESSAGE_T);
  if (!m->open || !m->owner->open) luaL_argerror(L, arg, "message is closed");
  m->turn++;
  return m;
}

void lmessage_still (lua_State *L, const Message *m, unsigned turn) {
  if (m->turn != turn || !m->open || !m->owner->open)
    luaL_error(L, "message used by a finalizer while it is read");
}

#define CHARSETS "pop3.charsets"

/* The conversions that all messages of this state share. */
static pop3_iconvs *charsets (lua_State *L) {
  pop3_iconvs *s;
  lua_getfield(L, LUA_REGISTRYINDEX, CHARSETS ".the");
  s = (pop3_iconvs *)lua_touserdata(L, -1);
  lua_pop(L, 1);
  return s;
}

static int charsets_gc (lua_State *L) {
  pop3_iconvs_free((pop3_iconvs *)luaL_checkudata(L, 1, CHARSETS));
  return 0;
}

/* Made before any message, so that it is finalized after all of them. */
static void open_charsets (lua_State *L) {
  static const luaL_Reg meta[] = { { "__gc", charsets_gc }, { NULL, NULL } };
  pop3_iconvs *s;
  int known = lua_getfield(L, LUA_REGISTRYINDEX, CHARSETS ".the") != LUA_TNIL;
  lua_pop(L, 1);
  if (known) return;  /* the module is opened again: messages hold the first */
  s = (pop3_iconvs *)lua_newuserdatauv(L, sizeof *s, 0);
  memset(s, 0, sizeof *s);
  if (luaL_newmetatable(L, CHARSETS)) luaL_setfuncs(L, meta, 0);
  lua_setmetatable(L, -2);
  lua_setfield(L, LUA_REGISTRYINDEX, CHARSETS ".the");
}

/*
** Push a message that is closed: collectable, with nothing in it.
*/
static Message *push_closed (lua_State *L) {
  Message *m = (Message *)lua_newuserdatauv(L, sizeof *m, 1);
  pop3_mem mem = lpop3_mem(L);
  memset(m, 0, sizeof *m);
  m->in = pop3_span_of("", 0);
  m->owner = m;
  pop3_limits_default(&m->lim);
  pop3_tree_init(&m->tree, mem);
  pop3_conv_init(&m->conv, mem);
  pop3_conv_share(&m->conv, charsets(L));
  pop3_value_init(&m->value, mem);
  pop3_addrs_init(&m->addrs, &m->conv, mem);
  pop3_buf_init(&m->tmp, mem);
  pop3_buf_init(&m->out, mem);
  luaL_setmetatable(L, MESSAGE_T);
  return m;
}

Message *lmessage_new (lua_State *L, pop3_span in, int keeper) {
  Message *m;
  keeper = lua_absindex(L, keeper);
  m = push_closed(L);
  lua_pushvalue(L, keeper);
  lua_setiuservalue(L, -2, 1);
  m->in = in;
  m->open = 1;
  return m;
}

static int l_close (lua_State *L) {
  Message *m = (Message *)luaL_checkudata(L, 1, MESSAGE_T);
  m->turn++;
  pop3_tree_free(&m->tree);
  pop3_conv_free(&m->conv);
  pop3_value_free(&m->value);
  pop3_addrs_free(&m->addrs);
  pop3_buf_free(&m->tmp);
  pop3_buf_free(&m->out);
  if (m->map != NULL) munmap(m->map, m->nmap);
  m->map = NULL;
  m->open = 0;
  m->in = pop3_span_of("", 0);
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

/* parse(octets[, limits]) -> message */
static int l_parse (lua_State *L) {
  size_t n;
  const char *s = luaL_checklstring(L, 1, &n);
  Message *m = lmessage_new(L, pop3_span_of(s, n), 1);
  get_limits(L, 2, &m->lim);
  return 1;
}

/* open(path[, limits]) -> message over the mapped file, or nil, message, code */
static int l_open (lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  Message *m = push_closed(L);
  struct stat st;
  int fd, en = 0;
  get_limits(L, 2, &m->lim);
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

/* m:view(from, to[, limits]) -> message of the octets [from, to) of this one */
static int l_view (lua_State *L) {
  Message *m = lmessage_check(L, 1), *v;
  lua_Integer from = luaL_checkinteger(L, 2), to = luaL_checkinteger(L, 3);
  luaL_argcheck(L, from >= 0 && from <= to && (size_t)to <= m->in.n, 2,
                "out of range");
  v = lmessage_new(L, pop3_span_of(m->in.p + from, (size_t)(to - from)), 1);
  v->owner = m->owner;
  v->lim = m->lim;
  return 1;
}

/* m:slice(from, to) -> octets [from, to); m:length() */
static int l_slice (lua_State *L) {
  Message *m = lmessage_check(L, 1);
  lua_Integer from = luaL_checkinteger(L, 2), to = luaL_checkinteger(L, 3);
  luaL_argcheck(L, from >= 0 && from <= to && (size_t)to <= m->in.n, 2,
                "out of range");
  lua_pushlstring(L, m->in.p + from, (size_t)(to - from));
  return 1;
}

static int l_length (lua_State *L) {
  lpop3_pushu64(L, lmessage_check(L, 1)->in.n);
  return 1;
}

/* ---------------------------------------------------------------- fields */

pop3_span lmessage_unfold (lua_State *L, Message *m, pop3_span value) {
  pop3_span s;
  lmessage_try(L, pop3_unfold(value, &m->tmp, &s));
  return s;
}

void lmessage_push (lua_State *L, Message *m) {
  lua_pushlstring(L, m->out.n > 0 ? m->out.p : "", m->out.n);
  m->out.n = 0;
  if (m->out.cap > KEEPBUF) pop3_buf_free(&m->out);
}

void lmessage_words (lua_State *L, Message *m, pop3_span unfolded) {
  m->out.n = 0;
  lmessage_try(L, pop3_words(&m->conv, unfolded, &m->out));
  lmessage_push(L, m);
}

/* Find field 'name' (any case; it is lowered on the way) of part 'arg'. */
static int find (lua_State *L, Message *m, int arg, int namearg,
                 pop3_field *f) {
  size_t n, i;
  const char *s = luaL_checklstring(L, namearg, &n);
  char buf[80], *low = buf;
  if (n >= sizeof buf) low = (char *)lua_newuserdatauv(L, n + 1, 0);
  for (i = 0; i < n; i++) low[i] = (char)pop3_lower(s[i]);
  low[n] = '\0';
  return pop3_head_find(lmessage_block(L, m, arg), low, m->lim.fields, f);
}

/* m:header(part, name) -> decoded text or nil */
static int l_header (lua_State *L) {
  Message *m = lmessage_check(L, 1);
  pop3_field f;
  if (!find(L, m, 2, 3, &f)) return 0;
  lmessage_words(L, m, lmessage_unfold(L, m, f.value));
  return 1;
}

/* m:field(part, at) -> name, raw, offset, at of the next; nil at the end */
static int l_field (lua_State *L) {
  Message *m = lmessage_check(L, 1);
  pop3_span block = lmessage_block(L, m, 2);
  lua_Integer at = luaL_checkinteger(L, 3);
  unsigned turn = m->turn;
  enum pop3_head_kind k;
  pop3_field f;
  pop3_head h;
  luaL_argcheck(L, at >= 0 && (size_t)at <= block.n, 3, "out of range");
  h.block = block;
  h.at = (size_t)at;
  do {
    k = pop3_head_next(&h, &f);
  } while (k != POP3_HEAD_END && k != POP3_HEAD_FIELD);
  if (k == POP3_HEAD_END) return 0;
  lua_pushlstring(L, f.name.p, f.name.n);
  lmessage_still(L, m, turn);
  lua_pushlstring(L, f.value.p, f.value.n);
  lpop3_pushu64(L, (size_t)(block.p - m->in.p) + f.at);
  lpop3_pushu64(L, h.at);
  return 4;
}

/* ------------------------------------------------- structured fields */

static void note_limit (lua_State *L, Message *m, size_t at) {
  size_t i;
  const pop3_defect *d = (const pop3_defect *)(const void *)m->tree.defects.p;
  for (i = 0; i < m->tree.defects.n / sizeof *d; i++)
    if (d[i].at == at && d[i].code == POP3_DEFECT_LIMIT) return;
  lmessage_try(L, pop3_tree_note(&m->tree, POP3_DEFECT_LIMIT, at,
                                 "too many addresses"));
}

/* Set a field of the table on the top to what is in 'm'. */
static void set_span (lua_State *L, const Message *m, unsigned turn,
                      const char *name, pop3_span s) {
  lmessage_still(L, m, turn);
  lua_pushlstring(L, s.n > 0 ? s.p : "", s.n);
  lua_setfield(L, -2, name);
}

void lmessage_addresses (lua_State *L, Message *m, pop3_span value,
                         size_t at) {
  unsigned turn = m->turn;
  pop3_address a;
  lua_Integer n = 0;
  int r;
  pop3_addrs_start(&m->addrs, value);
  lua_newtable(L);
  lmessage_still(L, m, turn);
  while ((r = pop3_addrs_next(&m->addrs, &a)) > 0) {
    if ((size_t)n == m->lim.addresses) {
      note_limit(L, m, at);
      break;
    }
    lua_createtable(L, 0, 3);                      /* list, address */
    set_span(L, m, turn, "name", a.name);
    set_span(L, m, turn, "address", a.address);
    if (a.group.p != NULL) set_span(L, m, turn, "group", a.group);
    lua_rawseti(L, -2, ++n);
    lmessage_still(L, m, turn);
  }
  lmessage_try(L, r);
}

/* m:addresses(part, name) -> list */
static int l_addresses (lua_State *L) {
  Message *m = lmessage_check(L, 1);
  pop3_field f;
  if (!find(L, m, 2, 3, &f)) lua_newtable(L);
  else lmessage_addresses(L, m, lmessage_unfold(L, m, f.value),
                          (size_t)(f.name.p - m->in.p));
  return 1;
}

void lmessage_date (lua_State *L, pop3_span value) {
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

/* m:date(part, name) -> { epoch, offset, iso } or nil */
static int l_date (lua_State *L) {
  Message *m = lmessage_check(L, 1);
  pop3_field f;
  if (!find(L, m, 2, 3, &f)) return 0;
  lmessage_date(L, f.value);
  return 1;
}

/* m:id(part, name) -> id or nil */
static int l_id (lua_State *L) {
  Message *m = lmessage_check(L, 1);
  pop3_field f;
  int r;
  if (!find(L, m, 2, 3, &f)) return 0;
  r = pop3_ident(lmessage_unfold(L, m, f.value), &m->out);
  lmessage_try(L, r);
  if (r == 0) return 0;
  lmessage_push(L, m);
  return 1;
}

/* m:ids(part, name) -> list */
static int l_ids (lua_State *L) {
  Message *m = lmessage_check(L, 1);
  unsigned turn = m->turn;
  lua_Integer n = 0;
  pop3_field f;
  lua_newtable(L);
  lmessage_still(L, m, turn);
  if (find(L, m, 2, 3, &f)) {
    pop3_span v = lmessage_unfold(L, m, f.value);
    size_t at = 0;
    int r;
    while ((r = pop3_ident_next(v, &at, &m->out)) > 0) {
      lmessage_push(L, m);
      lua_rawseti(L, -2, ++n);
      lmessage_still(L, m, turn);
    }
    lmessage_try(L, r);
  }
  return 1;
}

/* ------------------------------------------------------------- the type */

void lmessage_table (lua_State *L, const char *name, const luaL_Reg *list) {
  lpop3_subtable(L, name);
  luaL_setfuncs(L, list, 0);
  lua_pop(L, 1);
}

static int l_tostring (lua_State *L) {
  const Message *m = (const Message *)luaL_checkudata(L, 1, MESSAGE_T);
  lua_pushfstring(L, "%s (%s)", MESSAGE_T, m->open ? "open" : "closed");
  return 1;
}

static const luaL_Reg meta[] = {
  {"__gc", l_close}, {"__close", l_close}, {"__tostring", l_tostring},
  {NULL, NULL}
};

static const luaL_Reg methods[] = {
  {"close", l_close}, {"view", l_view}, {"slice", l_slice},
  {"length", l_length}, {"header", l_header}, {"field", l_field},
  {"addresses", l_addresses}, {"date", l_date}, {"id", l_id}, {"ids", l_ids},
  {NULL, NULL}
};

static const luaL_Reg functions[] = {
  {"parse", l_parse}, {"open", l_open}, {NULL, NULL}
};

void lpop3_open_message (lua_State *L) {
  open_charsets(L);
  lpop3_type(L, MESSAGE_T, meta, methods);
  luaL_getmetatable(L, MESSAGE_T);
  lua_getfield(L, -1, "__index");
  luaL_setfuncs(L, lpart_methods, 0);
  lua_pop(L, 2);
  lmessage_table(L, "message", functions);
  lpart_open(L);
  lcodec_open(L);
  lstream_open(L);
  lsave_open(L);
}
