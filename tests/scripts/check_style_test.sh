#!/bin/bash
# Every rule of scripts/check_style.sh fires on a tree that breaks it, in the right line, and none on a tree that does not.
set -euo pipefail
check=$(cd "$(dirname "$0")/../.." && pwd)/scripts/check_style.sh
if ! { clang-format-14 --version || clang-format --version; } 2>/dev/null | grep -q 'version 14\.'; then
  echo "skipped: clang-format 14 is not installed (scripts/install-dependencies --dev)"
  exit 77
fi
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cp "$(dirname "$0")/../../.clang-format" "$tree/"
failures=0

# file PATH: writes standard input to that file of the tree.
file() {
  mkdir -p "$(dirname "$tree/$1")"
  cat >"$tree/$1"
}
clear_tree() { find "$tree" -mindepth 1 -maxdepth 1 -type d -exec rm -rf {} +; }

# finds NAME EXPECTED...: exactly these findings, each "file:line: [rule]", come out.
finds() {
  local name=$1 got want
  shift
  got=$("$check" "$tree" 2>&1 | sed -nE 's/^([^ ]+:[0-9]+: \[[a-z-]+\]).*/\1/p' | sort) || true
  want=$(printf '%s\n' "$@" | sed '/^$/d' | sort)
  if [ "$got" != "$want" ]; then
    printf 'FAILED: %s\n--- expected\n%s\n--- found\n%s\n' "$name" "$want" "$got"
    "$check" "$tree" || true
    failures=$((failures + 1))
  fi
  clear_tree
}

# ---------------------------------------------------------------------------------------------- what must stay silent

file core/client/client.hpp <<'CODE'
#pragma once

#include <string>

#include <fmt/format.h>

#include "core/base/clock.hpp"
#include "core/client/client.hpp"
#include "core/protocol/codec.hpp"

// Prose may say system_clock, sleep(1), rand() and value == 5.
inline std::string where() { return "wss://ws.kraken.com/v2"; }  // not time(nullptr)
CODE
file core/protocol/read.cpp <<'CODE'
#include <rapidjson/document.h>

using Json = rapidjson::Value;

bool read(const Json& value, const Json& other, int count) {
  return value == "text" && value == other && value.GetInt() == 5 && value.FindMember("a") != value.MemberEnd() &&
         value.Size() == 3 && count == 5 && value["a"].GetInt() == 7;
}
CODE
file live/loop.cpp <<'CODE'
#include <chrono>

auto now() { return std::chrono::system_clock::now(); }
auto time_of(int frame) { return frame; }
auto answer() { return time_of(0); }
CODE
file tests/unit/a_test.cpp <<'CODE'
#include <gtest/gtest.h>

#include "cli/record.hpp"
#include "tests/support/log.hpp"
CODE
finds "a tree that keeps the rules"
if ! (file core/base/a.cpp <<<'int a();' && "$check" "$tree" >/dev/null); then
  echo 'FAILED: a clean tree exits with 0'
  failures=$((failures + 1))
fi
if file core/base/a.cpp <<<'int  a();' && "$check" "$tree" >/dev/null; then
  echo 'FAILED: a finding exits with 1'
  failures=$((failures + 1))
fi
clear_tree
if "$check" "$tree" >/dev/null 2>&1; then
  echo 'FAILED: a tree without source is an error, not a clean result'
  failures=$((failures + 1))
fi

# ------------------------------------------------------------------------------------------------------ what must fire

file core/base/a.cpp <<'CODE'
int  a();
CODE
finds "format" "core/base/a.cpp:1: [format]"

file core/base/a.hpp <<'CODE'
int a();
CODE
finds "pragma-once" "core/base/a.hpp:1: [pragma-once]"

