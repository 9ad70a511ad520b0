#!/bin/bash
# Checks what the compiler cannot: format, who may include whom, and what may not be in the source at all. Each finding is
# one line with file, line and rule, and a finding makes the exit code 1. With an argument, checks that tree instead.
set -euo pipefail
export LC_ALL=C.UTF-8
source "$(dirname "$0")/steps.sh"
cd "${1:-$(dirname "$0")/..}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
found=$work/found
: >"$found"

# ---------------------------------------------------------------------------------------------- the source, made ready

# What git tracks or would track. A tree that is not a repository of its own is searched as it is.
list_sources() {
  if [ "$(git -c safe.directory='*' rev-parse --show-toplevel 2>/dev/null)" = "$(pwd -P)" ]; then
    git -c safe.directory='*' ls-files --cached --others --exclude-standard -- '*.cpp' '*.hpp'
  else
    find . \( -name '*.cpp' -o -name '*.hpp' \) -not -path './build/*' -printf '%P\n'
  fi | sort -u | while read -r file; do [ ! -f "$file" ] || echo "$file"; done
}
list_sources >"$work/files"
[ -s "$work/files" ] || fail "no C++ source here: $PWD"
mapfile -t files <"$work/files"

# "file:line:text", as written, and with comments taken off: a rule about code does not read prose.
grep -nH '' "${files[@]}" >"$work/text" || true
sed -E 's#^([^:]*:[0-9]+:)(|.*[[:space:]])//.*#\1\2#' "$work/text" >"$work/code"
# "file:line:kind header", kind being " or <.
sed -nE 's#^([^:]*:[0-9]+:)[[:space:]]*\#[[:space:]]*include[[:space:]]*(["<])([^">]*)[">].*#\1\2 \3#p' "$work/code" >"$work/includes"

# forbid RULE PATTERN WHY [EXCEPT]: no code line matches PATTERN, but in files that match EXCEPT.
forbid() {
  local rule=$1 pattern=$2 why=$3 except=${4:-^$}
  { grep -E "^[^:]*:[0-9]+:.*($pattern)" "$work/code" || true; } |
    awk -F: -v rule="$rule" -v why="$why" -v except="$except" \
      '$1 !~ except { printf "%s:%s: [%s] %s\n", $1, $2, rule, why }' >>"$found"
}

# --------------------------------------------------------------------------------------------------------- format rules

rule_format() {
  local formatter
  formatter=$(command -v clang-format-14 || command -v clang-format || true)
  [ -n "$formatter" ] || fail "clang-format is not installed (scripts/install-dependencies --dev installs it)"
  "$formatter" --version | grep -q 'version 14\.' || fail "the format is clang-format 14's, and this is $("$formatter" --version)"
  printf '%s\0' "${files[@]}" | xargs -0 -n 16 -P "$(nproc)" "$formatter" --dry-run --ferror-limit=1 >"$work/format" 2>&1 || true
  sed -nE 's#^([^:]+:[0-9]+):[0-9]+: (warning|error): code should be clang-formatted.*#\1: [format] clang-format -i this file#p' \
    "$work/format" >>"$found"
  # What is not such a finding is a failure of the tool, which must not pass for a clean result.
  if ! grep -q 'clang-formatted' "$work/format" && [ -s "$work/format" ]; then
    cat "$work/format" >&2
    fail "clang-format failed"
  fi
}

rule_pragma_once() {
  { grep -E '\.hpp$' "$work/files" || true; } | xargs -r grep -LE '^#pragma once$' |
    sed 's/$/:1: [pragma-once] a header says "#pragma once"/' >>"$found" || true
}

# -------------------------------------------------------------------------------------------------------- include rules

