# lpop3: POP3 for Lua 5.4, from C.
#
#   make            build in place
#   make demo       install missing packages, build, show an example
#   make test       install missing packages, build, run the tests
#   make test-all   the same, without sampling: every case
#   make crash      kill a run of pop3.sync, or let it fail, at each system call
#   make systems    tests on musl, 32 bits, big-endian, without Linux's own calls,
#                   with a Lua that checks its interface, with newer event loops
#   make test-fleet the tests that need PostgreSQL, with a private server
#   make env        print LUA_PATH, LUA_CPATH and PATH for this tree
#   make bench      measure lpop3 beside other programs
#   make install    for the system; make man, make completion: parts of it
#   make standalone link .build/pop3, the command as one static executable
#   make dist       the sources as an archive; make rockspec, make deb: packages
#   make layers     check which file may use which; make graph prints it
#   make meta       write lua/pop3/meta.lua, the annotations for editors
#   make deps       make lint    make asan    make fuzz    make docs   make clean
#
# Overridable: CC CFLAGS LDFLAGS LIBFLAG LUA LUA_INCDIR OPENSSL_INCDIR
# OPENSSL_LIBDIR PREFIX BINDIR LUADIR LIBDIR MANDIR BASHDIR ZSHDIR FISHDIR
# DESTDIR; IDN=no and KRB5=no build without libidn (the whole of SASLprep) and
# without Kerberos (GSSAPI).

SYSTEM := $(shell uname -s)

LUA = lua5.4
LUA_INCDIR = /usr/include/lua5.4
CC = gcc
CFLAGS = -O2 -g
LIBFLAG = $(if $(filter Darwin,$(SYSTEM)),-bundle -undefined dynamic_lookup,-shared)
PREFIX = /usr/local
BINDIR = $(PREFIX)/bin
LUADIR = $(PREFIX)/share/lua/5.4
LIBDIR = $(PREFIX)/lib/lua/5.4
MANDIR = $(PREFIX)/share/man
BASHDIR = $(PREFIX)/share/bash-completion/completions
ZSHDIR = $(PREFIX)/share/zsh/site-functions
FISHDIR = $(PREFIX)/share/fish/vendor_completions.d

WARN = -std=c99 -Wall -Wextra -Wpedantic -Wshadow -Wpointer-arith -Wcast-qual \
       -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wundef
OPT = -ftree-vectorize -fvisibility=hidden -fPIC

# Libraries that are used if pkg-config knows them.
found = $(shell pkg-config --exists $(1) 2>/dev/null && echo yes)
flags = $(shell pkg-config $(1) $(2) 2>/dev/null)
IDN := $(call found,libidn)
KRB5 := $(call found,krb5-gssapi)
ifeq ($(IDN),yes)
IDN_INC := -DPOP3_IDN $(call flags,--cflags,libidn)
IDN_LIBS := $(call flags,--libs,libidn)
endif
ifeq ($(KRB5),yes)
KRB5_INC := -DPOP3_KRB5 $(call flags,--cflags,krb5-gssapi)
endif

# iconv is in the C library; on macOS and OpenBSD it is a separate library.
ICONV = $(if $(filter Darwin OpenBSD,$(SYSTEM)),-liconv)
INC = -I$(LUA_INCDIR) $(if $(OPENSSL_INCDIR),-I$(OPENSSL_INCDIR)) \
      $(IDN_INC) $(KRB5_INC)
TLS_LIBS = $(if $(OPENSSL_LIBDIR),-L$(OPENSSL_LIBDIR)) -lssl -lcrypto $(ICONV)
LIBS = $(TLS_LIBS) $(IDN_LIBS)

