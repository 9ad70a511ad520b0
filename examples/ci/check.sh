#!/bin/sh
# ktape run session.ktape --start-offset 1m --accounts accounts.yaml -- ./check.sh
set -eu
depth=$(curl -sS "$KTAPE_REST_URL/0/public/Depth?pair=EUR/USD&count=1")
echo "$depth" | grep -q '"asks":\[\["1\.1' || { echo "no asks near 1.14: $depth"; exit 1; }
refused=$(curl -sS "$KTAPE_REST_URL/0/public/Ticker?pair=NOSUCH")
[ "$refused" = '{"error":["EQuery:Unknown asset pair"]}' ] || { echo "not refused: $refused"; exit 1; }
refused=$(curl -sS -d nonce=1 -H 'API-Key: wrong' -H 'API-Sign: wrong' "$KTAPE_REST_URL/0/private/Balance")
[ "$refused" = '{"error":["EAPI:Invalid key"]}' ] || { echo "not refused: $refused"; exit 1; }
