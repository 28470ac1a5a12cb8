#!/bin/bash
# Writes the archive of the sources to standard output; its folder is NAME:
#
#   spec/packaging/dist.sh NAME
#
# In a checkout these are the files that git knows, with their contents in the tree;
# elsewhere, all but what make makes. Order, owners, permissions and times do not
# depend on the machine: the time is the date of the release.
set -euo pipefail
cd "$(dirname "$0")/../.."

files() {
  if [ -e .git ]; then
    git ls-files -z
  else
    find . -mindepth 1 \( -path ./.build -o -path ./debian \) -prune -o \
      -type f ! -path ./lua/pop3/core.so ! -name '*.o' -printf '%P\0'
  fi | LC_ALL=C sort -z
}

time="$("${LUA:-lua5.4}" spec/packaging/changes.lua date) 00:00:00Z"
files |
  tar --create --null --no-recursion --files-from=- --format=gnu \
    --owner=root:0 --group=root:0 --mtime="$time" \
    --mode='u=rwX,go=rX' --transform="s,^,$1/," |
  gzip -9 -n
