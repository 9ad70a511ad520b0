#include "replay/spot_v2_conversation.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "core/protocol/spot_v2/request.hpp"
#include "core/protocol/spot_v2/server_encode.hpp"
#include "exchange/verbatim_reply.hpp"
#include "replay/lookahead.hpp"

namespace ktape {
namespace {

constexpr std::size_t kMaxAsked = 1000;
// A request that has waited longer has timed out, or will never be answered.
constexpr Duration kPatience = std::chrono::seconds(10);

// Takes the first reply out of a message.
class ReplyReader final : public EventSink {
 public:
  explicit ReplyReader(Timestamp at) : at_(at) {}
  void on_event(const Event& event) override {
    const auto* reply = std::get_if<Reply>(&event);
    if (reply == nullptr || !text.empty()) return;
    Reply again = *reply;
    // Trades between the true answer and now are not told: what is told is complete from now on only.
    again.time_in = again.time_out = at_;
    spot_v2::append_reply(text, again);
  }
  std::string text;

 private:
  Timestamp at_;
};

}  // namespace

// Applies the events of one message to the feeds that they belong to.
class SpotV2Conversation::Reading final : public EventSink {
 public:
  Reading(SpotV2Conversation& owner, std::string_view text) : owner_(owner), text_(text) {}

  void on_event(const Event& event) override {
    if (const auto* reply = std::get_if<Reply>(&event)) {
      owner_.answered(*reply, text_);
    } else if (std::holds_alternative<StatusChange>(event)) {
      owner_.status_ = text_;
    } else {
      for (const Feed& feed : owner_.routes_.of(event).feeds) owner_.told(feed, event);
    }
  }

