/*
** ldir.c - directories, and the type of the file that a path names. LuaSocket
** and Lua's own libraries have no function for either.
*/

/***
Directories, and the types of files.
@engine pop3.core.directory
*/
#define _DEFAULT_SOURCE  /* d_type */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lpop3.h"
#include "../open.h"

#define DIRECTORY "pop3.directory"

#ifdef __APPLE__
#define st_mtim st_mtimespec
#define st_ctim st_ctimespec
#endif

typedef struct Directory {
  lpop3_object object;
  DIR *d;  /* NULL when closed */
} Directory;

static int d_close (lua_State *L) {
  Directory *u = (Directory *)lua_touserdata(L, 1);
  if (u->d != NULL) closedir(u->d);
  u->d = NULL;
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
  Directory *u = (Directory *)lpop3_new(L, sizeof *u, 0);
  struct dirent *e;
  lua_Integer n = 0;
  luaL_setmetatable(L, DIRECTORY);
  lua_newtable(L);  /* directory, names */
  u->d = opendir(path);
  if (u->d == NULL) return lpop3_sysfail(L, path, errno);
  while ((errno = 0, e = readdir(u->d)) != NULL) {
    if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
    if (files && !is_file(u->d, e)) continue;
    lua_pushstring(L, e->d_name);
    lua_rawseti(L, -2, ++n);
  }
  if (errno != 0) return lpop3_sysfail(L, path, errno);
  closedir(u->d);
  u->d = NULL;
  return 1;
}

/***
Make a directory, unless it exists.
@function mkdir
@tparam string path
@tparam[opt=511] integer mode permissions of a new one (0777), less the umask
@treturn boolean true, or nil, message, "io"
*/
static int l_mkdir (lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  lua_Integer mode = luaL_optinteger(L, 2, 0777);
  struct stat st;
  luaL_argcheck(L, mode >= 0 && mode <= 07777, 2,
                "the mode must be 0 to 07777");
  if (mkdir(path, (mode_t)mode) != 0 &&
      (errno != EEXIST || stat(path, &st) != 0 || !S_ISDIR(st.st_mode)))
    return lpop3_sysfail(L, path, errno);
  lua_pushboolean(L, 1);
  return 1;
}

/***
The type of the file that a path names.
@function stat
@tparam string path
@tparam[opt=false] boolean nofollow report a symbolic link, not its target
@treturn string "file", "directory" or "other", and "link" with `nofollow`; or
nil, message, "io"
@treturn integer octets
@treturn string device, inode, size and times in one: another one after each change of
the file
@treturn integer when the file or its inode was changed last, in seconds since 1970
*/
static int l_stat (lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  struct stat st;
  if ((lua_toboolean(L, 2) ? lstat(path, &st) : stat(path, &st)) != 0)
    return lpop3_sysfail(L, path, errno);
  lua_pushstring(L, S_ISREG(st.st_mode) ? "file"
                    : S_ISDIR(st.st_mode) ? "directory"
                    : S_ISLNK(st.st_mode) ? "link" : "other");
  lpop3_pushu64(L, (uint64_t)st.st_size);
  lua_pushfstring(L, "%I %I %I %I.%I %I.%I", (LUAI_UACINT)st.st_dev,
                  (LUAI_UACINT)st.st_ino, (LUAI_UACINT)st.st_size,
                  (LUAI_UACINT)st.st_mtim.tv_sec,
                  (LUAI_UACINT)st.st_mtim.tv_nsec,
                  (LUAI_UACINT)st.st_ctim.tv_sec,
                  (LUAI_UACINT)st.st_ctim.tv_nsec);
  lua_pushinteger(L, (lua_Integer)st.st_ctim.tv_sec);
  return 4;
}

static const luaL_Reg methods[] = {
  { "__gc", d_close },
  { NULL, NULL }
};

static const luaL_Reg funcs[] = {
  { "mkdir", l_mkdir },
  { "readdir", l_readdir },
  { "stat", l_stat },
  { NULL, NULL }
};

void lpop3_open_dir (lua_State *L) {
  lpop3_type(L, DIRECTORY, methods);
  luaL_setfuncs(L, funcs, 0);
}
