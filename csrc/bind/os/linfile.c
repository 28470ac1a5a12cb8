/*
** linfile.c - files of mail, read in the canonical form in which they travel
** (RFC 1939 section 11): every line ends in CRLF. Stores use it.
*/

/***
Files of mail, read in their canonical form.
@engine pop3.core.infile
*/
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../../session/canon.h"
#include "../lpop3.h"
#include "../open.h"

#define CHUNK 65536

/* Open a file for reading; pushes the failure and returns -1. */
static int open_in (lua_State *L, const char *path) {
  int fd;
  do fd = open(path, O_RDONLY | O_CLOEXEC); while (fd < 0 && errno == EINTR);
  if (fd < 0) lpop3_sysfail(L, path, errno);
  return fd;
}

static ssize_t read_in (int fd, char *p, size_t n) {
  ssize_t k;
  do k = read(fd, p, n); while (k < 0 && errno == EINTR);
  return k;
}

/***
The size of a file of mail in its canonical form.
@function canonical_size
@tparam string path
@treturn integer octets, or nil, message, "io"
*/
static int l_canonical_size (lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  char chunk[CHUNK];
  pop3_canon c;
  ssize_t k;
  int en, fd = open_in(L, path);
  if (fd < 0) return 3;
  memset(&c, 0, sizeof c);
  while ((k = read_in(fd, chunk, sizeof chunk)) > 0)
    pop3_canon_count(&c, chunk, (size_t)k);
  en = errno;
  close(fd);
  if (k < 0) return lpop3_sysfail(L, path, en);
  lpop3_pushu64(L, pop3_canon_size(&c));
  return 1;
}

#define INFILE "pop3.infile"

typedef struct Infile {
  lpop3_object object;
  int fd;  /* -1 when closed */
  pop3_canon c;
  pop3_buf out;
} Infile;

/***
A file of mail, read in its canonical form.
@function infile
@tparam string path
@treturn pop3.infile or nil, message, "io"
*/
static int l_infile (lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  Infile *f = (Infile *)lpop3_new(L, sizeof *f, 0);
  f->fd = -1;
  pop3_buf_init(&f->out, lpop3_mem(L));
  luaL_setmetatable(L, INFILE);
  f->fd = open_in(L, path);
  return f->fd < 0 ? 3 : 1;
}

static int i_close (lua_State *L) {
  Infile *f = (Infile *)luaL_checkudata(L, 1, INFILE);
  if (f->fd >= 0) close(f->fd);
  f->fd = -1;
  pop3_buf_free(&f->out);
  return 0;
}

/* Read once more into 'out': octets read, 0 at the end, -1 with errno. */
static ssize_t i_fill (lua_State *L, Infile *f) {
  char chunk[CHUNK];
  ssize_t k = read_in(f->fd, chunk, sizeof chunk);
  int err = 0;
  if (k > 0) err = pop3_canon_add(&f->c, &f->out, chunk, (size_t)k);
  else if (k == 0) err = pop3_canon_end(&f->c, &f->out);
  if (err != 0) lpop3_fail(L, err);
  return k;
}

/***
The next piece; nothing at the end, where the file is closed.
@function infile:read
@tparam[opt] string all "a": all that is left, in one piece
@treturn string octets, or nil, message, "io"
*/
static int i_read (lua_State *L) {
  Infile *f = (Infile *)luaL_checkudata(L, 1, INFILE);
  int all = !lua_isnoneornil(L, 2), en;
  ssize_t k;
  if (f->fd < 0) return 0;
  f->out.n = 0;
  do k = i_fill(L, f); while (k > 0 && (all || f->out.n == 0));
  en = errno;
  if (k > 0 || f->out.n > 0 || (k == 0 && all))
    lua_pushlstring(L, f->out.n > 0 ? f->out.p : "", f->out.n);
  else lua_pushnil(L);
  if (k > 0) return 1;
  i_close(L);
  return k < 0 ? lpop3_sysfail(L, NULL, en) : 1;
}

static const luaL_Reg methods[] = {
  { "close", i_close },
  { "read", i_read },
  { NULL, NULL }
};

static const luaL_Reg funcs[] = {
  { "canonical_size", l_canonical_size },
  { "infile", l_infile },
  { NULL, NULL }
};

void lpop3_open_infile (lua_State *L) {
  lpop3_type(L, INFILE, methods);
  luaL_setfuncs(L, funcs, 0);
}
