/*
** lname.c - operations on names of files: links, renames, removal, and
** making the entries of a directory durable. Deliveries and the state file use
** it. Each failure has a fourth value, the name of the errno.
*/

/***
Names of files.
@engine pop3.core.name
*/
#define _GNU_SOURCE  /* renameat2 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../open.h"
#include "lsystem.h"

#ifdef __APPLE__
#define st_mtim st_mtimespec
#endif

/* The path at 'arg'; an error is raised for one that holds a NUL. */
static const char *check_path (lua_State *L, int arg) {
  size_t n;
  const char *path = luaL_checklstring(L, arg, &n);
  luaL_argcheck(L, strlen(path) == n, arg, "the path holds a NUL");
  return path;
}

/* true when a call worked; false for the errno 'soft'; else the failure. */
static int answer (lua_State *L, int result, int soft, const char *path) {
  int en = errno;
  if (result != 0 && en != soft) return lpop3_syserror(L, path, en);
  lua_pushboolean(L, result == 0);
  return 1;
}

/***
Give a file a second name.
@function link
@tparam string from
@tparam string to
@treturn boolean true; false when the name `to` exists; or nil, message, "io",
errno
*/
static int l_link (lua_State *L) {
  const char *from = check_path(L, 1), *to = check_path(L, 2);
  return answer(L, link(from, to), EEXIST, to);
}

/* Rename, unless the name 'to' exists. */
static int rename_new (const char *from, const char *to) {
  struct stat st;
#ifdef RENAME_NOREPLACE
  if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return -1;
#endif
  if (lstat(to, &st) == 0) {
    errno = EEXIST;
    return -1;
  }
  return errno == ENOENT ? rename(from, to) : -1;
}

/***
Rename a file.
@function rename
@tparam string from
@tparam string to
@tparam[opt=false] boolean new do not replace a file of the name `to`. Where
the system cannot do both at once, the function first checks for the name.
@treturn boolean true; false when the name exists and `new` is set; or nil,
message, "io", errno
*/
static int l_rename (lua_State *L) {
  const char *from = check_path(L, 1), *to = check_path(L, 2);
  if (lua_toboolean(L, 3)) return answer(L, rename_new(from, to), EEXIST, to);
  return answer(L, rename(from, to), 0, to);
}

/***
Remove a name.
@function unlink
@tparam string path
@treturn boolean true; false if it does not exist; or nil, message, "io", errno
*/
static int l_unlink (lua_State *L) {
  const char *path = check_path(L, 1);
  return answer(L, unlink(path), ENOENT, path);
}

/***
Wait until the entries of a directory are on the disk (fsync(2)).
@function syncdir
@tparam string path
@treturn boolean true, or nil, message, "io", errno
*/
static int l_syncdir (lua_State *L) {
  const char *path = check_path(L, 1);
  int fd, en = 0;
  do fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  while (fd < 0 && errno == EINTR);
  if (fd < 0) return lpop3_syserror(L, path, errno);
  if (lpop3_fsync(fd) != 0) en = errno;
  close(fd);
  if (en == EINVAL || en == ENOSYS) en = 0;  /* it has no such operation */
  if (en != 0) return lpop3_syserror(L, path, en);
  lua_pushboolean(L, 1);
  return 1;
}

/***
The file that a name refers to; a symbolic link is not followed.
@function lstat
@tparam string path
@treturn table `kind` ("file", "directory", "link", "socket" or "other"), `size`,
`mtime` (seconds since 1970), `device`, `inode`, `links`, `mode` (the
permissions), `own` (it belongs to the user of this process); or nil, message, "io",
errno
*/
static int l_lstat (lua_State *L) {
  const char *path = check_path(L, 1);
  struct stat st;
  if (lstat(path, &st) != 0) return lpop3_syserror(L, path, errno);
  lua_createtable(L, 0, 8);
  lua_pushstring(L, S_ISREG(st.st_mode) ? "file"
                    : S_ISDIR(st.st_mode) ? "directory"
                    : S_ISLNK(st.st_mode) ? "link"
                    : S_ISSOCK(st.st_mode) ? "socket" : "other");
  lua_setfield(L, -2, "kind");
  lua_pushboolean(L, st.st_uid == geteuid());
  lua_setfield(L, -2, "own");
  lpop3_pushu64(L, (uint64_t)st.st_size);
  lua_setfield(L, -2, "size");
  lua_pushnumber(L, (lua_Number)st.st_mtim.tv_sec
                    + (lua_Number)st.st_mtim.tv_nsec / 1e9);
  lua_setfield(L, -2, "mtime");
  lua_pushinteger(L, (lua_Integer)st.st_dev);
  lua_setfield(L, -2, "device");
  lua_pushinteger(L, (lua_Integer)st.st_ino);
  lua_setfield(L, -2, "inode");
  lua_pushinteger(L, (lua_Integer)st.st_nlink);
  lua_setfield(L, -2, "links");
  lua_pushinteger(L, (lua_Integer)(st.st_mode & 07777));
  lua_setfield(L, -2, "mode");
  return 1;
}

/***
The absolute path of a file, without symbolic links.
@function realpath
@tparam string path
@treturn string path; or nil, message, "io", errno
*/
static int l_realpath (lua_State *L) {
  const char *path = check_path(L, 1);
  char found[PATH_MAX];
  if (realpath(path, found) == NULL) return lpop3_syserror(L, path, errno);
  lua_pushstring(L, found);
  return 1;
}

/***
Set the mask of permissions that new files of this process do not get.
@function umask
@tparam integer mask
@treturn integer the previous mask
*/
static int l_umask (lua_State *L) {
  lua_Integer mask = luaL_checkinteger(L, 1);
  luaL_argcheck(L, mask >= 0 && mask <= 0777, 1, "not a mask of permissions");
  lua_pushinteger(L, (lua_Integer)umask((mode_t)mask));
  return 1;
}

static const luaL_Reg funcs[] = {
  { "link", l_link },
  { "lstat", l_lstat },
  { "realpath", l_realpath },
  { "rename", l_rename },
  { "syncdir", l_syncdir },
  { "umask", l_umask },
  { "unlink", l_unlink },
  { NULL, NULL }
};

void lpop3_open_name (lua_State *L) {
  luaL_setfuncs(L, funcs, 0);
}
