rockspec_format = "3.0"
package = "lpop3"
version = "scm-1"
source = {
  url = "git+https://example.org/lpop3.git",
}
description = {
  summary = "POP3 client, programmable POP3 test server, and mail reader",
  detailed = [[
    A POP3 client that fetches real mail (streaming, pipelined, exact octets),
    a POP3 server for tests whose command handlers are overridden in Lua, and
    a reader of mail messages. The sessions and the parsing are in C.
  ]],
  license = "MIT",
}
dependencies = {
  "lua >= 5.4, < 5.5",
  "luasocket >= 3.0",
  "argparse >= 0.7",
  "dkjson >= 2.5",
}
external_dependencies = {
  OPENSSL = { header = "openssl/ssl.h", library = "ssl" },
}
-- The Makefile compiles (GNU make), so that the flags are the same everywhere. B
-- and SO keep what LuaRocks builds apart from what make builds.
build = {
  type = "make",
  build_target = "all",
  build_variables = {
    B = ".build/rock",
    SO = ".build/rock/core.so",
    CC = "$(CC)",
    CFLAGS = "$(CFLAGS)",
    LIBFLAG = "$(LIBFLAG)",
    LDFLAGS = "-Wl,-rpath,$(OPENSSL_LIBDIR)",
    LUA = "$(LUA)",
    LUA_INCDIR = "$(LUA_INCDIR)",
    OPENSSL_INCDIR = "$(OPENSSL_INCDIR)",
    OPENSSL_LIBDIR = "$(OPENSSL_LIBDIR)",
  },
  install_target = "install-program",
  install_variables = {
    B = ".build/rock",
    SO = ".build/rock/core.so",
    CFLAGS = "$(CFLAGS)",
    LIBFLAG = "$(LIBFLAG)",
    LDFLAGS = "-Wl,-rpath,$(OPENSSL_LIBDIR)",
    LUA = "$(LUA)",
    LUA_INCDIR = "$(LUA_INCDIR)",
    OPENSSL_INCDIR = "$(OPENSSL_INCDIR)",
    OPENSSL_LIBDIR = "$(OPENSSL_LIBDIR)",
    BINDIR = "$(BINDIR)",
    LUADIR = "$(LUADIR)",
    LIBDIR = "$(LIBDIR)",
  },
}
