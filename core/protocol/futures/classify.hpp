#pragma once

#include <string_view>

namespace ktape::futures {

// What a message is about, as an index of a recording needs it. Views into the payload, as written between the quotes.
struct Topic {
  std::string_view channel;  // of data its feed without "_snapshot"; of requests and replies their event
  std::string_view symbol;   // the first product that it names, if any

  friend bool operator==(const Topic&, const Topic&) = default;
};

// Looks no further than it must and does not check that the rest is JSON. Text of other forms has an empty topic.
Topic classify(std::string_view payload);

}  // namespace ktape::futures