# Which folders a folder may include, besides itself. Arrows point one way: down this list never up. A star is every
# folder whose own row has no star.
arrows='
core/base      ->
core/wire      -> core/base
core/market    -> core/base
core/protocol  -> core/base core/wire core/market
core/client    -> core/base core/wire core/market core/protocol
core/session   -> core/base core/wire
net            -> core/base core/wire
live           -> core/base core/wire core/market core/protocol core/client core/session net
rest           -> core/base core/wire core/market core/protocol core/client core/session net
yaml           -> core/base
hosts          -> core/base core/wire core/market core/protocol core/client core/session net rest exchange yaml
recorder       -> core/base core/wire core/market core/protocol core/client core/session
exchange       -> core/base core/wire core/market core/protocol core/client core/session
scenario       -> core/base core/wire core/market core/protocol core/session net yaml faults
admin          -> core/base core/wire core/market core/protocol core/session net recorder faults scenario
synth          -> core/base core/wire core/market core/protocol core/client core/session exchange
replay         -> core/base core/wire core/market core/protocol core/client core/session exchange
inspect        -> core/base core/wire core/market core/protocol core/client core/session exchange replay
export         -> core/base core/wire core/market core/protocol core/client core/session exchange replay inspect
import         -> core/base core/wire core/market core/protocol core/client core/session
mock_server    -> core/base core/wire core/market core/protocol core/client core/session net exchange replay
relay          -> core/base core/wire core/market core/protocol net exchange live
faults         -> core/base core/wire core/market core/protocol net exchange mock_server yaml
tools          -> core/base core/wire core/market core/protocol core/client core/session exchange replay
testing        -> core/base core/wire core/market core/protocol core/client core/session net rest exchange hosts live mock_server replay
cli            -> *
bench          -> * tests
examples       -> *
tests          -> * cli
'
rule_arrows() {
  awk -F: -v arrows="$arrows" '
    function folder(path, parts, n) {
      n = split(path, parts, "/")
      return parts[1] == "core" && n > 2 ? "core/" parts[2] : parts[1]
    }
    function report(why) { printf "%s:%s: [arrows] %s\n", $1, $2, why }
    BEGIN {
      n = split(arrows, rows, "\n")
      for (i = 1; i <= n; i++) {
        m = split(rows[i], words, " ")
        if (m == 0) continue
        known[words[1]] = 1
        for (j = 3; j <= m; j++) allowed[words[1], words[j]] = 1
      }
    }
    $3 ~ /^"/ {
      from = folder($1); header = substr($3, 3); to = folder(header)
      if (header !~ /\//) report("\"" header "\": includes are written from the root of the repository")
      else if (!(from in known)) report(from " has no row in the arrows of scripts/check_style.sh")
      else if (!(to in known)) report("\"" header "\": " to " has no row in the arrows of scripts/check_style.sh")
      else if (from == to || allowed[from, to]) next
      else if (allowed[from, "*"] && !allowed[to, "*"]) next
      else report(from " may not include " to " (\"" header "\")")
    }' "$work/includes" >>"$found"
}

