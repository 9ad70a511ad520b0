#!/bin/bash
# Every test that docs/protocol-support.md quotes is there: files, folders, test names and golden files, in the last
# column of tables that has the heading "tests", and in the text between them.
set -euo pipefail
tests=$(cd "$(dirname "$0")/.." && pwd)
document=${1:-$tests/../docs/protocol-support.md}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

find "$tests" -printf '%P\n' | sort >"$work/files"
# "TEST_F(Suite, Name)" may be broken over lines.
find "$tests" -name '*_test.cpp' -exec cat {} + | tr '\n' ' ' |
  grep -oE '\bTEST(_F|_P)?\( *[A-Za-z0-9_]+, *[A-Za-z0-9_]+\)' | sed -E 's/^[^(]*\( *|[ )]//g; s/,/\n/' | sort -u >"$work/names"

# "LINE KIND WORD": kind is path, name or golden.
quoted() {
  awk '
    function words(text, in_cell,   rest, word, before) {
      rest = text
      while (match(rest, /`[^`]+`/)) {
        before = substr(rest, 1, RSTART - 1)
        word = substr(rest, RSTART + 1, RLENGTH - 2)
        rest = substr(rest, RSTART + RLENGTH)
        if (in_cell && word ~ /^[A-Za-z][A-Za-z0-9_.\/]*$/ && (before ~ /golden $/ || (golden && before ~ /^(, | and )$/))) {
          print NR, "golden", word; golden = 1
        } else if (word ~ /(_test|_fuzz)\.cpp$|_check\.sh$|_test\.sh$|\.mjs$|\.py$/ || (in_cell && word ~ /^[a-z0-9_.]+\/[A-Za-z0-9_\/.-]+$/)) {
          print NR, "path", word; golden = 0
        } else if (word ~ /^[A-Z][a-z0-9]+[A-Z][A-Za-z0-9]*(_[A-Za-z0-9]+)?$/ && (in_cell || gsub(/[A-Z]/, "&", word) > 4)) {
          print NR, "name", word; golden = 0
        } else {
          golden = 0
        }
      }
    }
    /^\|/ {
      cells = split($0, cell, "|")
      last = cell[cells - 1]
      if (last ~ /^ *-+ *$/) next
      if (previous !~ /^\|/) { tells = last ~ /tests/; previous = $0; next }
      if (tells) words(last, 1)
      previous = $0
      next
    }
    { words($0, 0); previous = $0 }
  ' "$1"
}

missing() {
  quoted "$1" | while read -r line kind word; do
    case $kind in
      path)
        word=${word%/}
        word=${word#tests/}
        # "scripts/datasets" is what ctest calls scripts/datasets_check.sh.
        grep -qE "(^|/)${word//./\\.}((_check|_test)\.sh)?$" "$work/files" || echo "$line: no such file: tests/$word"
        ;;
      name) grep -qxF "$word" "$work/names" || echo "$line: no test has this name: $word" ;;
      golden)
        word=${word%/NAME}
        grep -qE "^golden/([a-z0-9_]+/)?${word//./\\.}(\.json|\.txt)?$" "$work/files" || echo "$line: no golden file: $word"
        ;;
    esac
  done
}

# It finds what is not there, and only that.
cat >"$work/example.md" <<'EXAMPLE'
Text about `NoSuchTestHasThisName` and `no_such_test.cpp`, `SomeType` and `some/header.hpp`.
| what | tests |
| --- | --- |
| `NotLookedAtHere` | `unit/no_such_test.cpp`: `NoSuch`; golden `ticker`, `no_such` |
| rows | `unit/exchange/rate_counter_test.cpp`: `DecaysAsTheTierSays` |
EXAMPLE
expected="1: no test has this name: NoSuchTestHasThisName
1: no such file: tests/no_such_test.cpp
4: no such file: tests/unit/no_such_test.cpp
4: no test has this name: NoSuch
4: no golden file: no_such"
if [ "$(missing "$work/example.md")" != "$expected" ]; then
  printf 'FAILED: the check itself\n--- expected\n%s\n--- found\n%s\n' "$expected" "$(missing "$work/example.md")"
  exit 1
fi

count=$(quoted "$document" | wc -l)
if [ "$count" -lt 50 ]; then
  echo "FAILED: only $count quotations found in $document: it is not written as this check expects"
  exit 1
fi
found=$(missing "$document")
if [ -n "$found" ]; then
  printf '%s quotes tests that are not there:\n%s\n' "$document" "$found"
  exit 1
fi
echo "$count quotations, all of tests that are there"
