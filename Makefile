# lpop3: POP3 for Lua 5.4, from C.
#
#   make          build in place            make demo     set up, build, show it
#   make test     set up, build, all specs  make bench    measure, beside peers
#   make env      LUA_PATH, LUA_CPATH, PATH make install  for the system
#   make lint     make asan     make fuzz     make docs     make deps     make clean
#
# Overridable: CC CFLAGS LDFLAGS LIBFLAG LUA LUA_INCDIR OPENSSL_INCDIR
# OPENSSL_LIBDIR PREFIX BINDIR LUADIR LIBDIR DESTDIR.

LUA = lua5.4
LUA_INCDIR = /usr/include/lua5.4
CC = gcc
CFLAGS = -O2 -g
LIBFLAG = -shared
PREFIX = /usr/local
BINDIR = $(PREFIX)/bin
LUADIR = $(PREFIX)/share/lua/5.4
LIBDIR = $(PREFIX)/lib/lua/5.4

WARN = -std=c99 -Wall -Wextra -Wpedantic -Wshadow -Wpointer-arith -Wcast-qual \
       -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wundef
OPT = -ftree-vectorize -fvisibility=hidden -fPIC
INC = -I$(LUA_INCDIR) $(if $(OPENSSL_INCDIR),-I$(OPENSSL_INCDIR))
LIBS = $(if $(OPENSSL_LIBDIR),-L$(OPENSSL_LIBDIR)) -lssl -lcrypto

