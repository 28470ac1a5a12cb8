/*
** lwalk.c - the parts of a message as a tree: paths (RFC 3501 6.4.5),
** iteration, embedded messages.
*/
#include <string.h>

#include "../open.h"
#include "lbody.h"

/* ------------------------------------------------------------------ paths */

static int add (pop3_buf *b, const char *s) {
  return pop3_buf_add(b, s, strlen(s));
}

static int add_number (pop3_buf *b, uint32_t n) {
  char digits[10], *p = digits + sizeof digits;
  do *--p = (char)('0' + n % 10); while ((n /= 10) > 0);
  return pop3_buf_add(b, p, (size_t)(digits + sizeof digits - p));
}

/*
** Add the beginning of the path of part 'n' to w->out. 'outer' is the path of
** the part that holds the message, or NULL.
*/
static int add_base (Work *w, const pop3_tree *t, const char *outer,
                     size_t n) {
  pop3_buf *up = &w->tmp;                  /* the parts around it */
  uint32_t i = (uint32_t)n;
  int err = 0, numbered = 0;
  up->n = 0;
  for (; err == 0 && i != 0; i = pop3_tree_get(t, i)->parent)
    err = pop3_buf_add(up, (const char *)&i, sizeof i);
  if (err == 0 && outer != NULL) {
    err = add(&w->out, outer);
    if (err == 0) err = pop3_buf_addc(&w->out, '.');
  }
  for (; err == 0 && up->n > 0; up->n -= sizeof i) {
    const pop3_part *p;
    int kind;
    memcpy(&i, up->p + up->n - sizeof i, sizeof i);
    p = pop3_tree_get(t, i);
    kind = pop3_tree_get(t, p->parent)->kind;
    if (kind == POP3_PART_MULTI) {
      err = add_number(&w->out, p->number);
      if (err == 0) err = pop3_buf_addc(&w->out, '.');
      numbered = 1;
    }
    else {
      if (!numbered) err = add(&w->out, "1.");
      numbered = 0;
    }
  }
  return err;
}

/* Push the path of a part; 'arg' is where its message is. */
static void push_path (lua_State *L, int arg, Message *m, size_t n) {
  const pop3_part *p = lmessage_settled(L, m, n);
  const char *outer;
  pop3_buf *out = &m->w->out;
  int err, numbered;
  lua_getiuservalue(L, arg, UV_OUTER);
  outer = lua_tostring(L, -1);
  out->n = 0;
  err = add_base(m->w, &m->tree, outer, n);
  numbered = n > 0 && pop3_tree_get(&m->tree, p->parent)->kind ==
                      POP3_PART_MULTI;
  if (err == 0 && numbered) out->n--;
  else if (err == 0 && p->kind != POP3_PART_MULTI) err = add(out, "1");
  else if (err == 0 && out->n > 0) err = add(out, "TEXT");
  lwork_try(L, err);
  lwork_push(L, m->w);
  lua_remove(L, -2);
}

/*
** The same for part 'n' of the message on the top. It is made from 'last', the
** path of the part before it, if that is its parent or sibling; so a walk
** through deeply nested mail takes linear time.
*/
static void push_path_after (lua_State *L, Message *m, size_t n,
                              const char *last) {
  const pop3_part *t = lmessage_settled(L, m, n), *before;
  pop3_buf *out = &m->w->out;
  size_t len = last != NULL ? strlen(last) : 0;
  int multi = t->kind == POP3_PART_MULTI, err;
  if (n == 0 || last == NULL) {
    push_path(L, lua_gettop(L), m, n);
    return;
  }
  before = pop3_tree_get(&m->tree, n - 1);
  if (t->parent == n - 1 && before->kind == POP3_PART_MULTI) {
    if (len >= 4 && last[len - 1] == 'T') len -= 5;        /* ".TEXT" */
  }
  else if (t->parent == before->parent && n > 1)
    while (len > 0 && last[len - 1] != '.') len--;
  else if (t->parent != n - 1) {
    push_path(L, lua_gettop(L), m, n);
    return;
  }
  if (len > 0 && last[len - 1] == '.') len--;
  out->n = 0;
  err = pop3_buf_add(out, last, len);
  if (err == 0 && len > 0) err = pop3_buf_addc(out, '.');
  if (err == 0)
    err = pop3_tree_get(&m->tree, t->parent)->kind == POP3_PART_MULTI
        ? add_number(out, t->number) : add(out, multi ? "TEXT" : "1");
  lwork_try(L, err);
  lwork_push(L, m->w);
}

