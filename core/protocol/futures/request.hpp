#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/protocol/codec.hpp"
#include "core/protocol/futures/refusal.hpp"

namespace ktape::futures {

// A client's message beyond this is malformed: real ones stay below 10 KB even with hundreds of products.
inline constexpr std::size_t kMaxRequestBytes = std::size_t{1} << 20;

// The exact JSON that a client sends, keys in the documented order and no whitespace:
// {"event":"subscribe","feed":"ticker","product_ids":["PF_XBTUSD"]}
// Private feeds carry key and signed challenge, also to unsubscribe.
std::string encode(const Request& request);

// All that a server needs of a client's message, whatever the order of its keys.
struct ParsedRequest {
  std::string event{};  // as written; empty where it is missing or no text
  std::string feed{};
  std::vector<std::string> products{};  // in the order of the request, as written
  Authorisation authorisation{};
  std::vector<std::string> unknown_members{};  // ignored, as Kraken does with `depth`

  // What is wrong with the request as a whole. What is wrong with one product only is product_problem()'s, since the
  // other products of the request are served. Whether the signature is right only the server can tell.
  std::optional<Problem> problem{};
};

// Never fails: what is wrong is in `problem`. The last of two equal keys counts.
ParsedRequest parse_request(std::string_view text);

// A name that no product can have.
std::optional<Problem> product_problem(std::string_view product);

// The request in the terms that all dialects share, products in upper case. The error carries the first problem in
// Kraken's words, and nothing of the message itself, which may hold a key.
Result<Request> to_request(const ParsedRequest& parsed);

}  // namespace ktape::futures