# Which folders may include a header in angle brackets that is not the standard library's.
third_party='
fmt/          .*
tl/           core/base/
isa-l/        core/base/
rapidjson/    core/protocol/ tests/fuzz/ tests/support/
capnp/        core/session/
kj/           core/session/
zstd.h        core/session/ import/ tests/
sqlite3.h     export/ tests/
openssl/      core/base/ net/ live/ mock_server/ recorder/ rest/ hosts/ core/session/ tests/
boost/        net/ live/ mock_server/ bench/ tests/integration/ tests/support/
CLI/          cli/
spdlog/       cli/
curses.h      cli/play/
pty.h         tests/
arpa/         tests/
netinet/      tests/
yaml-cpp/     yaml/ cli/ hosts/ faults/ tests/
gtest/        tests/ testing/
gmock/        tests/
benchmark/    bench/
sys/          net/ live/ mock_server/ recorder/ replay/ rest/ import/ export/ cli/ bench/ tests/
unistd.h      net/ live/ mock_server/ recorder/ replay/ rest/ import/ export/ cli/ bench/ tests/
fcntl.h       net/ live/ mock_server/ recorder/ replay/ rest/ import/ export/ cli/ bench/ tests/
poll.h        net/ live/ mock_server/ cli/ tests/
dirent.h      recorder/ replay/ import/ cli/ tests/
spawn.h       tests/
stdlib.h      tests/ testing/
signal.h      live/ cli/ tests/
immintrin.h   core/base/ core/protocol/
x86intrin.h   core/base/ core/protocol/ bench/
'
rule_third_party() {
  awk -F: -v table="$third_party" '
    BEGIN {
      n = split(table, rows, "\n")
      for (i = 1; i <= n; i++) {
        m = split(rows[i], words, " ")
        for (j = 2; j <= m; j++) folders[words[1]] = folders[words[1]] " " words[j]
      }
    }
    $3 ~ /^</ {
      header = substr($3, 3)
      if (header ~ /^[a-z_0-9]+$/) next
      key = header
      sub(/\/.*/, "/", key)
      ok = 0
      m = split(folders[key], words, " ")
      for (j = 1; j <= m; j++) if ($1 ~ "^" words[j]) ok = 1
      if (m == 0) printf "%s:%s: [third-party] <%s> has no row in scripts/check_style.sh\n", $1, $2, header
      else if (!ok) printf "%s:%s: [third-party] <%s> may be included only in%s\n", $1, $2, header, folders[key]
    }' "$work/includes" >>"$found"
}

# Types of RapidJSON and Cap'n Proto stay inside their folder: no header with them is included from another one.
rule_sealed() {
  awk -F: '
    function folder(path) { sub(/\/[^\/]*$/, "", path); return path }
    function top(path, parts) { split(path, parts, "/"); return parts[1] "/" parts[2] }
    $3 ~ /^< (rapidjson|capnp|kj)\// && $1 ~ /\.hpp$/ { seals[$1] = substr($3, 3) }
    $3 ~ /^" .*\.capnp\.h$/ && $1 ~ /\.hpp$/ { seals[$1] = substr($3, 3) }
    $3 ~ /^"/ { n++; file[n] = $1; line[n] = $2; header[n] = substr($3, 3) }
    END {
      for (i = 1; i <= n; i++)
        if (header[i] in seals && top(file[i]) != top(header[i]))
          printf "%s:%s: [sealed] %s brings <%s>, which stays in its folder\n", file[i], line[i], header[i], seals[header[i]]
    }' "$work/includes" >>"$found"
}

# Core opens no socket or file and has no threads.
rule_core_is_pure() {
  awk -F: '
    $1 ~ /^core\// && $3 ~ /^< (fstream|iostream|filesystem|thread|mutex|shared_mutex|condition_variable|future|semaphore|barrier|latch|stop_token|random)$/ {
      printf "%s:%s: [core] <%s>: core opens no file, starts no thread and draws no randomness of its own\n", $1, $2, substr($3, 3)
    }' "$work/includes" >>"$found"
}

# ----------------------------------------------------------------------------------------------------------- code rules

