#!/bin/bash
# Installs missing Debian packages, by their purpose:
#
#   spec/deps.sh [run] [test] [lint] [docs] [standalone] [deb] [systems] \
#                [browser] [java]
#
# run: to build and use the library; test: the specs and the peers that
# spec/interop and spec/bench run against; lint: more packages for .ci/run;
# standalone: static libraries for make standalone; deb: make deb, and its check;
# systems: compilers and libraries for spec/systems; browser: for the
# specs of the page of pop3 serve; java: for the extension of JUnit. make test-all
# uses the last four.
#
# Needs root or sudo. Does nothing, and does not call apt, when all is installed.
# No service is started: the specs start private servers on loopback. Debian's
# pop3-server packages exclude one another, so popa3d and courier-pop are only
# unpacked, below .build/peers, and their own set-up scripts never run.
set -euo pipefail
cd "$(dirname "$0")/.."

run=(gcc libc6-dev make lua5.4 liblua5.4-dev lua-socket lua-argparse lua-dkjson
     libssl-dev pkg-config libidn-dev libkrb5-dev)
test=(lua-busted lua-ldoc lua-discount luarocks lua-copas lua-cqueues lua-luv
      bash-completion zsh fish mandoc groff-base
      curl python3 python3-pytest nodejs perl libio-socket-ssl-perl
      mpop fetchmail getmail6 fdm dovecot-core dovecot-pop3d dovecot-lmtpd
      dovecot-gssapi krb5-kdc krb5-admin-server krb5-user
      socat openssl util-linux iproute2 procps
      valgrind strace microsocks tinyproxy-bin tnef courier-authlib courier-base
      libcourier-unicode4 libgdbm6 libpcre3
      libgmime-3.0-dev libetpan-dev
      postgresql-15 lua-dbi-postgresql lua-dbi-sqlite3)
lint=(lua-check cppcheck clang clang-tidy libclang-rt-14-dev)
deb=(debhelper lintian)
systems=(musl-tools qemu-user-static gcc-i686-linux-gnu libc6-dev-i386-cross
         gcc-s390x-linux-gnu libc6-dev-s390x-cross)
# unpacked for each processor of 'processors', and sources
foreign=(libc6 libgcc-s1 libssl3 libssl-dev lua5.4 liblua5.4-0 liblua5.4-dev
         libreadline8 libtinfo6 lua-socket lua-filesystem lua-system lua-term)
processors=(i386 s390x)
sources=(lua5.4 lua-socket lua-filesystem)
browser=(chromium fonts-dejavu-core)
java=(default-jdk-headless junit5)
docs=(lua-ldoc lua-discount)
standalone=(lua-socket-dev)

cache=.build/peers
packages=() unpacked=() other_systems=
for group in "$@"; do
  case $group in
    run) packages+=("${run[@]}") ;;
    test) packages+=("${test[@]}"); unpacked=(popa3d courier-pop procmail maildrop) ;;
    lint) packages+=("${lint[@]}") ;;
    standalone) packages+=("${standalone[@]}") ;;
    deb) packages+=("${deb[@]}") ;;
    systems) packages+=("${systems[@]}"); other_systems=1 ;;
    browser) packages+=("${browser[@]}") ;;
    java) packages+=("${java[@]}") ;;
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
if [ -n "$other_systems" ]; then
  other_systems=
  for p in "${processors[@]}" sources rocks; do
    [ -d "$cache/$p" ] || other_systems+="$p "
  done
fi
[ ${#missing[@]} -eq 0 ] && [ ${#absent[@]} -eq 0 ] &&
  [ -z "$other_systems" ] && exit 0

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

# policy-rc.d keeps package scripts from starting the servers that they install
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

# Other systems. Packages of another processor and sources are only unpacked, by
# an apt with lists of its own, so that this system's configuration stays as it
# is. Where one cannot be had, the tests say SKIPPED.
[ -n "$other_systems" ] || exit 0
apt=$PWD/$cache/apt
mkdir -p "$apt/lists/partial"
read -r archive release < <(apt-get indextargets \
  --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' 'Origin: Debian' \
  'Component: main')
keys='signed-by=/usr/share/keyrings/debian-archive-keyring.gpg'
{
  echo "deb-src [$keys] $archive $release main"
  echo "deb [arch=$(IFS=,; echo "${processors[*]}") $keys] $archive $release main"
} >"$apt/sources.list"
options=(-q -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=-
         -o "Dir::State::lists=$apt/lists" -o Acquire::Languages=none
         -o APT::Sandbox::User=root
         -o "APT::Architectures::=$(dpkg --print-architecture)")
for p in "${processors[@]}"; do options+=(-o "APT::Architectures::=$p"); done

fetch_foreign() {
  local new=$PWD/$cache/$1.new list=("${foreign[@]/%/:$1}") deb
  rm -rf "$new"
  mkdir -p "$new/debs"
  (cd "$new/debs" && apt-get "${options[@]}" download "${list[@]}") || return
  for deb in "$new"/debs/*.deb; do dpkg-deb -x "$deb" "$new" || return; done
  rm -rf "$new/debs"
  mv "$new" "$cache/$1"
}

fetch_sources() {
  local new=$PWD/$cache/sources.new tar
  rm -rf "$new"
  mkdir -p "$new"
  (cd "$new" &&
    apt-get "${options[@]}" source --download-only --tar-only "${sources[@]}" &&
    for tar in *.orig.tar.*; do tar -xf "$tar" || exit; done &&
    rm -f ./*.tar.* &&
    for p in *-[0-9]*; do mv "$p" "${p%-[0-9]*}" || exit; done &&
    mv lua lua5.4) || return
  mv "$new" "$cache/sources"
}

# Newer event loops than Debian's, if the registry can be reached.
fetch_rocks() {
  local new=$PWD/$cache/rocks.new rock
  rm -rf "$new"
  mkdir -p "$new"
  for rock in copas cqueues luv; do
    timeout 300 luarocks --lua-version=5.4 --tree="$new" install "$rock" ||
      echo "$0: no rock $rock"
  done
  mv "$new" "$cache/rocks"
}

if apt-get "${options[@]}" update; then
  for p in $other_systems; do
    case $p in
      rocks) ;;
      sources) fetch_sources || echo "$0: no sources of Lua" ;;
      *) fetch_foreign "$p" || echo "$0: no packages for $p" ;;
    esac
  done
fi
case $other_systems in *rocks*) fetch_rocks ;; esac
rm -rf "$apt" "$cache"/*.new
