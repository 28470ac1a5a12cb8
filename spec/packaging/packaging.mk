# The packages of a release: make dist, rockspec and deb. The version is that of
# csrc/base/version.h, the date is that of .changes.md. Included by the Makefile.

VERSION := $(shell sed -n 's/^#define POP3_VERSION "\(.*\)"/\1/p' \
             csrc/base/version.h)
PACKAGING = spec/packaging
DIST = $(B)/lpop3-$(VERSION).tar.gz

.PHONY: dist rockspec deb

# The sources. The same sources give the same octets.
dist:
	@mkdir -p $(B)
	LUA=$(LUA) $(PACKAGING)/dist.sh lpop3-$(VERSION) >$(DIST).new
	mv $(DIST).new $(DIST)

# The rockspec of the tree, at the top, and that of the release, from one
# template.
SCM = lpop3-scm-1.rockspec
ROCKSPEC = $(B)/lpop3-$(VERSION)-1.rockspec
rockspec: $(SCM) $(ROCKSPEC)
$(SCM): INTO = s|@VERSION@|scm|; s|@URL@|git+https://example.org/lpop3.git|
$(ROCKSPEC): INTO = s|@VERSION@|$(VERSION)|; \
                    s|@URL@|https://example.org/$(notdir $(DIST))|
$(SCM) $(ROCKSPEC): $(PACKAGING)/lpop3.rockspec.in csrc/base/version.h
	@mkdir -p $(B)
	sed '$(INTO)' $< >$@

# The packages for Debian: those to install and the source package, in
# .build/deb.
DEB = $(B)/deb
deb: dist
	@spec/deps.sh run deb
	rm -rf $(DEB)
	mkdir -p $(DEB)
	cp $(DIST) $(DEB)/lua-pop3_$(VERSION).orig.tar.gz
	tar -x -z -C $(DEB) -f $(DIST)
	cp -r $(PACKAGING)/debian $(DEB)/lpop3-$(VERSION)/
	$(LUA) $(PACKAGING)/changes.lua debian \
	  >$(DEB)/lpop3-$(VERSION)/debian/changelog
	cd $(DEB)/lpop3-$(VERSION) && env -u MAKEFLAGS -u MAKEOVERRIDES \
	  dpkg-buildpackage -us -uc -j$(JOBS)
	@ls $(DEB)/*.deb
