#pragma once

#include <optional>
#include <string_view>

namespace ktape::spot_v1 {

// What a message is about, as an index of a recording needs it. Views into the payload, as written between the quotes.
struct Topic {
  std::string_view channel;  // of data: book, ohlc, openOrders, ... without a depth or interval; else the event
  std::string_view symbol;   // the first that it names, if any: XBT/USD

  friend bool operator==(const Topic&, const Topic&) = default;
};

// What a message of market data says at its end: "book-10" and "XBT/USD". Nothing for other text.
struct DataName {
  std::string_view channel_name;
  std::string_view pair;
};
std::optional<DataName> data_name(std::string_view payload);

// Of data it looks at the end only, and nowhere does it check that the rest is JSON. Text of other forms has an empty
// topic.
Topic classify(std::string_view payload);

}  // namespace ktape::spot_v1