B = .build
CORE_DIRS = csrc/base csrc/session csrc/sasl csrc/mail
CORE = $(wildcard $(CORE_DIRS:%=%/*.c))
TLS = $(wildcard csrc/tls/*.c)
SRC = $(CORE) $(TLS) $(wildcard csrc/bind/*.c csrc/bind/*/*.c)
OBJ = $(SRC:%.c=$(B)/%.o)
SO = lua/pop3/core.so

CTESTS = $(patsubst spec/c/%.c,$(B)/c/%,$(wildcard spec/c/*_test.c))
TEST_OBJ = $(patsubst %.c,$(B)/%.o,$(wildcard spec/c/*.c))
TEST_HELP = $(filter-out %_test.o,$(TEST_OBJ))
INTEROP = $(wildcard spec/interop/*_spec.lua)
SPECS = $(wildcard spec/unit/*_spec.lua spec/regress/*_spec.lua \
                   spec/scenarios/*_spec.lua)
CRASH = $(wildcard spec/crash/*_spec.lua)
FLEET = $(wildcard spec/fleet/*_spec.lua)
BARE = $(B)/bare
SUBSET = $(B)/c/sasl_subset_test
# Other systems and libraries: make systems, or make musl and so on.
SYSTEMS = apicheck i386 loops musl posix s390x
TESTS = $(CTESTS) $(SUBSET) $(INTEROP) $(CRASH) $(FLEET) $(SPECS) \
        $(SYSTEMS:%=spec/systems/%)
# Only in make test-all: they take long and other specs test the same in short, or they
# read the tree (reference, annotations, layers, rockspec).
LATER = $(FLEET) $(SUBSET) $(SYSTEMS:%=spec/systems/%) \
        $(patsubst %,spec/interop/%_spec.lua,behaviour fetchers page reading smime) \
        $(patsubst %,spec/crash/%_spec.lua,freeze lmtp mbox order pipe property) \
        $(patsubst %,spec/unit/%_spec.lua,bare check_faults check_odd \
          client_tls_stray command_columns command_completion command_dialogue \
          command_help examples_packages layers message_growth meta packages \
          reference rockspec server_faults_exact server_faults_property \
          server_step)
FUZZERS = $(patsubst spec/fuzz/%.c,$(B)/%,$(wildcard spec/fuzz/*_fuzz.c))

ENV = LUA_PATH='$(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;;' \
      LUA_CPATH='$(dir $(abspath $(SO)))../?.so;;' \
      PATH='$(CURDIR)/lua/bin:'"$$PATH"

.PHONY: all features deps env demo test test-all test-fleet spec crash ctest interop \
        bench lint extra bare layers graph asan valgrind fuzz fuzzers docs pages \
        meta man completion install install-program standalone clean systems \
        $(SYSTEMS)

all: $(SO)

$(SO): $(OBJ)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) $(LIBFLAG) -o $@ $(OBJ) $(LIBS)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(OPT) $(WARN) $(INC) -MMD -MP -c -o $@ $<

-include $(OBJ:.o=.d) $(TEST_OBJ:.o=.d)

# Built again when another set of these libraries is found.
FEATURES = $(IDN_INC) $(KRB5_INC)
$(B)/features: features
	@mkdir -p $(@D)
	@echo '$(FEATURES)' | cmp -s - $@ || echo '$(FEATURES)' >$@
$(B)/csrc/sasl/prep.o $(B)/csrc/sasl/krb5.o $(B)/csrc/sasl/libgss.o \
  $(SO): $(B)/features

env:
	@echo "export LUA_PATH='$(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;;'"
	@echo "export LUA_CPATH='$(CURDIR)/lua/?.so;;'"
	@echo "export PATH='$(CURDIR)/lua/bin':\"\$$PATH\""

# ------------------------------------------------------ set-up, demo, tests

deps:
	spec/deps.sh run test standalone lint docs deb systems browser java

demo:
	@spec/deps.sh run
	@$(MAKE) -s all
	@rm -rf $(B)/demo $(B)/demo.state*
	@$(ENV) $(LUA) examples/demo.lua $(B)/demo

# spec/run runs test files side by side; LPOP3_ALL=1 runs all cases of those that are
# otherwise sampled by LPOP3_SEED.
RUN = $(ENV) LUA=$(LUA) spec/run
JOBS = $(shell nproc 2>/dev/null || echo 2)

test:
	@spec/deps.sh run test standalone $(if $(LPOP3_ALL),deb systems browser java)
	@$(MAKE) -s -j$(JOBS) all $(CTESTS) $(if $(LPOP3_ALL),$(SUBSET)) \
	  $(B)/reading_gmime $(B)/half.so $(B)/pop3
	$(RUN) $(if $(LPOP3_ALL),$(TESTS),$(filter-out $(LATER),$(TESTS)))

test-all:
	LPOP3_ALL=1 $(MAKE) -s test

spec: all
	$(RUN) $(SPECS)

interop: all $(B)/reading_gmime
	$(RUN) $(INTEROP)

$(B)/half.so: spec/crash/half.c
	@mkdir -p $(@D)
	$(CC) -O1 -std=c99 $(WARN) -shared -fPIC -o $@.$$$$ $< -ldl && mv $@.$$$$ $@

# A run of pop3.sync is killed, or a call of it fails, at each of its system calls.
crash: all $(B)/half.so
	@rm -f $(B)/crash.txt
	LPOP3_ALL=1 LPOP3_REPORT=$(CURDIR)/$(B)/crash.txt $(RUN) $(CRASH); \
	  status=$$?; cat $(B)/crash.txt; exit $$status

# The specs that need PostgreSQL: a private server, on a Unix socket.
test-fleet: all
	@spec/deps.sh run test
	$(RUN) $(FLEET)

systems: all
	@spec/deps.sh run test systems
	$(RUN) $(SYSTEMS:%=spec/systems/%)

$(SYSTEMS): all
	@spec/deps.sh run test systems
	$(RUN) spec/systems/$@

ctest: $(CTESTS)
	$(RUN) $(CTESTS)

$(B)/reading_gmime: spec/interop/reading_gmime.c
	@mkdir -p $(@D)
	$(CC) -O1 -std=c99 $$(pkg-config --cflags gmime-3.0) -o $@ $< \
	  $$(pkg-config --libs gmime-3.0)

# The C tests link the objects of core.so: the core alone, and OpenSSL only
# where the subject needs it.
$(B)/libcore.a: $(CORE:%.c=$(B)/%.o)
$(B)/libtls.a: $(TLS:%.c=$(B)/%.o)
$(B)/lib%.a:
	@rm -f $@
	$(AR) rcs $@ $^

$(TEST_OBJ): INC += $(CORE_DIRS:%=-iquote %) -iquote csrc/tls -iquote spec/c
WITH_TLS = $(patsubst %,$(B)/c/%_test,gssapi sasl tls)
$(WITH_TLS): CLIBS = $(TLS_LIBS) $(IDN_LIBS)
$(WITH_TLS): $(B)/libtls.a
$(B)/c/%_test: $(B)/spec/c/%_test.o $(TEST_HELP) $(B)/libcore.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) \
	  $(filter %/libtls.a,$^) $(B)/libcore.a $(CLIBS)

# The test of the binding has all of core.so, and Lua.
$(B)/c/binding_test: $(B)/spec/c/binding_test.o $(TEST_HELP) $(OBJ)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LUA_LIB) $(LIBS)

# The test of SASL with the part of SASLprep that needs no libidn.
$(SUBSET): $(B)/spec/c/sasl_test.o $(TEST_HELP) $(BARE)/prep.o \
           $(B)/libtls.a $(B)/libcore.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(B)/libcore.a $(TLS_LIBS)

$(BARE)/%.o: csrc/sasl/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(OPT) $(WARN) -MMD -MP -c -o $@ $<

# A core without libidn and Kerberos; prints its folder.
bare: $(OBJ) $(BARE)/prep.o $(BARE)/krb5.o
	@mkdir -p $(BARE)/pop3
	@$(CC) $(CFLAGS) $(LDFLAGS) $(LIBFLAG) -o $(BARE)/pop3/core.so \
	  $(filter-out %/sasl/prep.o %/sasl/krb5.o %/sasl/libgss.o,$(OBJ)) \
	  $(BARE)/prep.o $(BARE)/krb5.o $(TLS_LIBS)
	@echo $(abspath $(BARE))

-include $(BARE)/prep.d $(BARE)/krb5.d

# A core with one more SASL mechanism than the table has; prints its folder.
EXTRA = $(B)/extra
extra: $(OBJ)
	@mkdir -p $(EXTRA)/pop3
	@$(CC) $(CFLAGS) $(OPT) $(WARN) '-DPOP3_SASL_MORE(X)=X (mirror)' \
	  -c -o $(EXTRA)/table.o csrc/sasl/table.c
	@$(CC) $(CFLAGS) $(OPT) $(WARN) -iquotecsrc/sasl \
	  -c -o $(EXTRA)/mirror.o spec/support/mirror.c
	@$(CC) $(CFLAGS) $(LDFLAGS) $(LIBFLAG) -o $(EXTRA)/pop3/core.so \
	  $(filter-out %/sasl/table.o,$(OBJ)) $(EXTRA)/*.o $(LIBS)
	@echo $(abspath $(EXTRA))

bench:
	@spec/deps.sh run test
	@$(MAKE) -s all
	$(ENV) LUA=$(LUA) spec/bench/run

# ------------------------------------------------------------------- checks

lint: layers
	luacheck --quiet lua lua/bin/pop3 csrc spec examples
	cppcheck --quiet -j $(JOBS) --std=c99 --error-exitcode=1 --inline-suppr \
	  --enable=warning,performance,portability \
	  --suppress=missingIncludeSystem --suppress=nullPointerRedundantCheck \
	  $(SRC) csrc/standalone
	$(MAKE) -s -j$(JOBS) B=$(B)/lint-gcc SO=$(B)/lint-gcc/core.so \
	  CFLAGS='-O2 -Werror -Wconversion -Wno-sign-conversion' all $(B)/lint-gcc/pop3
	$(MAKE) -s -j$(JOBS) B=$(B)/lint-clang SO=$(B)/lint-clang/core.so CC=clang \
	  CFLAGS='-O2 -Werror' all $(B)/lint-clang/pop3
	printf '%s\n' $(SRC) csrc/standalone/*.c | xargs -n 8 -P $(JOBS) sh -c \
	  'clang-tidy --quiet "$$@" -- -std=c99 $(INC) 2>/dev/null' sh

# Which file uses which: all arrows point to a lower layer, no circle. "graph"
# prints them.
layers graph: $(OBJ)
	@$(LUA) spec/layers.lua --objects $(B) $(if $(filter graph,$@),--graph)

ASAN = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
       -fno-omit-frame-pointer
ASAN_B = $(B)/asan
ASAN_RT = $(shell clang -print-file-name=libclang_rt.asan-$(shell uname -m).so)

# The C tests, and the specs that need no peers, under the sanitizers.
asan:
	$(MAKE) -s -j$(JOBS) B=$(ASAN_B) CC=clang CFLAGS='$(ASAN)' ctest
	$(MAKE) -s -j$(JOBS) B=$(ASAN_B) SO=$(ASAN_B)/pop3/core.so CC=clang \
	  CFLAGS='$(ASAN) -shared-libsan' all
	ASAN_OPTIONS=detect_leaks=0 LD_PRELOAD=$(ASAN_RT) LPOP3_SANITIZED=1 \
	  $(MAKE) -s B=$(ASAN_B) SO=$(ASAN_B)/pop3/core.so CC=clang \
	  CFLAGS='$(ASAN) -shared-libsan' spec

valgrind: all
	$(ENV) valgrind -q --error-exitcode=1 --leak-check=full \
	  --child-silent-after-fork=yes \
	  --errors-for-leak-kinds=definite $(LUA) spec/c/session.lua

FUZZ_SECONDS = 5
FUZZ_CFLAGS = -g -O1 -fsanitize=fuzzer-no-link,address,undefined \
              -fno-sanitize-recover=undefined -DPOP3_ICONV_GUARD=1
FUZZ_OBJ = $(patsubst %.c,$(B)/%.o,$(wildcard spec/fuzz/*.c))
LUA_LIB = -llua5.4

$(FUZZ_OBJ): INC += $(CORE_DIRS:%=-iquote %) -iquote spec/fuzz
$(B)/%_fuzz: $(B)/spec/fuzz/%_fuzz.o $(B)/libcore.a
	$(CC) $(CFLAGS) -fsanitize=fuzzer -o $@ $< $(B)/libcore.a $(IDN_LIBS)
$(patsubst %,$(B)/%_fuzz,batch dkim mbox message rtf smime tnef): $(B)/%_fuzz: $(B)/spec/fuzz/%_fuzz.o $(OBJ)
	$(CC) $(CFLAGS) -fsanitize=fuzzer -o $@ $< $(OBJ) $(LUA_LIB) $(LIBS)

fuzzers: $(FUZZERS)

# A short run of every target from its corpus; findings stay in .build/fuzz.
fuzz:
	$(MAKE) -s -j$(JOBS) B=$(B)/fuzz CC=clang CFLAGS='$(FUZZ_CFLAGS)' fuzzers
	@for f in $(notdir $(FUZZERS)); do n=$${f%_fuzz}; \
	  mkdir -p spec/fuzz/corpus/$$n $(B)/fuzz/new-$$n; \
	  echo "fuzz $$n"; \
	  $(B)/fuzz/$$f -max_total_time=$(FUZZ_SECONDS) -timeout=60 \
	    -rss_limit_mb=2048 -artifact_prefix=$(B)/fuzz/ -verbosity=0 \
	    -print_final_stats=0 -dict=spec/fuzz/pop3.dict \
	    $(B)/fuzz/new-$$n spec/fuzz/corpus/$$n || exit 1; done

docs: pages
	@spec/deps.sh docs
	@rm -rf $(B)/doc
	ldoc -q -c .config.ld -d $(CURDIR)/$(B)/doc .

# The pages in Markdown, by the names that they have in the reference: the rows
# { "PATH.md", "NAME" } of .config.ld.
pages:
	@mkdir -p $(B)/pages
	@grep -o '{ "[^"]*\.md", "[^"]*" }' .config.ld | tr -d '{",}' | \
	  while read -r path name; do cp "$$path" "$(B)/pages/$$name.md"; done

# The annotations for editors, from the comments of the reference.
META = lua/pop3/meta.lua
meta: pages
	@spec/deps.sh docs
	META=$(META).new LUA_PATH='./?.lua;;' ldoc -q -c .config.ld \
	  --filter spec.annotations.write . && mv $(META).new $(META)

# --------------------------------------------------------------- standalone

# The command as one static executable. Debian has OpenSSL for glibc only, so it
# is glibc that is linked. Debian has no static library of Kerberos, so the
# executable has no GSSAPI.
standalone:
	@spec/deps.sh run standalone
	@$(MAKE) -s -j$(JOBS) $(B)/pop3
	@ls -l $(B)/pop3

ST = $(B)/standalone
PAGE = $(filter-out %.lua,$(wildcard lua/pop3/server/control/page/*))
ST_OBJ = $(patsubst %,$(B)/csrc/standalone/%.o,main iconv libpq)
$(B)/pop3: $(filter-out %/pq/libpq.o %/sasl/krb5.o %/sasl/libgss.o,$(OBJ)) \
           $(ST)/krb5.o \
           $(ST_OBJ) $(ST)/modules.o $(ST)/charsets.o
	$(CC) $(CFLAGS) $(LDFLAGS) -static -s -Wl,--no-warnings -o $@ $^ \
	  -llua5.4 -llua5.4-socket -llua5.4-socket-unix $(TLS_LIBS) $(IDN_LIBS) -lm

$(ST)/krb5.o: csrc/sasl/krb5.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(OPT) $(WARN) -c -o $@ $<

-include $(ST_OBJ:.o=.d) $(B)/csrc/standalone/make_tables.d

$(ST)/modules: csrc/standalone/embed.lua $(shell find lua -name '*.lua') $(PAGE)
	@mkdir -p $(@D)
	$(LUA) $< $@

$(ST)/charsets: $(B)/csrc/standalone/make_tables.o
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $(ST)/tables $<
	$(ST)/tables >$@.new && mv $@.new $@

# Octets as an object, with the symbols _binary_NAME_start and _end.
$(ST)/%.o: $(ST)/%
	cd $(@D) && $(LD) -r -b binary -z noexecstack -o $*.o $*

# ------------------------------------------------------------------ install

COMMAND = $(shell find lua/pop3/command lua/bin -type f)

# From the definitions of the command line. They need argparse, as the command.
man: $(B)/pop3.1
$(B)/pop3.1: $(SO) $(COMMAND) .changes.md
	$(ENV) $(LUA) -e "io.write(require 'pop3.command'.manual \
	  '$$($(LUA) spec/packaging/changes.lua date)')" >$@.new
	mv $@.new $@

completion: $(patsubst %,$(B)/completions/%,bash zsh fish)
$(B)/completions/%: $(SO) $(COMMAND)
	@mkdir -p $(@D)
	$(ENV) $(LUA) lua/bin/pop3 completion $* >$@.new
	mv $@.new $@

# The manual page and the completions need argparse; the command is installed
# without them, too.
install: install-program
	@$(MAKE) -s man completion || echo "no manual page, no completions" >&2
	@set -e; for to in pop3.1=$(MANDIR)/man1/pop3.1 \
	  completions/bash=$(BASHDIR)/pop3 completions/zsh=$(ZSHDIR)/_pop3 \
	  completions/fish=$(FISHDIR)/pop3.fish; do \
	  [ ! -e $(B)/$${to%%=*} ] || \
	    install -D -m 644 $(B)/$${to%%=*} $(DESTDIR)$${to#*=}; done

# The contents of a rock: the modules and the command.
install-program: all
	mkdir -p $(DESTDIR)$(LIBDIR)/pop3 $(DESTDIR)$(BINDIR)
	install -m 755 lua/bin/pop3 $(DESTDIR)$(BINDIR)/pop3
	install -m 755 $(SO) $(DESTDIR)$(LIBDIR)/pop3/core.so
	cd lua && find pop3 -type f '(' -name '*.lua' -o -path '*/page/*' ')' -exec \
	  install -D -m 644 '{}' '$(abspath $(DESTDIR)$(LUADIR))/{}' ';'

include spec/packaging/packaging.mk

clean:
	rm -rf $(B) $(SO)
