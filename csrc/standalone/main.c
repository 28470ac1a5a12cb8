/*
** main.c - the command pop3 as one executable, see "make standalone".
**
** The modules in Lua, ours and those of the libraries, are octets of the
** executable, which csrc/standalone/embed.lua puts together: for each one its
** name, the name of its file and its size in a line, then its source. A zero
** octet is the end. They are in package.preload, so no file is needed beside
** the executable.
*/
#define _GNU_SOURCE  /* setenv, __nss_configure_lookup */

#include <netdb.h>
#include <nss.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

extern const char _binary_modules_start[];

int luaopen_pop3_core (lua_State *L);
int luaopen_socket_core (lua_State *L);
int luaopen_socket_unix (lua_State *L);

/* Upvalues: where the source begins, its size, the name of its file. */
static int load_module (lua_State *L) {
  const char *source = _binary_modules_start +
                       lua_tointeger(L, lua_upvalueindex(1));
  size_t size = (size_t)lua_tointeger(L, lua_upvalueindex(2));
  const char *file = lua_tostring(L, lua_upvalueindex(3));
  if (luaL_loadbufferx(L, source, size, file, "t") != LUA_OK)
    return lua_error(L);
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, 1);
  return 1;
}

static const luaL_Reg c_modules[] = {
  {"pop3.core", luaopen_pop3_core},
  {"socket.core", luaopen_socket_core},
  {"socket.unix", luaopen_socket_unix},
  {NULL, NULL}
};

/* Fill package.preload. There are no C modules to load from files. */
static void embed (lua_State *L) {
  const char *p = _binary_modules_start;
  lua_getglobal(L, "package");
  lua_pushliteral(L, "");
  lua_setfield(L, -2, "cpath");
  lua_getfield(L, -1, "preload");
  luaL_setfuncs(L, c_modules, 0);
  while (*p != '\0') {
    char name[64], file[128];
    unsigned long size;
    int head;
    if (sscanf(p, "%63s %127s %lu%n", name, file, &size, &head) != 3)
      luaL_error(L, "the executable is damaged");
    p += head + 1;
    lua_pushinteger(L, (lua_Integer)(p - _binary_modules_start));
    lua_pushinteger(L, (lua_Integer)size);
    lua_pushfstring(L, "@%s", file);
    lua_pushcclosure(L, load_module, 3);
    lua_setfield(L, -2, name);
    p += size;
  }
  lua_pop(L, 2);
}

/* Runs the command; returns its exit status. */
static int run (lua_State *L) {
  int argc = (int)lua_tointeger(L, 1), i;
  char **argv = (char **)lua_touserdata(L, 2);
  luaL_openlibs(L);
  embed(L);
  lua_createtable(L, argc, 1);
  for (i = 0; i < argc; i++) {
    lua_pushstring(L, argv[i]);
    lua_rawseti(L, -2, i);
  }
  lua_pushvalue(L, -1);
  lua_setglobal(L, "arg");
  lua_getglobal(L, "require");
  lua_pushliteral(L, "pop3.command");
  lua_call(L, 1, 1);
  lua_insert(L, -2);
  lua_call(L, 1, 1);
  return 1;
}

/*
** OpenSSL looks for the CAs of the system where Debian has them. Elsewhere,
** take the file of the system, unless the environment names one.
*/
static void find_authorities (void) {
  static const char *const files[] = {
    "/etc/ssl/certs/ca-certificates.crt",  /* Debian, Arch, Gentoo */
    "/etc/pki/tls/certs/ca-bundle.crt",    /* Fedora */
    "/etc/ssl/ca-bundle.pem",              /* SUSE */
    "/etc/ssl/cert.pem"                    /* Alpine */
  };
  size_t i;
  if (getenv("SSL_CERT_FILE") != NULL || getenv("SSL_CERT_DIR") != NULL) return;
  for (i = 0; i < sizeof files / sizeof files[0]; i++)
    if (access(files[i], R_OK) == 0) {
      setenv("SSL_CERT_FILE", files[i], 1);
      return;
    }
}

int main (int argc, char **argv) {
  lua_State *L = luaL_newstate();
  int status = 3;
  if (L == NULL) {
    fputs("pop3: not enough memory\n", stderr);
    return status;
  }
#if defined(__GLIBC__)
  /*
  ** Names are resolved by the parts of the C library that are linked. The
  ** modules that /etc/nsswitch.conf may name are of another C library.
  */
  __nss_configure_lookup("hosts", "files dns");
#endif
  find_authorities();
  lua_pushcfunction(L, run);
  lua_pushinteger(L, argc);
  lua_pushlightuserdata(L, argv);
  if (lua_pcall(L, 2, 1, 0) == LUA_OK) status = (int)lua_tointeger(L, -1);
  else fprintf(stderr, "pop3: %s\n", lua_tostring(L, -1));
  lua_close(L);
  return status;
}
