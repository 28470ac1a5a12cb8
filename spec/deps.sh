#!/bin/bash
# Installs Debian packages that are missing, by what they are for:
#
#   spec/deps.sh [run] [test] [lint] [docs] [standalone] [deb]
#
# run: to build and use the library; test: the specs and the peers that
# spec/interop and spec/bench run against; lint: what .ci/run needs besides;
# standalone: static libraries for make standalone; deb: make deb, and its check.
#
# Needs root or sudo. Does nothing, and asks apt for nothing, when all is there.
# No service is started: the specs start private servers on loopback. Debian's
# pop3-server packages exclude one another, so popa3d and courier-pop are only
# unpacked, below .build/peers, and their own set-up scripts never run.
set -euo pipefail
cd "$(dirname "$0")/.."

run=(gcc libc6-dev make lua5.4 liblua5.4-dev lua-socket lua-argparse lua-dkjson
     libssl-dev pkg-config libidn-dev libkrb5-dev)
test=(lua-busted lua-ldoc lua-discount luarocks lua-copas lua-cqueues lua-luv
      curl python3 python3-pytest nodejs perl libio-socket-ssl-perl
      mpop fetchmail getmail6 fdm dovecot-core dovecot-pop3d dovecot-lmtpd
      dovecot-gssapi krb5-kdc krb5-admin-server krb5-user
      socat openssl util-linux procps
      valgrind strace microsocks tinyproxy-bin tnef courier-authlib courier-base
      libcourier-unicode4 libgdbm6 libpcre3
      libgmime-3.0-dev libetpan-dev
      postgresql-15 lua-dbi-postgresql lua-dbi-sqlite3)
lint=(lua-check cppcheck clang clang-tidy libclang-rt-14-dev)
deb=(debhelper lintian)
docs=(lua-ldoc lua-discount)
standalone=(lua-socket-dev)

cache=.build/peers
packages=() unpacked=()
for group in "$@"; do
  case $group in
    run) packages+=("${run[@]}") ;;
    test) packages+=("${test[@]}"); unpacked=(popa3d courier-pop procmail maildrop) ;;
    lint) packages+=("${lint[@]}") ;;
    standalone) packages+=("${standalone[@]}") ;;
    deb) packages+=("${deb[@]}") ;;
    docs) packages+=("${docs[@]}") ;;
    *) echo "$0: no such group: $group" >&2; exit 2 ;;
  esac
done

missing=()
for p in "${packages[@]}"; do
  dpkg-query -W -f '${Status}' "$p" 2>/dev/null |
    grep -q '^install ok installed$' || missing+=("$p")
done
absent=()
for p in "${unpacked[@]}"; do
  [ -d "$cache/$p/usr" ] || absent+=("$p")
done
[ ${#missing[@]} -eq 0 ] && [ ${#absent[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
  elif [ ${#missing[@]} -gt 0 ]; then
    echo "$0: not root and no sudo. Please install:" >&2
    echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
fi
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -q -y -o DPkg::Lock::Timeout=300 "$@"
}

# policy-rc.d keeps package scripts from starting what they install
policy=/usr/sbin/policy-rc.d
if [ ${#missing[@]} -gt 0 ] && [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi

# PostgreSQL makes a cluster of the whole system when it is installed; the specs
# have their own
case " ${missing[*]} " in
  *" postgresql-15 "*)
    conf=/etc/postgresql-common/createcluster.conf
    if [ ! -e "$conf" ]; then
      "${as_root[@]}" mkdir -p "${conf%/*}"
      echo 'create_main_cluster = false' | "${as_root[@]}" tee "$conf" >/dev/null
    fi ;;
esac

if [ "$(id -u)" -eq 0 ] || [ ${#as_root[@]} -gt 0 ]; then apt update; fi
if [ ${#missing[@]} -gt 0 ]; then
  apt install --no-install-recommends -o Dpkg::Options::=--force-confold \
    "${missing[@]}"
fi
for p in "${absent[@]}"; do
  rm -rf "${cache:?}/$p"
  mkdir -p "$cache/$p.new"
  (cd "$cache" && apt-get -q download "$p")
  dpkg-deb -x "$cache/$p"_*.deb "$cache/$p.new"
  rm -f "$cache/$p"_*.deb
  mv "$cache/$p.new" "$cache/$p"
done
