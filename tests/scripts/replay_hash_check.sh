#!/bin/bash
# One history: the event log of each data set has the hash that is written down, whatever built the program and at any
# rate. Usage: replay_hash_check.sh PROGRAM
# KTAPE_REWRITE_GOLDEN=1 writes the hashes down anew: for a change that means to change the history.
set -euo pipefail
cd "$(dirname "$0")/../.."
ktape=$1
golden=tests/golden/replay/hashes.txt

hash_of() { "$ktape" replay "datasets/$1.ktape" --hash --candles 1,5 --rate "$2" </dev/null; }

candles_of() {
  "$ktape" candles "datasets/$1.ktape" --intervals 1,5,15,30,60,240,1440,10080,21600 --partial --format json |
    sha256sum | cut -d ' ' -f 1
}

found=$(for set in ten-minutes decimals; do echo "$(hash_of $set max) $set"; done
  for set in ten-minutes decimals; do echo "$(candles_of $set) candles-of-$set"; done)
[ "${KTAPE_REWRITE_GOLDEN:-0}" = 0 ] || printf '%s\n' "$found" >"$golden"
diff -u "$golden" <(printf '%s\n' "$found")

paced=$(hash_of decimals 240)
[ "$paced decimals" = "$(grep ' decimals$' "$golden")" ] || { echo "at 240 times real time the hash is $paced" >&2 && exit 1; }

alone=$("$ktape" replay datasets/decimals.ktape --hash --candles 1,5 --read-ahead 0 </dev/null)
[ "$alone decimals" = "$(grep ' decimals$' "$golden")" ] || { echo "without a thread that reads ahead the hash is $alone" >&2 && exit 1; }