# Where the machine's own time may be asked, and why. Everything else takes the time from a Clock.
system_clock_allowed='
^live/                        # here system time becomes virtual time
^bench/                       # measures how long work takes
^mock_server/direct_pace\.cpp # paces real sockets: decides when to send, never what or with which stamp
^mock_server/tls_identity\.cpp # a certificate is valid from the day it was made
^cli/progress\.               # how long something took, said to a person
^tests/integration/           # gives up when a real socket stays silent
^tests/support/network\.      # the same
^tests/support/process\.      # the same, of another program
^tests/support/terminal\.     # the same
'
rule_clock() {
  local except
  except=$(sed -E 's/ *#.*//; /^$/d' <<<"$system_clock_allowed" | paste -sd '|')
  forbid clock '\<(system_clock|steady_clock|high_resolution_clock|clock_gettime|gettimeofday)\>|\<time\((nullptr|NULL|0)?\)' \
    'the time comes from a Clock' "$except"
}
rule_sleep() { forbid sleep '\<(sleep_for|sleep_until|usleep|nanosleep|sleep)[[:space:]]*\(' 'nothing sleeps: wait for what happens'; }
rule_random() {
  forbid random '\<(std::)?(uniform_(int|real)_distribution|(normal|bernoulli|poisson|exponential)_distribution|random_device|default_random_engine|shuffle)\>|\<s?rand\(' \
    'gives other numbers with another library: draw from a Random that is handed in'
}
rule_views() {
  forbid views '\<(std::)?(ranges::)?views::[a-z]|\<std::ranges::[a-z_]+_view\>' "clang 14 cannot compile the views of libstdc++ 12"
}
rule_todo() {
  { grep -E '\<(TODO|FIXME|XXX)\>' "$work/text" || true; } |
    awk -F: '{ printf "%s:%s: [todo] do it, or leave it out\n", $1, $2 }' >>"$found"
}

# g++ 12 in C++20 compiles `value == 5` for a RapidJSON value to a function that calls itself for ever. In files that include
# RapidJSON no name declared as a value or document, no element, and no member's value is compared but with text or
# with another value.
rule_json_compare() {
  local users
  users=$(sed -nE 's#^([^:]*):[0-9]+:< rapidjson/.*#\1#p' "$work/includes" | sort -u)
  [ -n "$users" ] || return 0
  # shellcheck disable=SC2086 # one word per file
  for file in $users; do
    grep -F "$file:" "$work/code" | awk -F: -v file="$file" '
      $1 != file { next }
      {
        line = $0; sub(/^[^:]*:[0-9]+:/, "", line); text[++n] = line; number[n] = $2
        if (match(line, /using +[A-Za-z_]+ *= *(rapidjson::)?(Generic)?(Value|Document)/)) {
          alias = line; sub(/.*using +/, "", alias); sub(/ *=.*/, "", alias); types = types "|" alias
        }
      }
      END {
        type = "((rapidjson::)?(Generic)?(Value|Document)(<[^>]*>)?" types ")"
        scalar = "[ ]*(==|!=)[ ]*(-?[0-9]|true|false|k[A-Z]|static_cast|(rapidjson::)?StringRef|\047)"
        mirrored = "(-?[0-9][0-9a-zA-Z.]*|true|false|\047.\047)[ ]*(==|!=)[ ]*\\*?"
        for (i = 1; i <= n; i++) {
          rest = text[i]
          while (match(rest, "(^|[^A-Za-z_:])" type "(( const)?[&*]+| )[ ]*(const )?[a-z_0-9]+")) {
            name = substr(rest, RSTART, RLENGTH); sub(/.*[^a-z_0-9]/, "", name)
            names = names "|" name; rest = substr(rest, RSTART + RLENGTH)
          }
        }
        value = "(" substr(names "|[A-Za-z_.>-]*[.>]value", 2) ")(\\[[^]]*\\])*"
        for (i = 1; i <= n; i++)
          if (text[i] ~ ("(^|[^A-Za-z_.>])\\*?" value scalar) || text[i] ~ (mirrored value "([^A-Za-z_.(-]|$)"))
            printf "%s:%s: [json-compare] a RapidJSON value compared with a scalar recurses for ever: use GetInt() and the like\n", file, number[i]
      }' >>"$found"
  done
}

# ------------------------------------------------------------------------------------------------------------ the result

for rule in $(declare -F | awk '$3 ~ /^rule_/ { print $3 }'); do "$rule"; done

if [ -s "$found" ]; then
  sort -t: -k1,1 -k2,2n "$found"
  say "style: $(wc -l <"$found") findings in ${#files[@]} files"
  exit 1
fi
say "style: ${#files[@]} files, nothing found"
