#!/bin/bash
# Makes the data sets of this folder anew. Usage: datasets/make.sh PROGRAM FOLDER
# The same program gives the same bytes on every machine: MANIFEST has their sha256, and a test compares.
set -euo pipefail
ktape=$1
folder=$2
mkdir -p "$folder"

synth() { # NAME SEED DURATION SYMBOLS DEPTH
  rm -f "$folder/$1"
  "$ktape" synth --seed "$2" --duration "$3" --symbols "$4" --depth "$5" \
    --channels instrument,ticker,book,trade,ohlc --start 2026-09-01T08:00:00Z -o "$folder/$1"
}

synth ten-minutes.ktape 1 10m BTC/USD,ETH/USD,XRP/USD 25
synth decimals.ktape 2 2m MINA/GBP,SHIB/USD,EUR/USD 10
