# common.sh - code that the programs of this folder share. Each builds pop3.core for
# one other system, or with one other library, and runs tests on it by spec/run.
# Where something is not installed, it says SKIPPED and passes. No program uses
# the network: spec/deps.sh systems has fetched what they need.
set -euo pipefail
cd "$(dirname "$0")/../.."
name=$(basename "$0")
B=.build/systems/$name
peers=$PWD/.build/peers
export LUA_PATH="$PWD/lua/?.lua;$PWD/lua/?/init.lua;/usr/share/lua/5.4/?.lua;/usr/share/lua/5.4/?/init.lua;./?.lua"
export LUA_CPATH="$PWD/$B/?.so"
mkdir -p "$B/bin" "$B/pop3"
export LPOP3_SYSTEM=$name
unset LPOP3_ALL MAKEFLAGS MAKELEVEL  # cases sampled: emulation takes long

# This test is skipped. $1 says why.
skip() {
  echo "Pending → $0"
  echo "SKIPPED: $name: $1 (spec/deps.sh systems)"
  echo "0 passed, 0 failed, 1 pending"
  exit 0
}

need() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null || skip "no $program"
  done
}

# make for this system, with variables and targets. The libraries that pkg-config
# knows are of this computer.
build() {
  nice make -s -j"${JOBS:-2}" B="$B" IDN=no KRB5=no CFLAGS="-O1 -g $flags" "$@"
}
flags=

# A command of the name bin/$1 that runs $2 to $n before its arguments.
command_file() {
  local file=$B/bin/$1 word
  shift
  {
    echo '#!/bin/sh'
    printf exec
    for word in "$@"; do printf " '%s'" "$word"; done
    echo ' "$@"'
  } >"$file.new"
  chmod +x "$file.new"
  mv "$file.new" "$file"
}

# The specs of spec/unit of these names.
units() {
  local unit
  for unit in "$@"; do printf '%s\n' "spec/unit/${unit}_spec.lua"; done
}

# Run test files with the Lua of this system, if there is one. The sum is the
# last line, and the only one that is not indented.
run_tests() {
  local out=$B/tests.out rc=0
  [ ! -x "$B/bin/lua5.4" ] || export LUA=$PWD/$B/bin/lua5.4
  PATH=$PWD/$B/bin:$PWD/lua/bin:$PATH JOBS=${JOBS:-2} \
    spec/run "$@" >"$out" 2>&1 || rc=$?
  sed 's/^/  /' "$out"
  tail -n 1 "$out"
  return $rc
}

# Specs of spec/unit. Messages, which hang on charsets, sizes of integers and the
# order of octets:
plain_units=(addr date decode head html message_invitation message_list
             message_quote message_received message_report message_rules
             message_stream message_tnef message_wild mime param word)
# of POP3, and of messages, with OpenSSL:
other_units=(charset client_commands client_framing client_limits
             client_retr_many client_save client_state diskfile file login message
             message_cases message_dkim message_mbox message_property name
             server_handlers server_rules server_timers store sync_fingerprint
             sync_mbox sync_state tls verify wire)
# what asks the system for more than octets of a file:
system_units=(client_connect client_timeout client_wait diskfile file loop loop_own
              name server_child server_control server_life server_step signal
              spawn store sync_lmtp sync_maildir sync_mbox sync_pipe sync_state
              transport_tcp)
# what no other Lua can change, or what needs minutes under it:
slow_units=('account_[a-z_]*' 'check[a-z_]*' client_memory 'command[a-z_]*'
            'examples[a-z_]*' facts 'fetch[a-z_]*' layers mechanism message_growth
            packages pages reference rockspec server_step standalone)
