#!/bin/sh
# A test in the shell: curl against a POP3 server that fails once.
#
#   sh examples/curl_mock.sh
#
# The server is `pop3 serve`; socat carries requests to its control socket, in
# JSON, one object a line.
set -eu

dir=$(mktemp -d)
mkfifo "$dir/ready"
pop3 serve --control "$dir/control" --transcript "$dir/transcript" >"$dir/ready" &
server=$!
trap 'kill "$server" 2>/dev/null && wait "$server" || true; rm -rf "$dir"' EXIT
read -r ready <"$dir/ready"
port=${ready#*port=}
port=${port%% *}

ask() {
  answer=$(printf '%s\n' "$1" | socat - "UNIX-CONNECT:$dir/control")
  case $answer in
    '{"ok":true'*) ;;
    *) echo "$answer" >&2; exit 1 ;;
  esac
}

fetch() {
  curl -s --max-time 60 --user mrose:secret "pop3://127.0.0.1:$port/1"
}

ask '{"do":"deliver","user":"mrose","mail":"Subject: hello\r\n\r\nhi\r\n"}'
fetch | grep -q '^Subject: hello'

# the first RETR fails: curl must report it, and succeed the next time
ask '{"do":"fault","fault":{"verb":"RETR","times":1,"reply":"-ERR [SYS/TEMP] no"}}'
if fetch >"$dir/none" || [ -s "$dir/none" ]; then
  echo "curl did not report that it got nothing" >&2
  exit 1
fi
fetch | grep -q '^hi'

session='"CAPA","USER mrose","PASS ***","RETR 1","QUIT"'
ask '{"do":"verify","commands":['"$session,$session,$session"']}'

kill "$server"
wait "$server"   # its status tells whether every verify held
echo "$(grep -c '^C: ' "$dir/transcript") commands, all as expected"
