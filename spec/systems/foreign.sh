# foreign.sh - pop3.core for another processor, by a cross compiler, and Debian's
# Lua, LuaSocket and OpenSSL for that processor, which spec/deps.sh has unpacked.
# Usage, after common.sh: foreign TRIPLET LOADER...; the loader starts a program of
# that processor.
foreign() {
  local triplet=$1 root=$peers/$name test
  shift
  need "$triplet-gcc"
  [ -x "$root/usr/bin/lua5.4" ] || skip "no Lua for $name"
  local lib=$root/usr/lib/$name-linux-gnu
  export LUA_CPATH="$LUA_CPATH;$lib/lua/5.4/?.so" GCONV_PATH=$lib/gconv
  flags="-I$root/usr/include/$name-linux-gnu"
  build CC="$triplet-gcc" SO="$B/pop3/core.so" LUA_INCDIR="$root/usr/include/lua5.4" \
    OPENSSL_INCDIR="$root/usr/include" OPENSSL_LIBDIR="$lib" \
    LDFLAGS="-Wl,-rpath-link,$root/lib/$name-linux-gnu" \
    all "${ctests[@]/#/$B/c/}"
  command_file lua5.4 "$@" "$root/usr/bin/lua5.4"
  for test in "${ctests[@]}"; do
    command_file "$test" "$@" "$B/c/$test"
  done
  # for what the tests start that is of this processor
  unset GCONV_PATH
  sed -i "2i GCONV_PATH='$lib/gconv'; export GCONV_PATH" "$B"/bin/*
}
