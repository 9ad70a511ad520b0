#include "replay/lookahead.hpp"

#include <algorithm>
#include <utility>

#include "core/protocol/dialect.hpp"

namespace ktape {
namespace {

RecordedReply recorded(const Reply& reply, const RecordedDialect& dialect) {
  RecordedReply own;
  own.method = reply.method;
  own.success = reply.success;
  own.request_id = reply.request_id;
  own.error = reply.error;
  own.symbol = reply.symbol;
  own.snapshot = reply.snapshot.value_or(true);
  own.feed = dialect.feed_of(reply);
  return own;
}

}  // namespace

// Understands answers and, where a recording has none, learns from the data what feeds there are.
class Lookahead::Learner final : public EventSink {
 public:
  Learner(Lookahead& owner, RecordedFrame& frame) : owner_(owner), frame_(frame) {}

  void on_event(const Event& event) override {
    if (const auto* reply = std::get_if<Reply>(&event)) {
      frame_.reply = recorded(*reply, owner_.dialect_);
      if (!frame_.reply->feed) return;
      owner_.acknowledging_.insert(frame_.connection);
      owner_.learn(*frame_.reply->feed, frame_.payload);
    } else if (std::holds_alternative<StatusChange>(event)) {
      frame_.is_status = true;
    } else if (const auto feed = feed_begun_by(owner_.dialect_, event, frame_.payload)) {
      owner_.learn(*feed, frame_.payload);
    }
  }

 private:
  Lookahead& owner_;
  RecordedFrame& frame_;
};

Lookahead::Lookahead(const RecordedDialect& dialect, std::unique_ptr<FrameSource> source, LookaheadLimits limits)
    : dialect_(dialect), source_(std::move(source)), limits_(limits) {}

void Lookahead::learn(const Feed& feed, std::string_view text) {
  feeds_.insert(feed);
  if (const auto number = dialect_.channel_number(text)) numbers_.insert_or_assign(feed, *number);
}

std::optional<std::uint64_t> Lookahead::number_of(const Feed& feed) const {
  const auto at = numbers_.find(feed);
  return at == numbers_.end() ? std::nullopt : std::optional(at->second);
}

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
  auto& codec = codecs_[frame.connection];
  if (!codec) codec = make_codec(dialect_.dialect());
  if (frame.kind == FrameKind::Opened) codec->reset();
  if (frame.kind != FrameKind::Text) return;
  // Where feeds are known from answers, data need not be understood twice.
  if (acknowledging_.contains(frame.connection) && !dialect_.may_answer(own.payload)) return;
  Learner learner(*this, own);
  codec->decode(own.payload, learner);
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
