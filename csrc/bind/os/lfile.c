/*
** lfile.c - an outfile: a file that appears whole or not at all. It is written
** under a temporary name in the directory where it is to be. 'commit' and
** 'claim' give it its name; closing it earlier removes it. Messages, parts,
** recordings and all other files that the project writes are made so.
*/

/***
Files that appear whole or not at all.
@engine pop3.core.file
*/
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../open.h"
#include "lfile.h"
#include "lsystem.h"

#define OUTFILE_T "pop3.outfile"

/* User values. */
enum { PATH = 1, TEMP };

typedef struct Outfile {
  lpop3_object object;
  int fd;           /* -1: closed */
  int there;        /* the temporary name exists and must be removed */
  uint64_t octets;
} Outfile;

static Outfile *check (lua_State *L, int arg) {
  Outfile *f = (Outfile *)luaL_checkudata(L, arg, OUTFILE_T);
  luaL_argcheck(L, f->fd >= 0, arg, "file is closed");
  return f;
}

/* Does the string at 'arg' hold a NUL, which no path can? */
static int has_nul (lua_State *L, int arg) {
  size_t n;
  const char *path = luaL_checklstring(L, arg, &n);
  return strlen(path) != n;
}

/***
Create a file under a temporary name. `commit` or `claim` gives it its name;
without either, closing it removes it.
@function outfile
@tparam string path the name that `commit` gives it
@tparam string temp the temporary name, in the same file system. A file of
that name must not exist.
@treturn pop3.outfile or nil, message, "io"
@usage
local core = require "pop3.core"
local path = os.tmpname()
local file <close> = assert(core.outfile(path, path .. ".new"))
assert(file:write "whole")
assert(file:commit())
*/
static int l_outfile (lua_State *L) {
  const char *temp = luaL_checkstring(L, 2);
  Outfile *f;
  if (has_nul(L, 1) || has_nul(L, 2)) return lpop3_sysfail(L, temp, EINVAL);
  f = (Outfile *)lpop3_new(L, sizeof *f, 2);
  f->fd = -1;
  f->there = 0;
  f->octets = 0;
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, PATH);
  lua_pushvalue(L, 2);
  lua_setiuservalue(L, -2, TEMP);
  luaL_setmetatable(L, OUTFILE_T);
  do f->fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  while (f->fd < 0 && errno == EINTR);
  if (f->fd < 0) return lpop3_sysfail(L, temp, errno);
  f->there = 1;
  return 1;
}

void lpop3_checkoutfile (lua_State *L, int arg) {
  check(L, arg);
}

int lpop3_filewrite (lua_State *L, int arg, const char *p, size_t n) {
  Outfile *f = check(L, arg);
  size_t left = n;
  int en = lpop3_writeall(f->fd, p, &left);
  f->octets += n - left;
  return en;
}

/***
Append octets.
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

/* Push the temporary name. */
static const char *push_temp (lua_State *L) {
  lua_getiuservalue(L, 1, TEMP);
  return lua_tostring(L, -1);
}

/* Close the descriptor. Returns 0 when all octets are written, or an errno. */
static int finish (Outfile *f, int sync) {
  int en = 0;
  if (sync && lpop3_fsync(f->fd) != 0) en = errno;
  if (close(f->fd) != 0 && en == 0 && errno != EINTR) en = errno;
  f->fd = -1;
  return en;
}

/***
Close the file, and remove it unless it has its name. Closing it twice does
nothing.
@function outfile:close
*/
static int o_close (lua_State *L) {
  Outfile *f = (Outfile *)luaL_checkudata(L, 1, OUTFILE_T);
  if (f->fd >= 0) close(f->fd);
  f->fd = -1;
  if (f->there) unlink(push_temp(L));
  f->there = 0;
  return 0;
}

/*
** The type of the file 'path' if it must not be replaced: a rename would remove
** a FIFO that a reader waits at, or a link that was made on purpose. NULL if it
** is a regular file or does not exist.
*/
static const char *obstacle (const char *path) {
  struct stat st;
  if (lstat(path, &st) != 0 || S_ISREG(st.st_mode)) return NULL;
  return S_ISDIR(st.st_mode) ? "directory"
         : S_ISLNK(st.st_mode) ? "symbolic link"
         : S_ISFIFO(st.st_mode) ? "FIFO"
         : S_ISSOCK(st.st_mode) ? "socket" : "device";
}

/***
Give the file its name. It replaces a regular file that has the name, and
nothing else: not a directory, a symbolic link, a FIFO, a socket or a device.
@function outfile:commit
@tparam[opt=false] boolean sync write it to the disk first (fsync)
@treturn integer its octets; or nil, message, "io", and the file is removed
*/
static int o_commit (lua_State *L) {
  Outfile *f = check(L, 1);
  const char *path, *other;
  int en = finish(f, lua_toboolean(L, 2));
  lua_settop(L, 1);
  lua_getiuservalue(L, 1, PATH);
  path = lua_tostring(L, -1);
  other = obstacle(path);
  if (en == 0 && other != NULL) {
    o_close(L);
    lua_pushnil(L);
    lua_pushfstring(L, "%s: a %s is not replaced", path, other);
    lua_pushliteral(L, "io");
    return 3;
  }
  if (en == 0 && rename(push_temp(L), path) != 0) en = errno;
  if (en == 0) f->there = 0;
  else {
    o_close(L);
    return lpop3_sysfail(L, path, en);
  }
  lpop3_pushu64(L, f->octets);
  return 1;
}

/*
** Rename where the file system has no links: an empty file holds the name
** until the rename. Returns 0 or an errno.
*/
static int claim_by_rename (const char *temp, const char *path) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666), en;
  if (fd < 0) return errno;
  close(fd);
  if (rename(temp, path) == 0) return 0;
  en = errno;
  unlink(path);
  return en;
}

/***
Give the file a name that no file has. It may be called again with another
name if the first is taken; nothing can be written after the first call.
@function outfile:claim
@tparam string path in the same file system
@tparam[opt=false] boolean sync write the file to the disk first (fsync)
@treturn boolean true; false if a file of that name exists; or nil, message,
"io"
*/
static int o_claim (lua_State *L) {
  Outfile *f = (Outfile *)luaL_checkudata(L, 1, OUTFILE_T);
  const char *path = luaL_checkstring(L, 2), *temp;
  int en = 0;
  luaL_argcheck(L, f->there, 1, "file is closed");
  if (has_nul(L, 2)) return lpop3_sysfail(L, path, EINVAL);
  if (f->fd >= 0) en = finish(f, lua_toboolean(L, 3));
  if (en != 0) return lpop3_sysfail(L, path, en);
  temp = push_temp(L);
  if (link(temp, path) == 0) unlink(temp);
  else en = errno;
  if (en == EPERM || en == ENOSYS || en == EOPNOTSUPP || en == EMLINK)
    en = claim_by_rename(temp, path);
  if (en != 0 && en != EEXIST) return lpop3_sysfail(L, path, en);
  if (en == 0) f->there = 0;
  lua_pushboolean(L, en == 0);
  return 1;
}

static const luaL_Reg methods[] = {
  { "claim", o_claim },
  { "close", o_close },
  { "commit", o_commit },
  { "write", o_write },
  { NULL, NULL }
};

void lpop3_open_file (lua_State *L) {
  lpop3_type(L, OUTFILE_T, methods);
  lua_pushcfunction(L, l_outfile);
  lua_setfield(L, -2, "outfile");
}