B = .build
CORE = $(wildcard csrc/base/*.c csrc/session/*.c csrc/sasl/*.c csrc/mail/*.c)
SRC = $(CORE) $(wildcard csrc/tls/*.c csrc/bind/*.c csrc/bind/*/*.c)
OBJ = $(SRC:%.c=$(B)/%.o)
SO = lua/pop3/core.so
CTESTS = $(patsubst spec/c/%.c,$(B)/c/%,$(wildcard spec/c/*_test.c))
FUZZERS = $(patsubst spec/fuzz/%.c,$(B)/fuzz/%,$(wildcard spec/fuzz/*_fuzz.c))

ENV = LUA_PATH='$(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;;' \
      LUA_CPATH='$(dir $(abspath $(SO)))../?.so;;' \
      PATH='$(CURDIR)/lua/bin:'"$$PATH"
BUSTED = $(ENV) busted --lua=$(LUA) --pattern=_spec -o plainTerminal

.PHONY: all deps env demo test spec spec-1 spec-2 spec-3 spec-4 ctest interop \
        interop-1 interop-2 bench lint layers asan valgrind fuzz docs install \
        clean

all: $(SO)

$(SO): $(OBJ)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) $(LIBFLAG) -o $@ $(OBJ) $(LIBS)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(OPT) $(WARN) $(INC) -MMD -MP -c -o $@ $<

-include $(OBJ:.o=.d)

env:
	@echo "export LUA_PATH='$(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;;'"
	@echo "export LUA_CPATH='$(CURDIR)/lua/?.so;;'"
	@echo "export PATH='$(CURDIR)/lua/bin':\"\$$PATH\""

# ------------------------------------------------------ set-up, demo, tests

deps:
	spec/deps.sh run test lint

demo:
	@spec/deps.sh run
	@$(MAKE) -s all
	@rm -rf $(B)/demo
	@$(ENV) $(LUA) examples/demo.lua $(B)/demo

test:
	@spec/deps.sh run test
	@$(MAKE) -s all
	$(MAKE) -s ctest
	$(MAKE) -s spec
	$(MAKE) -s interop

# In parts, two at a time.
parts = spec-1 spec-2 spec-3 spec-4
spec-1 = $(wildcard spec/unit/c*_spec.lua)
spec-2 = $(wildcard spec/unit/s*_spec.lua)
spec-3 = $(filter-out $(spec-1) $(spec-2),$(wildcard spec/unit/*_spec.lua))
spec-4 = spec/regress spec/scenarios

# Clients that wait for so long and no longer want no other work beside them.
timed = spec/interop/behaviour_spec.lua
interop-1 = $(patsubst %,spec/interop/%_spec.lua,check auth clients record)
interop-2 = $(filter-out $(timed) $(interop-1),$(wildcard spec/interop/*_spec.lua))

spec: all
	$(MAKE) -s -j2 -O $(parts)

$(parts) interop-1 interop-2:
	@$(BUSTED) $($@)

interop: all $(B)/reading_gmime
	$(BUSTED) $(timed)
	$(MAKE) -s -j2 -O interop-1 interop-2

$(B)/reading_gmime: spec/interop/reading_gmime.c
	@mkdir -p $(@D)
	$(CC) -O1 -std=c99 $$(pkg-config --cflags gmime-3.0) -o $@ $< \
	  $$(pkg-config --libs gmime-3.0)

# The core alone, in C; and with OpenSSL what needs it.
CHELP = $(filter-out %_test.c,$(wildcard spec/c/*.c))
TLS_CTESTS = $(B)/c/sasl_test $(B)/c/tls_test
$(TLS_CTESTS): CTLS = $(wildcard csrc/tls/*.c)
$(TLS_CTESTS): CLIBS = $(LIBS)
$(B)/c/%: spec/c/%.c $(CHELP) $(CORE) $(wildcard csrc/*/*.h csrc/tls/*.c spec/c/*.h)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(addprefix -iquote,csrc/base csrc/session csrc/sasl csrc/mail csrc/tls spec/c) -o $@ $< $(CHELP) \
	  $(CORE) $(CTLS) $(CLIBS)

ctest: $(CTESTS)
	@for t in $(CTESTS); do echo "$$t"; $$t || exit 1; done

bench:
	@spec/deps.sh run test
	@$(MAKE) -s all
	$(ENV) LUA=$(LUA) spec/bench/run

# ------------------------------------------------------------------- checks

lint: layers
	luacheck --quiet lua lua/bin/pop3 spec examples
	cppcheck --quiet --std=c99 --error-exitcode=1 --inline-suppr \
	  --enable=warning,performance,portability \
	  --suppress=missingIncludeSystem --suppress=nullPointerRedundantCheck \
	  $(SRC)
	$(MAKE) -s B=$(B)/lint-gcc SO=$(B)/lint-gcc/core.so \
	  CFLAGS='-O2 -Werror -Wconversion -Wno-sign-conversion'
	$(MAKE) -s B=$(B)/lint-clang SO=$(B)/lint-clang/core.so CC=clang \
	  CFLAGS='-O2 -Werror'
	clang-tidy --quiet $(SRC) -- -std=c99 $(INC) 2>/dev/null

# core/ knows libc and nothing else, by its includes and by its symbols.
layers: $(OBJ)
	@! grep -nE '#include *[<"](lua|lauxlib|openssl|sys/socket|netinet|netdb)' \
	  csrc/base/*.[ch] csrc/session/*.[ch] csrc/sasl/*.[ch] csrc/mail/*.[ch]
	@! grep -nE '#include *[<"](lua|lauxlib|sys/socket|netinet|netdb)' \
	  csrc/tls/*.[ch]
	@! nm -u $(CORE:%.c=$(B)/%.o) | \
	  grep -E ' (lua_|luaL_|SSL_|EVP_|OPENSSL_|socket|connect|send|recv)'
	@echo "layers: core/ and tls/ include only what is below them"

ASAN = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
       -fno-omit-frame-pointer
ASAN_B = $(B)/asan
ASAN_RT = $(shell clang -print-file-name=libclang_rt.asan-$(shell uname -m).so)

# The core's tests, and all specs that need no peers, under the sanitizers.
asan:
	$(MAKE) -s B=$(ASAN_B) CC=clang CFLAGS='$(ASAN)' ctest
	$(MAKE) -s B=$(ASAN_B) SO=$(ASAN_B)/pop3/core.so CC=clang \
	  CFLAGS='$(ASAN) -shared-libsan' all
	ASAN_OPTIONS=detect_leaks=0 LD_PRELOAD=$(ASAN_RT) LPOP3_SANITIZED=1 \
	  $(MAKE) -s B=$(ASAN_B) SO=$(ASAN_B)/pop3/core.so CC=clang \
	  CFLAGS='$(ASAN) -shared-libsan' spec

valgrind: all
	$(ENV) valgrind -q --error-exitcode=1 --leak-check=full \
	  --child-silent-after-fork=yes \
	  --errors-for-leak-kinds=definite $(LUA) spec/c/session.lua

FUZZ_SECONDS = 5
LUA_LIB = -llua5.4
LUA_FUZZERS = $(B)/fuzz/message_fuzz $(B)/fuzz/tnef_fuzz
$(LUA_FUZZERS): $(B)/fuzz/%: spec/fuzz/%.c spec/fuzz/lua.h $(SRC)
	@mkdir -p $(@D)
	clang -g -O1 -fsanitize=fuzzer,address,undefined \
	  -fno-sanitize-recover=undefined -std=c99 $(INC) -o $@ $< $(SRC) \
	  $(LUA_LIB) $(LIBS)

$(B)/fuzz/%: spec/fuzz/%.c $(CORE) $(wildcard csrc/*/*.h)
	@mkdir -p $(@D)
	clang -g -O1 -fsanitize=fuzzer,address,undefined \
	  -fno-sanitize-recover=undefined -std=c99 $(addprefix -iquote,csrc/base csrc/session csrc/sasl csrc/mail csrc/tls spec/fuzz) \
	  -o $@ $< $(CORE)

# A short run of every target from its corpus; findings stay in .build/fuzz.
fuzz: $(FUZZERS)
	@for f in $(FUZZERS); do n=$$(basename $$f _fuzz); \
	  mkdir -p spec/fuzz/corpus/$$n $(B)/fuzz/new-$$n; \
	  echo "fuzz $$n"; \
	  $$f -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 \
	    -artifact_prefix=$(B)/fuzz/ -verbosity=0 -print_final_stats=0 \
	    -dict=spec/fuzz/pop3.dict \
	    $(B)/fuzz/new-$$n spec/fuzz/corpus/$$n || exit 1; done

docs:
	spec/deps.sh docs
	ldoc -q -c .config.ld -d $(CURDIR)/$(B)/doc .

# ------------------------------------------------------------------ install

install: all
	mkdir -p $(DESTDIR)$(LIBDIR)/pop3 $(DESTDIR)$(BINDIR)
	install -m 755 lua/bin/pop3 $(DESTDIR)$(BINDIR)/pop3
	install -m 755 $(SO) $(DESTDIR)$(LIBDIR)/pop3/core.so
	cd lua && find pop3 -name '*.lua' -exec \
	  install -D -m 644 '{}' '$(abspath $(DESTDIR)$(LUADIR))/{}' ';'

clean:
	rm -rf $(B) $(SO)