 private:
  SpotV2Conversation& owner_;
  std::string_view text_;
};

void SpotV2Conversation::take(const Frame& frame) {
  const auto forget = [this] {
    status_.clear();
    routes_ = {};
    feeds_.clear();
    asked_.clear();
  };
  switch (frame.kind) {
    case FrameKind::Opened:
      forget();
      open_ = true;
      url_ = frame.payload;
      break;
    case FrameKind::Closed:
      forget();
      open_ = false;
      break;
    case FrameKind::Text:
      open_ = true;  // recordings of others do not always tell
      if (frame.direction == Direction::ToExchange) {
        asked(frame);
      } else {
        Reading reading(*this, frame.payload);
        codec_.decode(frame.payload, reading);
      }
      break;
    case FrameKind::Binary:
    case FrameKind::Ping:
    case FrameKind::Pong:
      break;
  }
}

void SpotV2Conversation::asked(const Frame& frame) {
  auto request = codec_.decode_request(frame.payload);
  if (!request || request->request_id == 0 || request->method == Method::Ping) return;
  if (asked_.size() >= kMaxAsked) asked_.pop_front();
  asked_.push_back(
      {frame.at, request->request_id, std::move(request->subscription.symbols), std::string(frame.payload)});
}

void SpotV2Conversation::answered(const Reply& reply, std::string_view text) {
  if (reply.request_id) {
    const auto at = std::find_if(asked_.begin(), asked_.end(),
                                 [&](const Asked& one) { return one.request_id == *reply.request_id; });
    if (at != asked_.end()) {
      std::erase(at->symbols, reply.symbol);
      if (reply.symbol.empty() || at->symbols.empty()) asked_.erase(at);
    }
  }
  const auto feed = feed_of(reply);
  if (!feed) return;
  if (reply.method == "subscribe") {
    routes_.subscribed(*feed);
    auto& one = in_force(*feed);
    one.answer = text;
    one.request_id = reply.request_id;
    // A book begins anew, as with the client; what else is known stays true.
    if (feed->channel == Channel::Book) one.state = FeedState::of(*feed);
  } else {
    routes_.unsubscribed(*feed);
    feeds_.erase(*feed);
  }
}

SpotV2Conversation::InForce& SpotV2Conversation::in_force(const Feed& feed) {
  auto& one = feeds_[feed];
  if (!one.state) one.state = FeedState::of(feed);
  return one;
}

void SpotV2Conversation::told(const Feed& feed, const Event& event) {
  auto& one = in_force(feed);
  if (const auto* trade = std::get_if<Trade>(&event)) {
    // What stood before a hole in the ids is not told again, or whoever hears it would report the hole a second time.
    if (one.last_trade && trade->trade_id > *one.last_trade + 1) one.state = FeedState::of(feed);
    one.last_trade = std::max(one.last_trade.value_or(trade->trade_id), trade->trade_id);
  }
  one.state->take(event);
}

std::string SpotV2Conversation::request_for(const std::vector<const Feed*>& feeds,
                                            std::optional<std::int64_t> request_id, bool snapshot) {
  const Feed& first = *feeds.front();
  Request request{.method = Method::Subscribe, .request_id = request_id.value_or(0)};
  auto& wanted = request.subscription;
  wanted.channel = first.channel;
  wanted.snapshot = snapshot;
  if (first.depth != 0) wanted.depth = first.depth;
  if (first.interval_minutes != 0) wanted.interval_minutes = first.interval_minutes;
  if (!first.event_trigger.empty()) wanted.event_trigger = first.event_trigger;
  for (const Feed* const feed : feeds) {
    if (!feed->symbol.empty()) wanted.symbols.push_back(feed->symbol);
  }
  return with_request_id(spot_v2::encode(request), request_id);
}

std::string SpotV2Conversation::answer_for(const Feed& feed, const InForce& one, Timestamp at) {
  if (!one.answer.empty()) {
    ReplyReader reader(at);
    spot_v2::SpotV2Codec().decode(one.answer, reader);
    return std::move(reader.text);
  }
  Reply reply;
  reply.method = "subscribe";
  reply.success = true;
  reply.channel = to_string(feed.channel);
  reply.symbol = feed.symbol;
  if (feed.depth != 0) reply.depth = feed.depth;
  if (feed.interval_minutes != 0) reply.interval_minutes = feed.interval_minutes;
  reply.event_trigger = feed.event_trigger;
  reply.snapshot = true;
  reply.time_in = reply.time_out = at;
  std::string text;
  spot_v2::append_reply(text, reply);
  return text;
}

void SpotV2Conversation::tell(Timestamp at, ConnectionId connection, FrameSink& out) const {
  if (!open_) return;
  const auto say = [&](Direction direction, FrameKind kind, std::string_view text) {
    out.on_frame({at, connection, direction, kind, text});
  };
  say(Direction::FromExchange, FrameKind::Opened, url_);
  if (!status_.empty()) say(Direction::FromExchange, FrameKind::Text, status_);

  // Instruments first: they tell the places of the numbers in all that follows.
  std::vector<std::pair<const Feed*, const InForce*>> all;
  for (const auto& [feed, one] : feeds_) all.emplace_back(&feed, &one);
  std::stable_partition(all.begin(), all.end(),
                        [](const auto& one) { return one.first->channel == Channel::Instrument; });

  // One request for all that was asked together.
  using Together = std::tuple<bool, std::optional<std::int64_t>, Channel, int, int, std::string>;
  std::vector<std::pair<Together, std::vector<const Feed*>>> requests;
  for (const auto& [feed, one] : all) {
    Together key{feed->channel != Channel::Instrument,
                 one->request_id,
                 feed->channel,
                 feed->depth,
                 feed->interval_minutes,
                 feed->event_trigger};
    const auto found =
        std::find_if(requests.begin(), requests.end(), [&](const auto& request) { return request.first == key; });
    if (found != requests.end()) {
      found->second.push_back(feed);
    } else {
      requests.push_back({std::move(key), {feed}});
    }
  }
  for (const auto& [key, feeds] : requests) {
    const auto& answer = feeds_.at(*feeds.front()).answer;
    const bool snapshot = answer.find(R"("snapshot":false)") == std::string::npos;
    say(Direction::ToExchange, FrameKind::Text, request_for(feeds, std::get<1>(key), snapshot));
    for (const Feed* const feed : feeds) {
      const InForce& one = feeds_.at(*feed);
      say(Direction::FromExchange, FrameKind::Text, answer_for(*feed, one, at));
      if (one.state->complete()) say(Direction::FromExchange, FrameKind::Text, one.state->snapshot());
    }
  }
  for (const Asked& one : asked_) {
    if (at - one.at < kPatience) say(Direction::ToExchange, FrameKind::Text, one.text);
  }
}

}  // namespace ktape
