/*
** lstate.c - the lines of a state file of pop3.sync: sealing and indexing.
**
** The file is text. Its first line is "lpop3-state 1"; every other line is
**
**   CHECKSUM account NAME
**   CHECKSUM entry UID NTH RECORD
**   CHECKSUM forgotten UID NTH
**
** CHECKSUM is the CRC-32, in 8 hexadecimal digits, of the rest of the line
** after the blank. Octets of NAME and UID outside 0x21 to 0x7E, and "%", are
** written as "%XX". An entry belongs to the account line before it; the last
** line about a message is the valid one. lua/pop3/sync/state/init.lua has the
** meaning of a RECORD. This file only reads: a long state (100,000 entries)
** must not cost more than its table.
*/

/***
The lines of a state file.
@engine pop3.core.state
*/
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../base/ascii.h"
#include "../../base/buf.h"
#include "../../base/crc32.h"
#include "../lpop3.h"
#include "../open.h"

#define READER "pop3.statereader"

#define FIRST "lpop3-state 1"
#define CHUNK 65536
#define LONGEST 262144  /* octets of a line: a unique-id of 64 KiB, escaped */
#define SUM 9           /* octets of a checksum and the blank after it */

typedef struct Reader {
  lpop3_object object;
  int fd;            /* -1 when closed */
  pop3_buf in;       /* octets of the file that are not used yet */
  size_t at;         /* where the next line begins in it */
  int eof;
} Reader;

/* The result of reading a file. */
typedef struct Index {
  pop3_span account; /* as it is written in the file */
  int ours;          /* the lines that follow are of this account */
  int repair;        /* leave out unreadable lines */
  lua_Integer lines, entries, bad;
  uint64_t good;     /* octets up to the end of the last readable line */
} Index;

static int r_gc (lua_State *L) {
  Reader *r = (Reader *)luaL_checkudata(L, 1, READER);
  if (r->fd >= 0) close(r->fd);
  r->fd = -1;
  pop3_buf_free(&r->in);
  return 0;
}

/* Read more of the file. Returns octets read, 0 at the end, -1 with errno. */
static ssize_t fill (lua_State *L, Reader *r) {
  ssize_t k;
  int err;
  pop3_buf_shift(&r->in, r->at);
  r->at = 0;
  err = pop3_buf_room(&r->in, CHUNK);
  if (err != 0) lpop3_fail(L, err);
  do k = read(r->fd, r->in.p + r->in.n, CHUNK);
  while (k < 0 && errno == EINTR);
  if (k > 0) r->in.n += (size_t)k;
  if (k == 0) r->eof = 1;
  return k;
}

/*
** The next line, without its LF. Returns 1; 0 at the end of the file, where
** '*line' is what follows the last LF; -1 with errno; -2 when it is too long.
*/
static int next_line (lua_State *L, Reader *r, pop3_span *line) {
  size_t looked = 0;
  for (;;) {
    const char *p = r->in.n > 0 ? r->in.p + r->at : "";
    size_t n = r->in.n - r->at;
    const char *lf = n > looked
      ? (const char *)memchr(p + looked, '\n', n - looked) : NULL;
    if (lf != NULL) {
      *line = pop3_span_of(p, (size_t)(lf - p));
      r->at += line->n + 1;
      return 1;
    }
    if (r->eof) {
      *line = pop3_span_of(p, n);
      return 0;
    }
    if (n > LONGEST) return -2;
    looked = n;
    if (fill(L, r) < 0) return -1;
  }
}

static int hex32 (const char *p, uint32_t *out) {
  int i;
  *out = 0;
  for (i = 0; i < 8; i++) {
    int d = pop3_hexdigit((unsigned char)p[i]);
    if (d < 0) return 0;
    *out = (*out << 4) | (uint32_t)d;
  }
  return 1;
}

/* Is the line whole? '*line' is then what its checksum covers. */
static int unseal (pop3_span *line) {
  uint32_t sum;
  if (line->n <= SUM || line->p[SUM - 1] != ' ' || !hex32(line->p, &sum))
    return 0;
  line->p += SUM;
  line->n -= SUM;
  return pop3_crc32(line->p, line->n) == sum;
}

/* The word that a line begins with; '*line' is the rest after its blank. */
static pop3_span take_word (pop3_span *line) {
  pop3_span word = pop3_word(line);
  if (line->n > 0) {
    line->p++;
    line->n--;
  }
  return word;
}

/* Add a word to a buffer, its "%XX" as octets. */
static void add_unescaped (luaL_Buffer *b, pop3_span s) {
  size_t i;
  for (i = 0; i < s.n; i++) {
    if (s.p[i] == '%' && s.n - i > 2) {
      int hi = pop3_hexdigit((unsigned char)s.p[i + 1]);
      int lo = pop3_hexdigit((unsigned char)s.p[i + 2]);
      if (hi >= 0 && lo >= 0) {
        luaL_addchar(b, (char)(hi * 16 + lo));
        i += 2;
        continue;
      }
    }
    luaL_addchar(b, s.p[i]);
  }
}

/* Push the key of a message: its unique-id, and for the n-th of that id also
** NUL and n. Returns 0 when there is no such pair of words. */
static int push_key (lua_State *L, pop3_span *rest) {
  pop3_span uid = take_word(rest), nth = take_word(rest);
  luaL_Buffer b;
  if (nth.n == 0 || nth.n > 20) return 0;
  luaL_buffinit(L, &b);
  if (!(uid.n == 1 && uid.p[0] == '%')) add_unescaped(&b, uid);
  if (!(nth.n == 1 && nth.p[0] == '1')) {
    luaL_addchar(&b, '\0');
    luaL_addlstring(&b, nth.p, nth.n);
  }
  luaL_pushresult(&b);
  return 1;
}

