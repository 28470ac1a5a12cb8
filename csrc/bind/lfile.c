/*
** lfile.c - files: one that appears whole or not at all, mail read in its
** canonical form, and directories.
*/

/***
Files.
@module pop3.core.file
*/
#define _DEFAULT_SOURCE  /* d_type */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../session/canon.h"
#include "lpop3.h"

#define CHUNK 65536

/* User values of an outfile. */
enum { PATH = 1, TEMP };

typedef struct Outfile {
  int fd;  /* -1 when closed */
  uint64_t octets;
} Outfile;

static Outfile *check_out (lua_State *L, int arg) {
  Outfile *f = (Outfile *)luaL_checkudata(L, arg, LPOP3_OUTFILE);
  luaL_argcheck(L, f->fd >= 0, arg, "file is closed");
  return f;
}

/***
A file to write that appears under its name when it is committed, and leaves
nothing behind when it is not.
@function outfile
@tparam string path
@tparam string temp where it grows, on the same file system
@treturn pop3.outfile or nil, message, "io"
*/
static int l_outfile (lua_State *L) {
  const char *temp = luaL_checkstring(L, 2);
  Outfile *f;
  luaL_checkstring(L, 1);
  f = (Outfile *)lua_newuserdatauv(L, sizeof *f, 2);
  f->fd = -1;
  f->octets = 0;
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, PATH);
  lua_pushvalue(L, 2);
  lua_setiuservalue(L, -2, TEMP);
  luaL_setmetatable(L, LPOP3_OUTFILE);
  do f->fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  while (f->fd < 0 && errno == EINTR);
  return f->fd < 0 ? lpop3_sysfail(L, temp, errno) : 1;
}

void lpop3_checkoutfile (lua_State *L, int arg) {
  check_out(L, arg);
}

int lpop3_filewrite (lua_State *L, int arg, const char *p, size_t n) {
  Outfile *f = check_out(L, arg);
  while (n > 0) {
    ssize_t k = write(f->fd, p, n);
    if (k < 0 && errno == EINTR) continue;
    if (k < 0) return errno;
    p += k;
    n -= (size_t)k;
    f->octets += (uint64_t)k;
  }
  return 0;
}

/***
@function outfile:write
@tparam string octets
@treturn boolean true, or nil, message, "io"
*/
static int o_write (lua_State *L) {
  size_t n;
  const char *p = luaL_checklstring(L, 2, &n);
  int en = lpop3_filewrite(L, 1, p, n);
  if (en != 0) return lpop3_sysfail(L, NULL, en);
  lua_pushboolean(L, 1);
  return 1;
}

/* Close and remove what is not committed. */
static int o_close (lua_State *L) {
  Outfile *f = (Outfile *)luaL_checkudata(L, 1, LPOP3_OUTFILE);
  if (f->fd < 0) return 0;
  close(f->fd);
  f->fd = -1;
  lua_getiuservalue(L, 1, TEMP);
  unlink(lua_tostring(L, -1));
  return 0;
}

/***
It is whole: give it its name, replacing what had it.
@function outfile:commit
@tparam[opt=false] boolean sync have it on the disk first
@treturn integer octets, or nil, message, "io", nothing being left
*/
static int o_commit (lua_State *L) {
  Outfile *f = check_out(L, 1);
  const char *path, *temp;
  int en = 0;
  if (lua_toboolean(L, 2) && fsync(f->fd) != 0) en = errno;
  if (close(f->fd) != 0 && en == 0 && errno != EINTR) en = errno;
  f->fd = -1;
  lua_getiuservalue(L, 1, PATH);
  lua_getiuservalue(L, 1, TEMP);
  path = lua_tostring(L, -2);
  temp = lua_tostring(L, -1);
  if (en == 0 && rename(temp, path) != 0) en = errno;
  if (en != 0) {
    unlink(temp);
    return lpop3_sysfail(L, path, en);
  }
  lpop3_pushu64(L, f->octets);
  return 1;
}

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
  Infile *f = (Infile *)lua_newuserdatauv(L, sizeof *f, 0);
  memset(f, 0, sizeof *f);
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

