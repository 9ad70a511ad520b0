#include "replay/lookahead.hpp"

#include <algorithm>
#include <utility>

#include "core/protocol/spot_v2/subscription_rules.hpp"

namespace ktape {
namespace {

std::optional<Channel> market_channel(std::string_view name) {
  for (const auto channel : {Channel::Book, Channel::Trade, Channel::Ticker, Channel::Ohlc, Channel::Instrument}) {
    if (to_string(channel) == name) return channel;
  }
  return std::nullopt;
}

RecordedReply recorded(const Reply& reply) {
  RecordedReply own;
  own.method = reply.method;
  own.success = reply.success;
  own.request_id = reply.request_id;
  own.error = reply.error;
  own.symbol = reply.symbol;
  own.snapshot = reply.snapshot.value_or(true);
  own.feed = feed_of(reply);
  return own;
}

}  // namespace

std::optional<Feed> feed_of(const Reply& reply) {
  const auto channel = market_channel(reply.channel);
  if (!reply.success || !channel) return std::nullopt;
  Feed feed{*channel, std::string(reply.symbol), 0, 0, {}};
  if (*channel == Channel::Book) feed.depth = reply.depth.value_or(10);
  if (*channel == Channel::Ohlc) feed.interval_minutes = reply.interval_minutes.value_or(1);
  if (*channel == Channel::Ticker) {
    feed.event_trigger = reply.event_trigger.empty() ? std::string_view("trades") : reply.event_trigger;
  }
  return feed;
}

int book_depth_of(const BookSnapshot& snapshot) {
  const auto levels = std::max(snapshot.bids.size(), snapshot.asks.size());
  for (const int depth : spot_v2::kBookDepths) {
    if (static_cast<std::size_t>(depth) >= levels) return depth;
  }
  return spot_v2::kBookDepths.back();
}

// Understands answers and, where a recording has none, learns from the data what feeds there are.
class Lookahead::Learner final : public EventSink {
 public:
  Learner(Lookahead& owner, RecordedFrame& frame) : owner_(owner), frame_(frame) {}

  void on_event(const Event& event) override {
    if (const auto* reply = std::get_if<Reply>(&event)) {
      frame_.reply = recorded(*reply);
      if (!frame_.reply->feed) return;
      owner_.acknowledging_.insert(frame_.connection);
      owner_.feeds_.insert(*frame_.reply->feed);
    } else if (std::holds_alternative<StatusChange>(event)) {
      frame_.is_status = true;
    } else if (const auto* book = std::get_if<BookSnapshot>(&event)) {
      owner_.feeds_.insert(Feed::book(std::string(book->symbol), book_depth_of(*book)));
    } else if (const auto* trade = std::get_if<Trade>(&event)) {
      owner_.feeds_.insert(Feed::trade(std::string(trade->symbol)));
    } else if (const auto* ticker = std::get_if<Ticker>(&event)) {
      owner_.feeds_.insert(Feed::ticker(std::string(ticker->symbol)));
    } else if (const auto* candle = std::get_if<Candle>(&event)) {
      owner_.feeds_.insert(
          Feed::ohlc(std::string(candle->symbol), static_cast<int>(candle->interval / std::chrono::minutes(1))));
    } else if (std::holds_alternative<InstrumentUpdate>(event)) {
      owner_.feeds_.insert(Feed::instrument());
    }
  }

 private:
  Lookahead& owner_;
  RecordedFrame& frame_;
};

Lookahead::Lookahead(std::unique_ptr<FrameSource> source, LookaheadLimits limits)
    : source_(std::move(source)), limits_(limits) {}

Result<void> Lookahead::fill(Timestamp until) {
  const auto limit = until + limits_.span;
  while (!ended_ && (frames_.empty() ||
                     (frames_.back().at <= limit && frames_.size() < limits_.frames && bytes_ < limits_.bytes))) {
    auto frame = source_->next();
    if (!frame || !*frame) {
      ended_ = true;
      source_.reset();
      if (!frame) return tl::unexpected<Error>(frame.error());
      break;
    }
    if (web_requests_.holds(**frame)) continue;
    if ((*frame)->direction == Direction::FromExchange || (*frame)->kind == FrameKind::Closed) add(**frame);
  }
  return {};
}

void Lookahead::add(const Frame& frame) {
  auto& own = frames_.emplace_back();
  own.sequence = ++last_sequence_;
  // Stamps never decrease in a recording; if one does, it is played at once and the order is kept.
  own.at = frames_.size() > 1 ? std::max(frame.at, frames_[frames_.size() - 2].at) : frame.at;
  own.connection = frame.connection;
  own.direction = frame.direction;
  own.kind = frame.kind;
  own.payload = frame.payload;
  bytes_ += own.payload.size();
  if (frame.kind != FrameKind::Text) return;
  // Pushed data never has a method. Where feeds are known from answers, data need not be understood twice.
  const bool may_answer = own.payload.find("\"method\"") != std::string::npos;
  const bool may_be_status = own.payload.find("\"status\"") != std::string::npos;
  if (!may_answer && !may_be_status && acknowledging_.contains(frame.connection)) return;
  Learner learner(*this, own);
  codec_.decode(own.payload, learner);
  if (own.reply) replies_.push_back(own.sequence);
  if (own.is_status) statuses_.push_back(own.sequence);
}

RecordedFrame Lookahead::pop() {
  auto frame = std::move(frames_.front());
  frames_.pop_front();
  bytes_ -= frame.payload.size();
  if (!replies_.empty() && replies_.front() == frame.sequence) replies_.pop_front();
  if (!statuses_.empty() && statuses_.front() == frame.sequence) statuses_.pop_front();
  return frame;
}

std::optional<Timestamp> Lookahead::next_status() const {
  if (statuses_.empty()) return std::nullopt;
  return frames_[static_cast<std::size_t>(statuses_.front() - frames_.front().sequence)].at;
}

}  // namespace ktape
