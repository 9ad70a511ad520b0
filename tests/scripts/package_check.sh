#!/bin/bash
# Installs the libraries of a build into a folder of its own, and builds and runs a project against it that knows nothing
# else of this tree. Usage: package_check.sh BUILD CXX
set -euo pipefail
source=$(cd "$(dirname "$0")/../.." && pwd)
build=$1
compiler=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cmake --install "$build" --prefix "$folder/prefix" --component krakentape_development >"$folder/log"
if grep -rn "$source" "$folder/prefix/lib"*/cmake; then
  echo "the installed package names the tree that it was built in" >&2
  exit 1
fi
# -O0: what is to be seen here is that it compiles, links and works.
cmake -G Ninja -S "$source/tests/package" -B "$folder/build" -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_CXX_FLAGS="-O0 -Wall -Wextra" \
  -DCMAKE_PREFIX_PATH="$folder/prefix" -DKTAPE_RECORDING="$source/datasets/decimals.ktape" >"$folder/log"
cmake --build "$folder/build" --parallel 2
ctest --test-dir "$folder/build" --output-on-failure