static int word_is (pop3_span s, const char *word) {
  return s.n == strlen(word) && memcmp(s.p, word, s.n) == 0;
}

/* One readable line into the table on the top; 0 if it means nothing. */
static int take (lua_State *L, Index *x, pop3_span line) {
  pop3_span kind = take_word(&line);
  if (word_is(kind, "account")) {
    x->ours = line.n == x->account.n &&
              memcmp(line.p, x->account.p, line.n) == 0;
    return 1;
  }
  if (!word_is(kind, "entry") && !word_is(kind, "forgotten")) return 0;
  if (!x->ours) return 1;
  if (!push_key(L, &line)) return 0;
  if (word_is(kind, "forgotten")) lua_pushnil(L);
  else {
    if (line.n == 0) {
      lua_pop(L, 1);
      return 0;
    }
    lua_pushlstring(L, line.p, line.n);
  }
  lua_rawset(L, -3);
  x->entries++;
  return 1;
}

static int only_nuls (pop3_span s) {
  size_t i;
  for (i = 0; i < s.n; i++)
    if (s.p[i] != '\0') return 0;
  return 1;
}

/* Do only NULs follow, as after a power loss? */
static int at_end (lua_State *L, Reader *r) {
  pop3_span rest;
  int got;
  while ((got = next_line(L, r, &rest)) == 1)
    if (!only_nuls(rest)) return 0;
  return got == 0 && only_nuls(rest);
}

static void set_integer (lua_State *L, const char *name, lua_Integer n) {
  lua_pushinteger(L, n);
  lua_setfield(L, -2, name);
}

static int foreign (lua_State *L, const char *path) {
  lua_pushnil(L);
  lua_pushfstring(L, "%s: not a state file of version 1", path);
  lua_pushliteral(L, "state");
  return 3;
}

/***
Read a state file.
@function index
@tparam string path
@tparam string account as it is written in the file
@tparam[opt=false] boolean repair leave out lines that are unreadable
@treturn table key of a message → its record: the valid ones of the account
@treturn table `good`: octets up to the end of the last readable line; `size`;
`lines`: of the file; `entries`: lines about messages of this account; `bad`:
how many were left out; `ours`: lines appended now belong to the account.
Or nil, message, "state" for a line that is unreadable and not the last one;
nil, message, "io"
*/
static int l_index (lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  Index x;
  Reader *r;
  pop3_span line;
  uint64_t size = 0;
  int got;
  memset(&x, 0, sizeof x);
  x.account.p = luaL_checklstring(L, 2, &x.account.n);
  x.repair = lua_toboolean(L, 3);
  lua_settop(L, 2);
  r = (Reader *)lpop3_new(L, sizeof *r, 0);
  r->fd = -1;
  pop3_buf_init(&r->in, lpop3_mem(L));
  luaL_setmetatable(L, READER);
  do r->fd = open(path, O_RDONLY | O_CLOEXEC);
  while (r->fd < 0 && errno == EINTR);
  if (r->fd < 0) return lpop3_sysfail(L, path, errno);
  lua_newtable(L);  /* path, account, reader, table */
  while ((got = next_line(L, r, &line)) == 1) {
    size_t n = line.n + 1;
    int readable = x.lines == 0 ? word_is(line, FIRST)
                                : unseal(&line) && take(L, &x, line);
    x.lines++;
    size += n;
    if (readable) x.good = size;
    else if (x.lines == 1) return foreign(L, path);
    else if (x.repair) x.bad++;
    else if (!at_end(L, r)) {
      lua_pushnil(L);
      lua_pushfstring(L, "%s: line %I: the checksum is wrong", path,
                      (LUAI_UACINT)x.lines);
      lua_pushliteral(L, "state");
      return 3;
    }
    else break;
  }
  if (got == -1) return lpop3_sysfail(L, path, errno);
  if (got == 0 && x.lines == 0 && line.n > 0) return foreign(L, path);
  if (got == -2) {
    lua_pushnil(L);
    lua_pushfstring(L, "%s: line %I: too long", path,
                    (LUAI_UACINT)(x.lines + 1));
    lua_pushliteral(L, "state");
    return 3;
  }
  size = (uint64_t)lseek(r->fd, 0, SEEK_END);
  lua_newtable(L);
  set_integer(L, "good", (lua_Integer)x.good);
  set_integer(L, "size", (lua_Integer)size);
  set_integer(L, "lines", x.lines);
  set_integer(L, "entries", x.entries);
  set_integer(L, "bad", x.bad);
  lua_pushboolean(L, x.ours);
  lua_setfield(L, -2, "ours");
  close(r->fd);
  r->fd = -1;
  return 2;
}

/***
A line with its checksum and its line end.
@function seal
@tparam string text
@treturn string
*/
static int l_seal (lua_State *L) {
  size_t n;
  const char *p = luaL_checklstring(L, 1, &n);
  char sum[SUM + 1];
  luaL_Buffer b;
  snprintf(sum, sizeof sum, "%08lx ", (unsigned long)pop3_crc32(p, n));
  luaL_buffinit(L, &b);
  luaL_addlstring(&b, sum, SUM);
  luaL_addlstring(&b, p, n);
  luaL_addchar(&b, '\n');
  luaL_pushresult(&b);
  return 1;
}

static const luaL_Reg methods[] = {
  { "__gc", r_gc },
  { NULL, NULL }
};

static const luaL_Reg functions[] = {
  { "index", l_index },
  { "seal", l_seal },
  { NULL, NULL }
};

void lpop3_open_state (lua_State *L) {
  lpop3_type(L, READER, methods);
  lpop3_functions(L, "state", functions);
}
