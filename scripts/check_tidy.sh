#!/bin/bash
# clang-tidy over the units that changed (against main, committed or not), over those that are named, or over all of them.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/steps.sh

case ${1:-} in
  -h | --help)
    say "usage: scripts/check_tidy.sh [--all | file...]    without either: the C++ files that differ from main"
    exit 0
    ;;
esac
command -v clang-tidy >/dev/null || fail "clang-tidy is not installed (scripts/install-dependencies --dev installs it)"
[ -f build/clang/compile_commands.json ] || quietly build/logs/configure-clang.log "cmake --preset clang" cmake --preset clang
# What the build generates is included by others.
mapfile -t generated < <(ninja -C build/clang -t targets all | sed -n 's/^\([^ ]*\.capnp\.h\): .*/\1/p')
[ ${#generated[@]} = 0 ] || quietly build/logs/generate.log "generating sources" ninja -C build/clang "${generated[@]}"

# The units that the clang preset compiles, by their path from here.
compiled() {
  sed -nE 's#^ *"file": "(.*)",?$#\1#p' build/clang/compile_commands.json | sed "s#^$PWD/##" | grep -v '^build/' | sort -u
}
# A header is checked through the units that include it.
including() {
  local header
  while read -r header; do git grep -l -F "#include \"$header\"" -- '*.cpp' || true; done
}
changed() {
  local base
  base=$(git merge-base HEAD main 2>/dev/null || git rev-parse HEAD)
  { git diff --name-only "$base" && git ls-files --others --exclude-standard; } | grep -E '\.[ch]pp$' || true
}

case ${1:-} in
  --all) wanted=$(compiled) ;;
  '') wanted=$(changed) ;;
  *) wanted=$(printf '%s\n' "$@") ;;
esac
mapfile -t units < <(comm -12 <(compiled) <({ grep '\.cpp$' <<<"$wanted" || true; grep '\.hpp$' <<<"$wanted" | including; } | sort -u))
[ ${#units[@]} -gt 0 ] || { say "tidy: nothing to check" && exit 0; }

log=build/logs/tidy.log
mkdir -p build/logs
say "tidy: ${#units[@]} units, the output is in $log"
status=0
printf '%s\n' "${units[@]}" | xargs -P "$(nproc)" -I{} clang-tidy --quiet -p build/clang {} >"$log" 2>"$log.errors" || status=$?
# One header is seen by many units: each finding once.
grep -E '(warning|error): ' "$log" "$log.errors" | sed -E "s#^[^:]*tidy\.log(\.errors)?:##; s#^$PWD/##" | grep -v 'warnings generated' | sort -u >"$log.findings" || true
cat "$log.findings"
say "tidy: $(wc -l <"$log.findings") findings in ${#units[@]} units"
[ ! -s "$log.findings" ] || exit 1
[ "$status" = 0 ] || { tail -n 20 "$log.errors" >&2 && fail "clang-tidy failed"; }
