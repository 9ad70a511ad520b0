#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"
#include "core/protocol/dialect.hpp"
#include "faults/message_facts.hpp"

// What the exchange says in place of an answer, in the words and forms of the dialect. Private to this folder.
namespace ktape::faults {

// `error` may be empty: what is usual then. One message for each symbol that was asked for.
std::vector<std::string> refused(Dialect dialect, const MessageFacts& request, std::string_view error, Timestamp now);

// The token, or the signed challenge, is not good (any more).
std::vector<std::string> token_refused(Dialect dialect, const MessageFacts& request, Timestamp now);

// Too many requests; nothing in Futures, which closes.
std::vector<std::string> rate_exceeded(Dialect dialect, const MessageFacts& request, Timestamp now);

}  // namespace ktape::faults
