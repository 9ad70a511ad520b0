#include "replay/state_history.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "core/base/virtual_clock.hpp"
#include "replay/player.hpp"
#include "replay/recorded_clients.hpp"

namespace ktape {
namespace {

constexpr std::uint64_t kFramesPerProgress = 65'536;
// So long a payload costs as much to decode as another frame.
constexpr std::uint64_t kBytesPerFrame = 512;

class EventsInto final : public EventSink {
 public:
  EventsInto(RecordedState& state, Timestamp at, ConnectionId connection)
      : state_(state), at_(at), connection_(connection) {}
  void on_event(const Event& event) override { state_.take(at_, connection_, event); }

 private:
  RecordedState& state_;
  Timestamp at_;
  ConnectionId connection_;
};

class Unheard final : public EventSink {
  void on_event(const Event&) override {}
};

bool is_answer(const Event& event) {
  const auto* const reply = std::get_if<Reply>(&event);
  return (reply != nullptr && reply->method != "pong") || std::holds_alternative<TradingReply>(event) ||
         std::holds_alternative<Challenge>(event);
}

}  // namespace

// The forward pass.
class StateHistory::Pass final : private FrameSink {
 public:
  Pass(StateHistory& owner, SessionReader& reader)
      : owner_(owner),
        reader_(reader),
        clock_(Timestamp::min()),
        state_(owner.options_.state),
        sinks_(state_, clock_, [this](ConnectionId connection, const Event& event) { told(connection, event); }),
        clients_(
            owner.dialect_, clock_, [this](ConnectionId connection) -> EventSink& { return sinks_.of(connection); },
            owner.options_.client),
        player_(reader, clock_, *this) {}

  Result<void> run(const Progress& progress) {
    owner_.keep({.next_sequence = reader_.next_sequence(), .state = state_});
    for (;;) {
      const auto stepped = player_.step();
      if (!stepped) return tl::unexpected<Error>(stepped.error());
      if (!*stepped) break;
      // After the frames of a keyframe the reader could not go on without telling it again.
      if (work_ >= owner_.options_.spacing && !reader_.in_keyframe()) {
        work_ = 0;
        state_.stand_at(clock_.now());
        owner_.keep({owner_.frames_, reader_.next_sequence(), owner_.notes_.size(), owner_.heard_.size(), web_requests_,
                     state_});
      }
      if (owner_.note_bytes_ > owner_.options_.max_bytes) {
        return fail(Errc::Limit, fmt::format("what happened to connections and subscriptions up to {} takes more than "
                                             "the {} bytes that are allowed",
                                             format_rfc3339(clock_.now()), owner_.options_.max_bytes));
      }
      if (progress && owner_.frames_ % kFramesPerProgress == 0) progress(owner_.frames_, clock_.now());
    }
    if (owner_.frames_ == 0) return fail(Errc::NotFound, "the recording has no frames");
    owner_.last_at_ = clock_.now();
    return {};
  }

 private:
  void on_frame(const Frame& frame) override {
    if (owner_.frames_++ == 0) owner_.first_at_ = clock_.now();
    work_ += 1 + frame.payload.size() / kBytesPerFrame;
    const bool web = web_requests_.holds(frame);
    answered_ = false;
    clients_.on_frame(frame);
    if (web || !owner_.codec_remembers_) return;
    const bool opened = frame.kind == FrameKind::Opened;
    const bool asked = frame.kind == FrameKind::Text && frame.direction == Direction::ToExchange;
    if (!opened && !asked && !answered_) return;
    owner_.heard_.push_back(
        {owner_.frames_, frame.connection, frame.direction, frame.kind, std::string(frame.payload)});
    owner_.note_bytes_ += sizeof(Heard) + frame.payload.size();
  }

  void told(ConnectionId connection, const Event& event) {
    if (is_answer(event)) answered_ = true;
    if (std::holds_alternative<LinkChange>(event) || std::holds_alternative<StreamStateChange>(event) ||
        std::holds_alternative<BookStateChange>(event)) {
      owner_.note(owner_.frames_, clock_.now(), connection, event);
    }
  }

