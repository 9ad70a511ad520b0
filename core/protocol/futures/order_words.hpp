#pragma once

#include <string_view>

namespace ktape::futures {

// What Futures tells of an order, in the words of Spot v2 (OrderReport::what and status).
struct OrderWords {
  std::string_view what{};
  std::string_view status{};
};

struct OrderNews {
  std::string_view reason{};  // futures-v1 section 5.1; one that is not known is no obstacle
  bool gone = false;          // is_cancel: it has left the book, for whatever reason
  bool executed = false;      // something of it
};

// A full fill is `filled`, never a cancel.
OrderWords order_words(const OrderNews& news);

}  // namespace ktape::futures