file core/base/a.cpp <<'CODE'
#include "core/wire/frame.hpp"
CODE
file core/market/a.cpp <<'CODE'
#include "core/base/time.hpp"
#include "core/protocol/codec.hpp"
CODE
file core/session/a.cpp <<'CODE'
#include "core/market/event.hpp"
CODE
file core/wire/a.cpp <<'CODE'
#include "live/live_loop.hpp"
CODE
file replay/a.cpp <<'CODE'
#include "mock_server/mock_server.hpp"
CODE
file synth/a.cpp <<'CODE'
#include "exchange/feed.hpp"
#include "replay/player.hpp"
CODE
file live/a.cpp <<'CODE'
#include "cli/record.hpp"
#include "live_loop.hpp"
#include "recorder/file_sink.hpp"
CODE
file cli/a.cpp <<'CODE'
#include "tests/support/log.hpp"
CODE
file gui/a.cpp <<'CODE'
#include "core/base/time.hpp"
CODE
finds "arrows" "core/base/a.cpp:1: [arrows]" "core/market/a.cpp:2: [arrows]" "core/session/a.cpp:1: [arrows]" \
  "core/wire/a.cpp:1: [arrows]" "replay/a.cpp:1: [arrows]" "synth/a.cpp:2: [arrows]" "live/a.cpp:1: [arrows]" \
  "live/a.cpp:2: [arrows]" "live/a.cpp:3: [arrows]" "cli/a.cpp:1: [arrows]" "gui/a.cpp:1: [arrows]"

file core/market/a.cpp <<'CODE'
#include <boost/asio/io_context.hpp>
#include <capnp/message.h>
#include <nlohmann/json.hpp>
#include <openssl/ssl.h>
#include <rapidjson/document.h>
#include <unistd.h>
#include <zstd.h>
CODE
finds "third-party" core/market/a.cpp:{1..7}": [third-party]"

file core/protocol/json.hpp <<'CODE'
#pragma once

#include <rapidjson/document.h>
CODE
file core/client/a.cpp <<'CODE'
#include "core/protocol/json.hpp"
CODE
file core/protocol/spot_v2/a.cpp <<'CODE'
#include "core/protocol/json.hpp"
CODE
finds "sealed" "core/client/a.cpp:1: [sealed]"

file core/base/a.cpp <<'CODE'
#include <fstream>
#include <thread>
CODE
finds "core" "core/base/a.cpp:1: [core]" "core/base/a.cpp:2: [core]"

file replay/a.cpp <<'CODE'
auto a = std::chrono::system_clock::now();
auto b = std::chrono::steady_clock::now();
auto c = std::chrono::high_resolution_clock::now();
auto d = clock_gettime(0, nullptr);
auto e = gettimeofday(nullptr, nullptr);
auto f = time(nullptr);
auto g = std::time(nullptr);
CODE
finds "clock" replay/a.cpp:{1..7}": [clock]"

file tests/unit/a_test.cpp <<'CODE'
void a() { std::this_thread::sleep_for(b); }
void c() { usleep(5); }
CODE
finds "sleep" "tests/unit/a_test.cpp:1: [sleep]" "tests/unit/a_test.cpp:2: [sleep]"

file synth/a.cpp <<'CODE'
std::uniform_int_distribution<int> a;
std::random_device b;
int c = rand();
void d() { std::shuffle(e, f, g); }
CODE
finds "random" synth/a.cpp:{1..4}": [random]"

file replay/a.cpp <<'CODE'
auto a = b | std::views::take(5);
std::ranges::reverse_view<int> c;
CODE
finds "views" "replay/a.cpp:1: [views]" "replay/a.cpp:2: [views]"

# The words themselves are put together here, so that a search for them does not end in this file.
file core/base/a.cpp <<CODE
// TO""DO: later
int a();  // FIX""ME
CODE
sed -i 's/""//' "$tree/core/base/a.cpp"
finds "todo" "core/base/a.cpp:1: [todo]" "core/base/a.cpp:2: [todo]"

file core/protocol/a.cpp <<'CODE'
#include <rapidjson/document.h>

using Json = rapidjson::Value;

bool a(const Json& value) { return value == 5; }
bool b(const rapidjson::Document& document) { return document["x"]["y"] != -6; }
bool c(const Json* found) { return *found == true; }
bool d(const Json& value) {
  for (const auto& member : value.GetObject())
    if (member.value == kLimit) return true;
  return 5 == value;
}
CODE
finds "json-compare" core/protocol/a.cpp:{5,6,7,10,11}": [json-compare]"

[ "$failures" = 0 ] || { echo "$failures checks of check_style.sh failed"; exit 1; }
echo "every rule of check_style.sh fires where it should, and nowhere else"
