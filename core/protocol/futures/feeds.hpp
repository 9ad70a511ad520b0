#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/protocol/codec.hpp"

// Kraken Futures' websocket protocol, version 1 (futures-v1).
namespace ktape::futures {

// Whether a feed is asked for product by product.
enum class Products : std::uint8_t { Required, Optional, None };

struct Feed {
  Channel channel = Channel::Book;
  std::string_view name{};  // on the wire
  Products products = Products::None;
};

// nullptr for a channel that Futures has not, and for a name that is no feed. Data of a feed may come under its name
// with "_snapshot" behind it, which cannot be asked for and is no name of a feed.
const Feed* find_feed(Channel channel);
const Feed* find_feed(std::string_view name);

// "book" of "book_snapshot", and whether it was one.
struct FeedMessage {
  std::string_view feed{};
  bool snapshot = false;
};
FeedMessage split_feed(std::string_view name);

// PF_XBTUSD, OF_ETHUSD_240101_1000_C: two letters, then names with '_' between them.
bool has_product_form(std::string_view product);

// The exchange understands any case and always answers in upper case.
std::string canonical_product(std::string_view product);
bool same_product(std::string_view a, std::string_view b);

// Refuses what Kraken would refuse, before it is sent, and names the value and what is allowed instead.
Result<void> validate(const Subscription& subscription);

}  // namespace ktape::futures
