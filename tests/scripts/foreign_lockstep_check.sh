#!/bin/bash
# Time across a socket: a client with a websocket library that is not ours, python3-websockets, is played a data set in
# lockstep, at full speed, twice. What it has logged, with the server's time of each message, is equal byte for byte.
# Usage: foreign_lockstep_check.sh PROGRAM
set -euo pipefail
cd "$(dirname "$0")/../.."
ktape=$1
python=/usr/bin/python3

if ! "$python" -c 'import websockets.legacy.client' 2>/dev/null; then
  echo "skipped: python3-websockets is not installed"
  exit 77
fi

folder=$(mktemp -d)
server=
cleanup() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  rm -rf "$folder"
}
trap cleanup EXIT

run() {
  rm -f "$folder/port"
  mkfifo "$folder/said.$1"
  "$ktape" serve datasets/decimals.ktape --clock lockstep --once --port-file "$folder/port" >"$folder/said.$1" 2>&1 </dev/null &
  server=$!
  # It says so when the port is open; the rest of what it says is kept for the case that something goes wrong.
  exec 3<"$folder/said.$1"
  grep -m 1 'serving ' <&3 >/dev/null
  "$python" tests/scripts/lockstep_client.py "ws://127.0.0.1:$(head -n 1 "$folder/port")/v2" "$folder/log.$1"
  cat <&3 >"$folder/rest.$1"
  exec 3<&-
  wait "$server"
  server=
}

run 1
run 2
lines=$(wc -l <"$folder/log.1")
[ "$lines" -ge 50 ] || { echo "the client heard $lines messages only" >&2; cat "$folder/log.1" | cut -c1-300; exit 1; }
cmp "$folder/log.1" "$folder/log.2"
# It has followed the server's time, and the end of the recording was the end.
[ "$(cut -d ' ' -f 1 "$folder/log.1" | sort -un | wc -l)" -ge 20 ]
tail -n 1 "$folder/log.1" | grep -q ' closed 1001$'
echo "$lines messages, equal in both runs"