static int g_path (lua_State *L) {
  const Part *p = lmessage_check(L, 1);
  lmessage_pushroot(L, 1);
  push_path(L, lua_gettop(L), p->m, p->n);
  return 1;
}

/* -------------------------------------------------------- embedded messages */

/*
** Push the message that is encoded in the part at 'arg'; 'depth' more
** containers may be opened in it.
*/
static void push_decoded (lua_State *L, int arg, size_t depth) {
  const Part *p = (const Part *)lua_touserdata(L, arg);
  Message *m = p->m, *inner;
  enum pop3_encoding code;
  pop3_span in = lbody_octets(L, p, &code);
  pop3_decoder d;
  pop3_decoder_init(&d, code);
  m->w->out.n = 0;
  lwork_try(L, pop3_decode(&d, in, 1, &m->w->out));
  lwork_push(L, m->w);
  in.p = lua_tolstring(L, -1, &in.n);
  inner = lmessage_new(L, in, -1);
  inner->lim = m->lim;
  inner->charset = m->charset;
  inner->lim.depth = depth;
  lua_remove(L, -2);
}

/* The number of containers that may be opened in part 'n'. */
static size_t depth_left (const Message *m, size_t n) {
  size_t level = 1;
  for (; n != 0; n = pop3_tree_get(&m->tree, n)->parent) level++;
  return level < m->lim.depth ? m->lim.depth - level : 0;
}

/*
** Push the message in the encoded part on the top, as a part of the one
** around it, whose path is 'path'; nil where it would be too deep.
*/
static void push_inner (lua_State *L, int path) {
  const Part *p = (const Part *)lua_touserdata(L, -1);
  int arg = lua_gettop(L);
  size_t left = depth_left(p->m, p->n);
  if (left == 0) {
    lua_pushnil(L);
    return;
  }
  lmessage_cache(L, arg);
  if (lua_getfield(L, -1, "_inner") == LUA_TNIL) {
    lua_pop(L, 1);
    push_decoded(L, arg, left);
    lua_pushvalue(L, path);
    lua_setiuservalue(L, -2, UV_OUTER);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "_inner");
  }
  lua_remove(L, -2);
}

/* part:message() -> message, or nil, message, code */
static int l_message (lua_State *L) {
  const Part *p = lmessage_check(L, 1);
  const pop3_part *t = lmessage_whole(L, p->m, p->n);
  const char *type;
  Message *v;
  if (t->kind == POP3_PART_MESSAGE) {
    lmessage_pushroot(L, 1);
    v = lmessage_new(L, pop3_span_of(p->m->in.p + t->body, t->end - t->body),
                     -1);
    v->owner = p->m->owner;
    v->lim = p->m->lim;
    v->charset = p->m->charset;
    return 1;
  }
  lua_getfield(L, 1, "type");
  type = lua_tostring(L, -1);
  if (strcmp(type, "message/rfc822") == 0 ||
      strcmp(type, "message/global") == 0) {
    push_decoded(L, 1, p->m->lim.depth);
    return 1;
  }
  lua_pushnil(L);
  lua_getfield(L, 1, "path");
  lua_pushfstring(L, "part %s is not a message but %s", lua_tostring(L, -1),
                  type);
  lua_remove(L, -2);
  lua_pushliteral(L, "state");
  return 3;
}

/* ---------------------------------------------------------------- walking */

