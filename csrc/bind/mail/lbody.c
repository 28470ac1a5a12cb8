/*
** lbody.c - the decoded octets and the text of parts, whole or in pieces.
*/
#include "../open.h"
#include "lbody.h"
#include "lpart.h"

#define READER_T "pop3.core.reader"
#define CHUNK ((size_t)1 << 16)

pop3_span lbody_octets (lua_State *L, const Part *p, enum pop3_encoding *code) {
  Message *m = p->m;
  const pop3_part *t = lmessage_whole(L, m, p->n);
  int closed = t->kind != POP3_PART_LEAF ||
               (t->flags & POP3_PART_OPAQUE) != 0;
  *code = closed || t->code == POP3_ENC_UNKNOWN ? POP3_ENC_NONE
                                                 : (enum pop3_encoding)t->code;
  return pop3_span_of(m->in.p + t->body, t->end - t->body);
}

/*
** Decode the next 'most' octets of '*s' at the most to 'out', which is emptied
** before. Returns whether they are the last.
*/
static int next_piece (lua_State *L, pop3_decoder *d, pop3_span *s,
                       size_t most, pop3_buf *out) {
  size_t k = s->n < most ? s->n : most;
  int last = k == s->n;
  out->n = 0;
  lwork_try(L, pop3_decode(d, pop3_span_of(s->p, k), last, out));
  s->p += k;
  s->n -= k;
  return last;
}

static int g_size (lua_State *L) {
  const Part *p = lmessage_check(L, 1);
  enum pop3_encoding code;
  pop3_span s = lbody_octets(L, p, &code);
  pop3_buf *out = &p->m->w->out;
  pop3_decoder d;
  size_t n = 0;
  if (code == POP3_ENC_NONE) n = s.n;
  else {
    int last;
    pop3_decoder_init(&d, code);
    do {
      last = next_piece(L, &d, &s, CHUNK, out);
      n += out->n;
    } while (!last);
    out->n = 0;
  }
  lpop3_pushu64(L, n);
  return 1;
}

/* core.message.body(part) -> decoded octets */
static int l_body (lua_State *L) {
  const Part *p = lmessage_ground(L, 1);
  enum pop3_encoding code;
  pop3_span s = lbody_octets(L, p, &code);
  if (code == POP3_ENC_NONE) lwork_span(L, s);
  else {
    pop3_decoder d;
    pop3_decoder_init(&d, code);
    p->m->w->out.n = 0;
    lwork_try(L, pop3_decode(&d, s, 1, &p->m->w->out));
    lwork_push(L, p->m->w);
  }
  return 1;
}

/* Is there nothing but white space in 's', no-break spaces included? */
static int is_blank (const char *p, size_t n) {
  const unsigned char *q = (const unsigned char *)p, *e = q + n;
  for (; q < e; q++)
    if (!pop3_isspace(*q) && *q != '\f' && *q != 0xA0 &&
        !(*q == 0xC2 && q + 1 < e && q[1] == 0xA0))
      return 0;
  return 1;
}

/* core.message.blank(part) -> is its text nothing but white space? */
static int l_blank (lua_State *L) {
  const Part *p = lmessage_ground(L, 1);
  enum pop3_encoding code;
  pop3_span s = lbody_octets(L, p, &code);
  pop3_buf *out = &p->m->w->out;
  pop3_decoder d;
  int blank = 1;
  if (code == POP3_ENC_NONE) blank = is_blank(s.p, s.n);
  else {
    size_t most = 64;                     /* most texts begin at once */
    int last;
    pop3_decoder_init(&d, code);
    do {
      last = next_piece(L, &d, &s, most, out);
      blank = is_blank(out->p, out->n);
      most = CHUNK;
    } while (!last && blank);
    out->n = 0;
  }
  lua_pushboolean(L, blank);
  return 1;
}

/* core.message.text(part) -> the decoded octets as UTF-8; nil: a multipart */
static int l_text (lua_State *L) {
  const Part *p = lmessage_ground(L, 1);
  Work *w = p->m->w;
  const pop3_charset *cs = NULL;
  enum pop3_encoding code;
  pop3_span s = lbody_octets(L, p, &code);
  pop3_about a;
  pop3_param charset;
  int html = 0;
  if (pop3_tree_get(&p->m->tree, p->n)->kind == POP3_PART_MULTI) return 0;
  a = lpart_about(L, p);
  if (a.type.p != NULL) {
    lwork_value(L, w, a.type, p->m->lim.params);
    html = pop3_is(pop3_value_main(&w->value), "text/html");
    if (pop3_value_find(&w->value, "charset", &charset))
      cs = pop3_charset_find(charset.octets);
  }
  if (code != POP3_ENC_NONE) {
    pop3_decoder d;
    pop3_decoder_init(&d, code);
    w->tmp.n = 0;
    lwork_try(L, pop3_decode(&d, s, 1, &w->tmp));
    s = pop3_span_of(w->tmp.n > 0 ? w->tmp.p : "", w->tmp.n);
  }
  if (!pop3_conv_same(cs, s)) {
    w->conv.fallback = html ? pop3_html_charset(s) : NULL;
    if (w->conv.fallback == NULL) w->conv.fallback = p->m->charset;
    w->out.n = 0;
    lwork_try(L, pop3_conv_text(&w->conv, cs, s, &w->out));
    s = pop3_span_of(w->out.n > 0 ? w->out.p : "", w->out.n);
  }
  lwork_span(L, s);
  lwork_trim(w);
  return 1;
}

/* ---------------------------------------------------------------- reading */

/* Reads a body in pieces; user value 1 is the message. */
typedef struct Reader {
  lpop3_object object;
  Message *m;
  pop3_span left;
  pop3_decoder d;
  pop3_buf out;
  unsigned char done;
} Reader;

/* core.message.reader(part) -> reader */
static int l_reader (lua_State *L) {
  const Part *p = lmessage_ground(L, 1);
  enum pop3_encoding code;
  pop3_span s = lbody_octets(L, p, &code);
  Reader *r = (Reader *)lpop3_new(L, sizeof *r, 1);
  r->m = p->m;
  r->left = s;
  r->done = 0;
  pop3_decoder_init(&r->d, code);
  pop3_buf_init(&r->out, lpop3_mem(L));
  luaL_setmetatable(L, READER_T);
  lmessage_pushroot(L, 1);
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
  while (!r->done && r->out.n == 0)
    r->done = (unsigned char)next_piece(L, &r->d, &r->left, CHUNK, &r->out);
  if (r->out.n == 0) return 0;
  lua_pushlstring(L, r->out.p, r->out.n);
  return 1;
}

static const luaL_Reg reader_methods[] = {
  {"next", l_reader_next}, {"close", l_reader_close}, {NULL, NULL}
};

static const luaL_Reg getters[] = {{"size", g_size}, {NULL, NULL}};

static const luaL_Reg none[] = {{NULL, NULL}};

static const luaL_Reg functions[] = {
  {"blank", l_blank}, {"body", l_body}, {"reader", l_reader},
  {"text", l_text}, {NULL, NULL}
};

void lpop3_open_body (lua_State *L) {
  lpop3_type(L, READER_T, reader_methods);
  lpop3_functions(L, "message", functions);
  lmessage_add(L, none, getters);
}
