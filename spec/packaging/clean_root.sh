#!/bin/bash
# Makes a root directory with nothing in it but some packages that this machine
# has, those that they depend on, and dpkg's records of them:
#
#   spec/packaging/clean_root.sh ROOT PACKAGE...
#
# dpkg --root=ROOT installs another package there only if all that it depends on
# is there. A shell and the coreutils are added: Debian always has them.
set -euo pipefail
root=$1
shift

installed() {
  dpkg-query -W -f '${Status}' "$1" 2>/dev/null |
    grep -q '^install ok installed$'
}

# The package that stands for one of "a (>= 1) | b"; it may be one that provides a.
choose() {
  local name
  for name in $(tr '|' '\n' <<<"$1" | sed 's/(.*//; s/:[a-z0-9]*//'); do
    if installed "$name"; then echo "$name"; return; fi
    dpkg-query -W -f '${Package} , ${Provides} ,\n' |
      awk -v n="$name" '{ p = $1; gsub(/\([^)]*\)/, "")
        if (index($0, " " n " ,") || index($0, " " n ",")) { print p; exit } }'
  done | head -1
}

declare -A all=()
add() {
  [ -z "${all[$1]:-}" ] || return 0
  all[$1]=1
  local clause chosen
  while read -r clause; do
    [ -n "$clause" ] || continue
    chosen=$(choose "$clause")
    [ -n "$chosen" ] || { echo "$1 needs $clause" >&2; exit 1; }
    add "$chosen"
  done < <(dpkg-query -W -f '${Pre-Depends}, ${Depends},' "$1" | tr ',' '\n')
}
for package in dash coreutils "$@"; do add "$package"; done

mkdir -p "$root"/{dev,etc,tmp,usr/{bin,sbin,lib,lib64}} \
  "$root"/var/lib/dpkg/{info,updates}
ln -s usr/bin usr/sbin usr/lib usr/lib64 "$root/"
echo '127.0.0.1 localhost' >"$root/etc/hosts"
for package in "${!all[@]}"; do
  dpkg-query -s "$package"
  echo
  for list in /var/lib/dpkg/info/"$package"{,:*}.list; do
    [ ! -e "$list" ] || cp "$list" "$root/var/lib/dpkg/info/"
  done
  dpkg -L "$package" | grep '^/' | while read -r path; do
    [ "$path" = /. ] || [ ! -e "$path" ] || [ -d "$path" ] || echo "${path#/}"
  done | tar -c -C / -f - --no-recursion -T - |
    tar -x -C "$root" -f - --keep-directory-symlink >&2
done >"$root/var/lib/dpkg/status"
