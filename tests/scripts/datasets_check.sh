#!/bin/bash
# The data sets are what their script makes, byte for byte. Usage: datasets_check.sh PROGRAM
set -euo pipefail
cd "$(dirname "$0")/../.."
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
datasets/make.sh "$1" "$made"
grep -E '^[0-9a-f]{64} ' datasets/MANIFEST | awk '{ print $1 "  " $2 }' >"$made/sums" || true
[ -s "$made/sums" ] || { echo "datasets/MANIFEST has no sums" >&2 && exit 1; }
(cd "$made" && sha256sum --check --strict sums)
# Their ohlc messages are those of their trades; nothing checked is a failure too.
for set in datasets/*.ktape; do "$1" candles "$set" --check; done
(cd datasets && sha256sum --check --strict "$made/sums")
