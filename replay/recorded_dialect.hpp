#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/market/event.hpp"
#include "core/protocol/dialect.hpp"
#include "exchange/feed.hpp"
#include "exchange/verbatim_reply.hpp"
#include "replay/feed_state.hpp"

namespace ktape {

// What a playback and a keyframe have to know of the dialect of their recording. It has no state.
class RecordedDialect {
 public:
  // Lives as long as the program.
  static const RecordedDialect& of(Dialect dialect);

  virtual Dialect dialect() const = 0;

  // Whether a message of the exchange may be an answer or a status. Others need not be decoded to find out.
  virtual bool may_answer(std::string_view text) const = 0;

  // The feed that an answer to a subscription, or to its end, is about; nothing for a refusal, and for other channels
  // than those of the market.
  virtual std::optional<Feed> feed_of(const Reply& reply) const = 0;

  // The feed of an event that the message `text` told, as far as it says that; nothing for what is no market data.
  virtual std::optional<Feed> feed_in(const Event& event, std::string_view text) const = 0;
  // Whether messages say all of their feed. Those of Spot v2 name no depth of a book's update (0), and no trigger.
  virtual bool messages_name_their_feed() const = 0;

  // The feed of a snapshot without any entry, which tells no event; of Spot v2 without its symbol.
  virtual std::optional<Feed> feed_of_empty_snapshot(std::string_view /*text*/) const { return std::nullopt; }

  // The number that the message gives its channel (Spot v1).
  virtual std::optional<std::uint64_t> channel_number(std::string_view /*text*/) const { return std::nullopt; }

  virtual std::unique_ptr<FeedState> make_state(const Feed& feed) const = 0;

  // ---- for keyframes

  // Where answers carry request ids; nothing where there are none.
  virtual const RequestIdPlace* request_id_place() const = 0;
  // A recorded answer as if it were given now, and an answer that a recording lacks.
  virtual std::string answered_again(std::string_view answer, Timestamp at) const = 0;
  virtual std::string answer_to(const Feed& feed, Timestamp at) const = 0;

 protected:
  ~RecordedDialect() = default;
};

// The feed that such an event begins, in a recording without answers: nobody can use a book whose beginning is missing.
std::optional<Feed> feed_begun_by(const RecordedDialect& dialect, const Event& event, std::string_view text);

}  // namespace ktape