#define DIRECTORY "pop3.directory"

static int d_close (lua_State *L) {
  DIR **d = (DIR **)luaL_checkudata(L, 1, DIRECTORY);
  if (*d != NULL) closedir(*d);
  *d = NULL;
  return 0;
}

/* Is it a regular file? Some file systems do not say so in the entry. */
static int is_file (DIR *d, const struct dirent *e) {
  struct stat st;
#ifdef DT_REG
  if (e->d_type == DT_REG) return 1;
  if (e->d_type != DT_UNKNOWN && e->d_type != DT_LNK) return 0;
#endif
  return fstatat(dirfd(d), e->d_name, &st, 0) == 0 && S_ISREG(st.st_mode);
}

/***
The names in a directory, in no order, without "." and "..".
@function readdir
@tparam string path
@tparam[opt=false] boolean files regular files only
@treturn {string,...} or nil, message, "io"
*/
static int l_readdir (lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  int files = lua_toboolean(L, 2);
  DIR **d = (DIR **)lua_newuserdatauv(L, sizeof *d, 0);
  struct dirent *e;
  lua_Integer n = 0;
  *d = NULL;
  luaL_setmetatable(L, DIRECTORY);
  lua_newtable(L);  /* directory, names */
  *d = opendir(path);
  if (*d == NULL) return lpop3_sysfail(L, path, errno);
  while ((errno = 0, e = readdir(*d)) != NULL) {
    if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
    if (files && !is_file(*d, e)) continue;
    lua_pushstring(L, e->d_name);
    lua_rawseti(L, -2, ++n);
  }
  if (errno != 0) return lpop3_sysfail(L, path, errno);
  closedir(*d);
  *d = NULL;
  return 1;
}

/***
Make a directory; one that exists is fine.
@function mkdir
@tparam string path
@treturn boolean true, or nil, message, "io"
*/
static int l_mkdir (lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  struct stat st;
  if (mkdir(path, 0777) != 0 &&
      (errno != EEXIST || stat(path, &st) != 0 || !S_ISDIR(st.st_mode)))
    return lpop3_sysfail(L, path, errno);
  lua_pushboolean(L, 1);
  return 1;
}

/***
What a path is.
@function stat
@tparam string path
@treturn string "file", "directory" or "other", or nil, message, "io"
@treturn integer octets
*/
static int l_stat (lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  struct stat st;
  if (stat(path, &st) != 0) return lpop3_sysfail(L, path, errno);
  lua_pushstring(L, S_ISREG(st.st_mode) ? "file"
                    : S_ISDIR(st.st_mode) ? "directory" : "other");
  lpop3_pushu64(L, (uint64_t)st.st_size);
  return 2;
}

static const luaL_Reg out_meta[] = {
  { "__gc", o_close },
  { "__close", o_close },
  { NULL, NULL }
};

static const luaL_Reg out_methods[] = {
  { "close", o_close },
  { "commit", o_commit },
  { "write", o_write },
  { NULL, NULL }
};

static const luaL_Reg in_meta[] = {
  { "__gc", i_close },
  { "__close", i_close },
  { NULL, NULL }
};

static const luaL_Reg in_methods[] = {
  { "close", i_close },
  { "read", i_read },
  { NULL, NULL }
};

static const luaL_Reg dir_meta[] = {
  { "__gc", d_close },
  { NULL, NULL }
};

static const luaL_Reg no_methods[] = {
  { NULL, NULL }
};

static const luaL_Reg funcs[] = {
  { "canonical_size", l_canonical_size },
  { "infile", l_infile },
  { "mkdir", l_mkdir },
  { "outfile", l_outfile },
  { "readdir", l_readdir },
  { "stat", l_stat },
  { NULL, NULL }
};

void lpop3_open_file (lua_State *L) {
  lpop3_type(L, LPOP3_OUTFILE, out_meta, out_methods);
  lpop3_type(L, INFILE, in_meta, in_methods);
  lpop3_type(L, DIRECTORY, dir_meta, no_methods);
  luaL_setfuncs(L, funcs, 0);
}
