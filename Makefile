# lpop3: POP3 for Lua 5.4, from C.
#
#   make            build in place          make demo   set up, build, fetch sample mail
#   make test       set up, build, specs    make bench  measure, beside the peers
#   make env        print LUA_PATH, LUA_CPATH for the built tree
#
# What packagers may set: CC CFLAGS LDFLAGS LIBFLAG LUA_INCDIR OPENSSL_INCDIR
# OPENSSL_LIBDIR PREFIX LUADIR LIBDIR DESTDIR.

LUA = lua5.4
LUA_INCDIR = /usr/include/lua5.4
CC = gcc
CFLAGS = -O2 -g
LIBFLAG = -shared
PREFIX = /usr/local
LUADIR = $(PREFIX)/share/lua/5.4
LIBDIR = $(PREFIX)/lib/lua/5.4

WARN = -std=c99 -Wall -Wextra -Wpedantic -Wshadow -Wpointer-arith -Wcast-qual \
       -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wundef
OPT = -ftree-vectorize -fvisibility=hidden -fPIC
INC = -I$(LUA_INCDIR) $(if $(OPENSSL_INCDIR),-I$(OPENSSL_INCDIR))
LIBS = $(if $(OPENSSL_LIBDIR),-L$(OPENSSL_LIBDIR)) -lcrypto

B = .build
CORE = $(wildcard csrc/core/*.c)
SRC = $(CORE) $(wildcard csrc/tls/*.c csrc/bind/*.c)
OBJ = $(SRC:%.c=$(B)/%.o)
SO = lua/pop3/core.so

ENV = LUA_PATH='$(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;;' \
      LUA_CPATH='$(CURDIR)/lua/?.so;;'
BUSTED = $(ENV) busted --lua=$(LUA)

.PHONY: all
all: $(SO)

$(SO): $(OBJ)
	$(CC) $(CFLAGS) $(LDFLAGS) $(LIBFLAG) -o $@ $(OBJ) $(LIBS)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(OPT) $(WARN) $(INC) -MMD -MP -c -o $@ $<

-include $(OBJ:.o=.d)

.PHONY: env
env:
	@echo "export LUA_PATH='$(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;;'"
	@echo "export LUA_CPATH='$(CURDIR)/lua/?.so;;'"

.PHONY: clean
clean:
	rm -rf $(B) $(SO)