/*
** The iterator of 'walk'; upvalues: message, index of the next part, these
** three upvalues (in a table) for the time after an encoded message, or nil,
** and the path of the last part.
*/
static int next_part (lua_State *L) {
  for (;;) {
    const Part *p = lmessage_held(L, lua_upvalueindex(1));
    lua_Integer n = lua_tointeger(L, lua_upvalueindex(2));
    const pop3_part *t = lmessage_find(L, p->m, (size_t)n);
    int encoded = t != NULL && (t->flags & POP3_PART_ENCODED) != 0, i;
    lua_settop(L, 0);
    if (t == NULL) {
      if (lua_isnil(L, lua_upvalueindex(3))) return 0;
      lua_pushvalue(L, lua_upvalueindex(3));
      for (i = 1; i <= 3; i++) {
        lua_rawgeti(L, 1, i);
        lua_replace(L, lua_upvalueindex(i));
      }
      lua_pushnil(L);
      lua_replace(L, lua_upvalueindex(4));
      continue;
    }
    lua_pushinteger(L, n + 1);
    lua_replace(L, lua_upvalueindex(2));
    lua_pushvalue(L, lua_upvalueindex(1));
    push_path_after(L, p->m, (size_t)n, lua_tostring(L, lua_upvalueindex(4)));
    lua_pushvalue(L, -1);
    lua_replace(L, lua_upvalueindex(4));
    lmessage_pushpart(L, 1, (size_t)n);           /* message, path, part */
    if (encoded) {
      push_inner(L, 2);
      if (!lua_isnil(L, -1)) {
        lua_createtable(L, 3, 0);
        for (i = 1; i <= 3; i++) {
          lua_pushvalue(L, lua_upvalueindex(i));
          lua_rawseti(L, -2, i);
        }
        lua_replace(L, lua_upvalueindex(3));
        lua_replace(L, lua_upvalueindex(1));
        lua_pushinteger(L, 0);
        lua_replace(L, lua_upvalueindex(2));
      }
      else lua_pop(L, 1);
    }
    return 2;
  }
}

/* part:walk() -> iterator of path, part */
static int l_walk (lua_State *L) {
  lmessage_check(L, 1);
  lmessage_pushroot(L, 1);
  lua_pushinteger(L, 0);
  lua_pushnil(L);
  lua_pushnil(L);
  lua_pushcclosure(L, next_part, 4);
  return 1;
}

/* part:_kind() -> "leaf", "multipart", "message", "encoded" (a message) */
static int l_kind (lua_State *L) {
  static const char *const kinds[] = {"leaf", "multipart", "message"};
  const Part *p = lmessage_check(L, 1);
  const pop3_part *t = lmessage_settled(L, p->m, p->n);
  lua_pushstring(L, t->flags & POP3_PART_ENCODED ? "encoded"
                                                 : kinds[t->kind]);
  return 1;
}

/* part:_child() -> the first part in it, or nil */
static int l_child (lua_State *L) {
  const Part *p = lmessage_check(L, 1);
  const pop3_part *t = lmessage_find(L, p->m, p->n);
  if (t->kind == POP3_PART_LEAF) return 0;
  lmessage_find(L, p->m, p->n + 1);
  t = pop3_tree_get(&p->m->tree, p->n);
  if (t->child == 0) return 0;
  lmessage_pushpart(L, 1, t->child);
  return 1;
}

/* part:_next() -> the next part of the same multipart, or nil */
static int l_next (lua_State *L) {
  const Part *p = lmessage_check(L, 1);
  const pop3_tree *t = &p->m->tree;
  const pop3_part *self = lmessage_whole(L, p->m, p->n);
  if (p->n == 0) return 0;
  while (self->next == 0 && !pop3_tree_get(t, self->parent)->done) {
    if (lmessage_find(L, p->m, pop3_tree_count(t)) == NULL) break;
    self = pop3_tree_get(t, p->n);
  }
  if (self->next == 0) return 0;
  lmessage_pushpart(L, 1, self->next);
  return 1;
}

static const luaL_Reg methods[] = {
  {"walk", l_walk}, {"message", l_message}, {"_kind", l_kind},
  {"_child", l_child}, {"_next", l_next}, {NULL, NULL}
};

static const luaL_Reg getters[] = {{"path", g_path}, {NULL, NULL}};

void lpop3_open_walk (lua_State *L) {
  lmessage_add(L, methods, getters);
}
