/*
** lsave.c - a file that appears whole or not at all: written under a name
** nobody looks for, in the directory where it is to be, then renamed.
*/
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lmessage.h"

#define SAVE_T "pop3.core.save"

typedef struct Save {
  int fd;                 /* -1: closed */
  int there;              /* the file of that name is ours to remove */
  char name[4096];
} Save;

static Save *check (lua_State *L) {
  Save *s = (Save *)luaL_checkudata(L, 1, SAVE_T);
  if (s->fd < 0) luaL_argerror(L, 1, "file is closed");
  return s;
}

/* message.save(directory) -> save, or nil, message, "io" */
static int l_save (lua_State *L) {
  size_t n;
  const char *dir = luaL_checklstring(L, 1, &n);
  Save *s = (Save *)lua_newuserdatauv(L, sizeof *s, 0);
  unsigned i;
  s->fd = -1;
  s->there = 0;
  luaL_setmetatable(L, SAVE_T);
  if (strlen(dir) != n) return lpop3_sysfail(L, dir, EINVAL);
  for (i = 0; i < 10000; i++) {
    int len = snprintf(s->name, sizeof s->name, "%s/.part-%ld-%lx-%u", dir,
                       (long)getpid(), (unsigned long)(size_t)s, i);
    if (len < 0 || (size_t)len >= sizeof s->name)
      return lpop3_sysfail(L, dir, ENAMETOOLONG);
    s->fd = open(s->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (s->fd >= 0 || errno != EEXIST) break;
  }
  if (s->fd < 0) return lpop3_sysfail(L, dir, errno);
  s->there = 1;
  return 1;
}

/* Close and remove, unless it has its real name by now. */
static int l_close (lua_State *L) {
  Save *s = (Save *)luaL_checkudata(L, 1, SAVE_T);
  if (s->fd >= 0) close(s->fd);
  s->fd = -1;
  if (s->there) unlink(s->name);
  s->there = 0;
  return 0;
}

/* s:write(octets) -> true, or nil, message, "io" */
static int l_write (lua_State *L) {
  Save *s = check(L);
  size_t n;
  const char *p = luaL_checklstring(L, 2, &n);
  while (n > 0) {
    ssize_t k = write(s->fd, p, n);
    if (k < 0 && errno == EINTR) continue;
    if (k < 0) return lpop3_sysfail(L, s->name, errno);
    p += k;
    n -= (size_t)k;
  }
  lua_pushboolean(L, 1);
  return 1;
}

/* Has all that was written arrived? 0, or an errno. */
static int finish (Save *s) {
  int fd = s->fd;
  s->fd = -1;
  return close(fd) == 0 ? 0 : errno;
}

/* s:rename(path) -> true: the file has that name, instead of what had it */
static int l_rename (lua_State *L) {
  Save *s = check(L);
  size_t n;
  const char *path = luaL_checklstring(L, 2, &n);
  int en = strlen(path) == n ? finish(s) : EINVAL;
  if (en == 0 && rename(s->name, path) != 0) en = errno;
  if (en != 0) return lpop3_sysfail(L, path, en);
  s->there = 0;
  lua_pushboolean(L, 1);
  return 1;
}

/*
** s:claim(path) -> true: the file has that name, which was free; false: it
** is taken, try another. Where the file system has no links, an empty file
** holds the name until the rename.
*/
static int l_claim (lua_State *L) {
  Save *s = (Save *)luaL_checkudata(L, 1, SAVE_T);
  size_t n;
  const char *path = luaL_checklstring(L, 2, &n);
  int en = 0, fd;
  luaL_argcheck(L, s->there, 1, "file is closed");
  if (strlen(path) != n) return lpop3_sysfail(L, path, EINVAL);
  if (s->fd >= 0) en = finish(s);
  if (en == 0 && link(s->name, path) == 0) {
    unlink(s->name);
    s->there = 0;
    lua_pushboolean(L, 1);
    return 1;
  }
  if (en == 0) en = errno;
  if (en == EPERM || en == ENOSYS || en == EOPNOTSUPP || en == EMLINK) {
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    en = fd < 0 ? errno : 0;
    if (fd >= 0) {
      close(fd);
      if (rename(s->name, path) != 0) {
        en = errno;
        unlink(path);
      }
      else s->there = 0;
    }
  }
  if (en == EEXIST) {
    lua_pushboolean(L, 0);
    return 1;
  }
  if (en != 0) return lpop3_sysfail(L, path, en);
  lua_pushboolean(L, 1);
  return 1;
}

/* message.isdir(path) -> boolean */
static int l_isdir (lua_State *L) {
  struct stat st;
  const char *path = luaL_checkstring(L, 1);
  lua_pushboolean(L, stat(path, &st) == 0 && S_ISDIR(st.st_mode));
  return 1;
}

static const luaL_Reg meta[] = {
  {"__gc", l_close}, {"__close", l_close}, {NULL, NULL}
};

static const luaL_Reg methods[] = {
  {"write", l_write}, {"rename", l_rename}, {"claim", l_claim},
  {"close", l_close}, {NULL, NULL}
};

static const luaL_Reg functions[] = {
  {"save", l_save}, {"isdir", l_isdir}, {NULL, NULL}
};

void lsave_open (lua_State *L) {
  lpop3_type(L, SAVE_T, meta, methods);
  lmessage_table(L, "message", functions);
}
