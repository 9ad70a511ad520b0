#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/market/event.hpp"

namespace ktape {

enum class Method : std::uint8_t { Subscribe, Unsubscribe, Ping };
enum class Channel : std::uint8_t { Book, Trade, Ticker, Ohlc, Instrument };

std::string_view to_string(Method method);
std::string_view to_string(Channel channel);

// What a client wants to hear. Its identity is all of it: the same channel with another depth is another subscription.
struct Subscription {
  Channel channel = Channel::Book;
  std::vector<std::string> symbols{};    // empty for instrument
  int depth = 10;                        // book
  int interval_minutes = 1;              // ohlc
  std::string event_trigger = "trades";  // ticker: trades or bbo
  bool snapshot = true;

  friend bool operator==(const Subscription&, const Subscription&) = default;
};

struct Request {
  Method method = Method::Subscribe;
  std::int64_t request_id = 0;
  Subscription subscription{};  // not for Ping
};

// What a connection has said so far, by kind. An unknown message is counted under UnknownMessage::what's first words.
struct CodecStats {
  std::uint64_t messages = 0;
  std::uint64_t unknown_messages = 0;
  std::uint64_t unknown_fields = 0;
};

// The runtime face of a dialect: one per connection, since v1 must remember which channel number means which pair.
class Codec {
 public:
  virtual ~Codec() = default;

  virtual std::string encode(const Request& request) const = 0;

  // Turns one message of the exchange into events, in wire order. What is not understood becomes UnknownMessage; only a
  // message beyond all limits is an error. `text` need not be terminated.
  virtual void decode(std::string_view text, EventSink& out) = 0;

  // Reads what a client said, in the same dialect; an error carries what the exchange would object to.
  virtual Result<Request> decode_request(std::string_view text) const = 0;

  virtual const CodecStats& stats() const = 0;

  // Called when a connection opens: nothing learnt from the one before it holds.
  virtual void reset() = 0;
};

}  // namespace ktape