  StateHistory& owner_;
  SessionReader& reader_;
  VirtualClock clock_;
  RecordedState state_;
  StateSinks sinks_;
  RecordedClients clients_;
  Player player_;
  WebRequests web_requests_;
  std::uint64_t work_ = 0;  // since the last checkpoint
  bool answered_ = false;
};

StateHistory::StateHistory(Dialect dialect, StateHistoryOptions options)
    : dialect_(dialect), codec_remembers_(dialect != Dialect::SpotV2), options_(std::move(options)) {
  options_.client.candles.intervals.clear();
  options_.spacing = std::max<std::uint64_t>(options_.spacing, 1);
}

Result<std::unique_ptr<StateHistory>> StateHistory::build(const Open& open, StateHistoryOptions options,
                                                          const Progress& progress) {
  auto reader = open();
  if (!reader) return tl::unexpected<Error>(reader.error());
  const std::string& name = (*reader)->info().dialect;
  const auto dialect = name.empty() ? std::optional(Dialect::SpotV2) : parse_dialect(name);
  if (!dialect || !make_codec(*dialect)) {
    return fail(Errc::Unsupported,
                fmt::format("the recording is of the dialect '{}', which this version does not know", name));
  }
  std::unique_ptr<StateHistory> history(new StateHistory(*dialect, std::move(options)));
  if (auto done = Pass(*history, **reader).run(progress); !done) return tl::unexpected<Error>(done.error());
  history->reader_ = std::move(*reader);
  if (auto done = history->go_to(history->checkpoints_.front()); !done) return tl::unexpected<Error>(done.error());
  return history;
}

void StateHistory::note(std::uint64_t frames, Timestamp at, ConnectionId connection, const Event& event) {
  Note& note = notes_.emplace_back();
  note.frames = frames;
  note.at = at;
  note.connection = connection;
  note.event = event;
  // The text is copied into one piece, and the event's views are moved to it.
  std::vector<std::string_view*> views;
  if (auto* const link = std::get_if<LinkChange>(&note.event)) views = {&link->detail};
  if (auto* const book = std::get_if<BookStateChange>(&note.event))
    views = {&book->symbol, &book->reason, &book->channel};
  if (auto* const stream = std::get_if<StreamStateChange>(&note.event)) {
    views = {&stream->channel, &stream->symbol, &stream->reason};
  }
  for (const std::string_view* const view : views) note.text += *view;
  std::size_t at_byte = 0;
  for (std::string_view* const view : views) {
    *view = std::string_view(note.text).substr(at_byte, view->size());
    at_byte += view->size();
  }
  note_bytes_ += sizeof(Note) + note.text.size();
}

void StateHistory::keep(Checkpoint checkpoint) {
  std::unordered_set<const void*> seen;
  if (!checkpoints_.empty()) static_cast<void>(checkpoints_.back().state.footprint(seen));
  checkpoint_bytes_ += checkpoint.state.footprint(seen) + sizeof(Checkpoint);
  checkpoints_.push_back(std::move(checkpoint));
  if (checkpoint_bytes_ + note_bytes_ > options_.max_bytes) thin_out();
}

// The beginning stays.
void StateHistory::thin_out() {
  std::deque<Checkpoint> kept;
  for (std::size_t i = 0; i < checkpoints_.size(); i += 2) kept.push_back(std::move(checkpoints_[i]));
  checkpoints_ = std::move(kept);
  options_.spacing *= 2;
  std::unordered_set<const void*> seen;
  checkpoint_bytes_ = 0;
  for (const Checkpoint& each : checkpoints_) checkpoint_bytes_ += each.state.footprint(seen) + sizeof(Checkpoint);
}

StateHistory::Stats StateHistory::stats() const {
  return {checkpoints_.size(), checkpoint_bytes_ + note_bytes_, options_.spacing, notes_.size()};
}

// ---- going about
// ------------------------------------------------------------------------------------------------------

Result<const RecordedState*> StateHistory::at(Timestamp at) {
  if (at < first_at_ || at > last_at_) {
    return fail(Errc::InvalidArgument,
                fmt::format("{} is outside of the recording, which has frames from {} to {}", format_rfc3339(at),
                            format_rfc3339(first_at_), format_rfc3339(last_at_)));
  }
  const auto after =
      std::upper_bound(checkpoints_.begin() + 1, checkpoints_.end(), at,
                       [](Timestamp wanted, const Checkpoint& each) { return wanted < each.state.at(); });
  const Checkpoint& before = *std::prev(after);
  if (at < state_.at() || before.frames > position_) {
    if (auto done = go_to(before); !done) return tl::unexpected<Error>(done.error());
  }
  for (;;) {
    const auto next = look_ahead();
    if (!next) return tl::unexpected<Error>(next.error());
    if (*next == nullptr || (*next)->at > at) break;
    take(**next);
  }
  take_notes(at);
  state_.stand_at(at);
  return &state_;
}

Result<const RecordedState*> StateHistory::after(std::uint64_t frames) {
  if (frames > frames_) {
    return fail(Errc::InvalidArgument, fmt::format("the recording has {} frames, not {}", frames_, frames));
  }
  const auto later =
      std::upper_bound(checkpoints_.begin() + 1, checkpoints_.end(), frames,
                       [](std::uint64_t wanted, const Checkpoint& each) { return wanted < each.frames; });
  const Checkpoint& before = *std::prev(later);
  const bool passed = frames < position_ || (frames == position_ && state_.at() > frame_at_);
  if (passed || before.frames > position_) {
    if (auto done = go_to(before); !done) return tl::unexpected<Error>(done.error());
  }
  while (position_ < frames) {
    const auto next = look_ahead();
    if (!next) return tl::unexpected<Error>(next.error());
    if (*next == nullptr) return fail(Errc::Corrupt, "the recording has become shorter since its states were noted");
    take(**next);
  }
  state_.stand_at(frame_at_);
  return &state_;
}

Result<const RecordedState*> StateHistory::forward() {
  if (position_ == frames_) return nullptr;
  return after(position_ + 1);
}

Result<const RecordedState*> StateHistory::back() {
  if (position_ == 0) return nullptr;
  return after(position_ - 1);
}

Result<void> StateHistory::go_to(const Checkpoint& checkpoint) {
  reader_->seek_to_sequence(checkpoint.next_sequence);
  next_.reset();
  web_requests_ = checkpoint.web_requests;
  state_ = RecordedState(checkpoint.state);
  position_ = checkpoint.frames;
  frame_at_ = checkpoint.frames == 0 ? first_at_ : checkpoint.state.at();
  next_note_ = checkpoint.notes;
  if (!codec_remembers_) return {};
  codecs_.clear();
  for (std::size_t i = 0; i < checkpoint.heard; ++i) hear(heard_[i]);
  return {};
}

Result<const Frame*> StateHistory::look_ahead() {
  if (position_ == frames_) return nullptr;
  if (!next_) {
    auto frame = reader_->next();
    if (!frame) return tl::unexpected<Error>(frame.error());
    next_ = *frame;
  }
  return next_ ? &*next_ : nullptr;
}

Codec& StateHistory::codec_of(ConnectionId connection) {
  auto& codec = codecs_[codec_remembers_ ? connection : ConnectionId{}];
  if (!codec) codec = make_codec(dialect_);
  return *codec;
}

void StateHistory::hear(const Heard& heard) {
  Codec& codec = codec_of(heard.connection);
  if (heard.kind == FrameKind::Opened) {
    codec.reset();
  } else if (heard.direction == Direction::ToExchange) {
    if (const auto request = codec.decode_request(heard.payload)) codec.sent(*request);
  } else {
    Unheard nobody;
    codec.decode(heard.payload, nobody);
  }
}

void StateHistory::take(const Frame& frame) {
  // What timers did before it.
  for (; next_note_ < notes_.size() && notes_[next_note_].frames <= position_; ++next_note_) {
    const Note& note = notes_[next_note_];
    state_.take(note.at, note.connection, note.event);
  }
  ++position_;
  frame_at_ = std::max(frame_at_, frame.at);
  if (!web_requests_.holds(frame)) {
    Codec& codec = codec_of(frame.connection);
    if (frame.kind == FrameKind::Text && frame.direction == Direction::FromExchange) {
      EventsInto events(state_, frame_at_, frame.connection);
      codec.decode(frame.payload, events);
    } else if (codec_remembers_ && frame.kind == FrameKind::Text) {
      if (const auto request = codec.decode_request(frame.payload)) codec.sent(*request);
    } else if (codec_remembers_ && frame.kind == FrameKind::Opened) {
      codec.reset();
    }
  }
  next_.reset();
  take_notes(frame_at_);
}

void StateHistory::take_notes(Timestamp until) {
  for (; next_note_ < notes_.size(); ++next_note_) {
    const Note& note = notes_[next_note_];
    if (note.frames > position_ || note.at > until) return;
    state_.take(note.at, note.connection, note.event);
  }
}

}  // namespace ktape
