#include "tools/dedupe.hpp"

#include <algorithm>
#include <memory>
#include <set>

#include <fmt/format.h>

#include "core/base/json_text.hpp"
#include "tools/dedupe_lane.hpp"

namespace ktape {
namespace {

constexpr std::size_t kRunsPerNote = 2'000;  // so that a note stays within the limit of an annotation

// When an input was not recording: its gaps, and what lies before its first frame and after its last.
class Absences {
 public:
  Absences(const SessionReader& reader, const SessionSummary& summary) : reader_(reader), summary_(summary) {
    refresh();
  }

  // Damage is known only when it was read over.
  void refresh() { gaps_ = reader_.gaps(); }

  bool present(ConnectionId connection, Timestamp at) const {
    if (!summary_.first_at || at < *summary_.first_at || at > *summary_.last_at) return false;
    return std::none_of(gaps_.begin(), gaps_.end(), [&](const Gap& gap) {
      return gap.from <= at && at < gap.to && (!gap.connection || *gap.connection == connection);
    });
  }

  std::vector<Gap> all(ConnectionId connection) const {
    std::vector<Gap> out;
    for (const Gap& gap : gaps_) {
      if (!gap.connection || *gap.connection == connection) out.push_back(gap);
    }
    const Timestamp first = summary_.first_at.value_or(Timestamp::max());
    const Timestamp last = summary_.last_at.value_or(Timestamp::max());
    out.push_back({Timestamp::min(), first, GapCause::Other, std::nullopt, std::nullopt, "not begun yet"});
    out.push_back({last, Timestamp::max(), GapCause::Other, std::nullopt, std::nullopt, "ended before"});
    return out;
  }

 private:
  const SessionReader& reader_;
  const SessionSummary& summary_;
  std::vector<Gap> gaps_;
};

using Feeds = std::map<ConnectionId, std::set<std::pair<std::string, std::string>>>;

Feeds feeds_of(const SessionSummary& summary) {
  Feeds feeds;
  for (const StreamCount& stream : summary.streams) {
    auto& own = feeds[stream.connection];
    if (!stream.symbol.empty() && stream.direction == Direction::FromExchange) {
      own.insert({stream.channel, stream.symbol});
    }
  }
  return feeds;
}

// The connection of the second input that has most in common with each of the first, each at most once.
std::map<ConnectionId, ConnectionId> paired(const Feeds& first, const Feeds& second) {
  std::map<ConnectionId, ConnectionId> pairs;
  std::set<ConnectionId> taken;
  for (const auto& [connection, feeds] : first) {
    std::size_t best_common = 0;
    std::optional<ConnectionId> best;
    for (const auto& [candidate, others] : second) {
      if (taken.contains(candidate)) continue;
      const auto common = static_cast<std::size_t>(std::count_if(
          feeds.begin(), feeds.end(), [&others = others](const auto& feed) { return others.contains(feed); }));
      const bool closer = common == best_common && common > 0 && candidate == connection;
      if (common > best_common || closer) {
        best_common = common;
        best = candidate;
      }
    }
    if (!best) continue;
    pairs[connection] = *best;
    taken.insert(*best);
  }
  return pairs;
}

// Which frames of the result came from whom, as notes.
class Provenance {
 public:
  void add(std::uint64_t sequence, Timestamp at, unsigned sources) {
    if (runs_ == 0) {
      begin_ = sequence;
      at_ = at;
    }
    if (runs_ == 0 || sources != sources_) {
      close_run();
      if (runs_ >= kRunsPerNote) {
        close_note();
        begin_ = sequence;
        at_ = at;
      }
      sources_ = sources;
      ++runs_;
    }
    ++length_;
  }
  std::vector<Annotation> take() {
    close_run();
    close_note();
    return std::move(notes_);
  }

 private:
  void close_run() {
    if (length_ == 0) return;
    const std::string_view name = sources_ == kBoth ? "AB" : sources_ == kFirst ? "A" : "B";
    text_ += fmt::format(R"({}[{},"{}"])", text_.empty() ? "" : ",", length_, name);
    length_ = 0;
  }
  void close_note() {
    if (text_.empty()) return;
    notes_.push_back(
        {at_, std::nullopt, "frames", fmt::format(R"({{"note":"frames","from":{},"runs":[{}]}})", begin_, text_)});
    text_.clear();
    runs_ = 0;
  }

  std::vector<Annotation> notes_;
  std::string text_;
  std::uint64_t begin_ = 0;
  Timestamp at_;
  std::uint64_t length_ = 0;
  std::size_t runs_ = 0;
  unsigned sources_ = 0;
};

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

// The result of one run of dedupe().
class Dedupe {
 public:
  Dedupe(const std::array<MergeInput, 2>& inputs, SessionWriter& out, Dialect dialect, const DedupeOptions& options,
         std::array<SessionSummary, 2> summaries)
      : inputs_(inputs),
        out_(out),
        dialect_(dialect),
        options_(options),
        summaries_(std::move(summaries)),
        absences_{Absences(*inputs[0].reader, summaries_[0]), Absences(*inputs[1].reader, summaries_[1])},
        pairs_(paired(feeds_of(summaries_[0]), feeds_of(summaries_[1]))) {}

  Result<DedupeReport> run(const WorkSoFar& so_far) {
    std::array<MergeCursor, 2> cursors{MergeCursor(*inputs_[0].reader), MergeCursor(*inputs_[1].reader)};
    std::array<bool, 2> alive{};
    for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
      auto begun = cursors[i].advance();
      if (!begun) return tl::unexpected<Error>(begun.error());
      alive[i] = *begun;
    }
    std::uint64_t bytes = 0;
    while ((alive[0] || alive[1]) && out_.status()) {
      const std::size_t next = alive[0] && (!alive[1] || cursors[0].at() <= cursors[1].at()) ? 0 : 1;
      MergeCursor& cursor = cursors[next];
      if (cursor.is_first_of_batch()) {
        absences_[next].refresh();
        if (so_far) so_far(bytes);
      }
      const Frame& frame = cursor.frame();
      bytes += frame.payload.size();
      lane_of(next, frame.connection).lane->take(next, cursor.at(), frame, cursor.made());
      if (auto done = release(cursor.at()); !done) return tl::unexpected<Error>(done.error());
      const auto more = cursor.advance();
      if (!more) return tl::unexpected<Error>(more.error());
      alive[next] = *more;
    }
    if (auto done = release(std::nullopt); !done) return tl::unexpected<Error>(done.error());
    flush_made();
    note_gaps();
    if (auto done = annotate(); !done) return tl::unexpected<Error>(done.error());
    report_.connections = numbers_.all();
    return std::move(report_);
  }

 private:
  struct Lane {
    std::array<std::optional<ConnectionId>, 2> was;  // nothing where an input has no such connection
    ConnectionId is{};
    std::unique_ptr<DedupeLane> lane;
  };

  Lane& lane_of(std::size_t input, ConnectionId connection) {
    const auto key = std::pair(input, connection);
    if (const auto known = lanes_by_origin_.find(key); known != lanes_by_origin_.end()) return *known->second;
    auto lane = std::make_unique<Lane>();
    lane->was[input] = connection;
    for (const auto& [first, second] : pairs_) {
      if (input == 0 ? first == connection : second == connection) lane->was = {first, second};
    }
    // A pair has the number of its first.
    lane->is = lane->was[0] ? numbers_.of(0, *lane->was[0]) : numbers_.of(1, connection);
    lane->lane = std::make_unique<DedupeLane>(
        dialect_, lane->is,
        [this, was = lane->was](std::size_t which, Timestamp at) {
          return was[which] && absences_[which].present(*was[which], at);
        },
        report_);
    for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
      if (lane->was[i]) lanes_by_origin_[{i, *lane->was[i]}] = lane.get();
    }
    return *lanes_.emplace_back(std::move(lane));
  }

  // What has waited long enough, in the order of time over all connections; all if there is no `now`.
  Result<void> release(std::optional<Timestamp> now) {
    while (out_.status()) {
      DedupeLane* next = nullptr;
      for (const auto& lane : lanes_) {
        const auto at = lane->lane->next_at();
        if (at && (next == nullptr || *at < *next->next_at())) next = lane->lane.get();
      }
      if (next == nullptr || (now && *now - *next->next_at() <= options_.window)) break;
      next->release([this](const PendingFrame& frame) { say(frame); });
      if (!next->status()) return next->status();
    }
    return out_.status();
  }

  void say(const PendingFrame& said) {
    Frame frame = said.frame;
    if (frame.at < last_at_) {
      frame.at = last_at_;
      ++report_.restamped;
    }
    last_at_ = frame.at;
    if (said.made) {
      made_.push_back({frame, said.payload});
      return;
    }
    flush_made();
    provenance_.add(out_.frames(), frame.at, said.sources);
    out_.on_frame(frame);
    ++report_.frames;
    if (said.sources == kBoth) {
      ++report_.from_both;
    } else {
      ++report_.from_one[said.sources == kFirst ? 0 : 1];
    }
  }

  void flush_made() {
    if (made_.empty()) return;
    std::vector<Frame> frames;
    for (auto& [frame, payload] : made_) {
      frame.payload = payload;
      frames.push_back(frame);
    }
    out_.write_keyframe(frames);
    made_.clear();
  }

  // Where both were absent. The writer notes by itself where a connection was closed.
  void note_gaps() {
    std::vector<Gap> both;
    for (const auto& lane : lanes_) {
      if (!lane->was[0] || !lane->was[1]) {
        const std::size_t input = lane->was[0] ? 0 : 1;
        for (Gap gap : absences_[input].all(*lane->was[input])) {
          if (gap.cause == GapCause::Disconnected || gap.from == Timestamp::min() || gap.to == Timestamp::max())
            continue;
          gap.connection = lane->is;
          both.push_back(std::move(gap));
        }
        continue;
      }
      for (const Gap& a : absences_[0].all(*lane->was[0])) {
        for (const Gap& b : absences_[1].all(*lane->was[1])) {
          const Timestamp from = std::max(a.from, b.from);
          const Timestamp to = std::min(a.to, b.to);
          if (from >= to || from == Timestamp::min() || to == Timestamp::max()) continue;
          if (a.cause == GapCause::Disconnected && b.cause == GapCause::Disconnected) continue;
          const GapCause cause = b.cause == GapCause::Disconnected || b.cause == GapCause::Other ? a.cause : b.cause;
          both.push_back(
              {from, to, cause, std::nullopt, lane->is,
               fmt::format("in both: {}: {}; {}: {}", inputs_[0].name, a.detail, inputs_[1].name, b.detail)});
        }
      }
    }
    // What follows from trade ids and checksums says no more than a gap that was told.
    std::erase_if(report_.gaps, [&](const Gap& found) {
      return std::any_of(both.begin(), both.end(), [&](const Gap& told) {
        return told.connection == found.connection && told.from <= found.to && found.from <= told.to;
      });
    });
    report_.gaps.insert(report_.gaps.end(), both.begin(), both.end());
    std::stable_sort(report_.gaps.begin(), report_.gaps.end(),
                     [](const Gap& a, const Gap& b) { return a.from < b.from; });
    for (const Gap& gap : report_.gaps) out_.note_gap(gap);
  }

  Result<void> annotate() {
    std::vector<Annotation> notes = provenance_.take();
    notes.push_back({summaries_[0].first_at.value_or(Timestamp{}), std::nullopt, "provenance",
                     fmt::format(R"({{"note":"provenance","AB":{},"A":{},"B":{}}})", report_.from_both,
                                 report_.from_one[0], report_.from_one[1])});
    for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
      const SessionInfo& info = inputs_[i].reader->info();
      notes.push_back({info.created_at, std::nullopt, "input",
                       fmt::format(R"({{"note":"input","name":"{}","file":{},"session":{}}})", i == 0 ? "A" : "B",
                                   quoted(inputs_[i].name), quoted(info.session_id))});
    }
    for (const auto& lane : lanes_) {
      for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
        if (!lane->was[i]) continue;
        notes.push_back({inputs_[i].reader->info().created_at, lane->is, "source",
                         fmt::format(R"({{"note":"source","connection":{},"name":"{}","was":{}}})",
                                     static_cast<std::uint32_t>(lane->is), i == 0 ? "A" : "B",
                                     static_cast<std::uint32_t>(*lane->was[i]))});
      }
    }
    for (const Disagreement& one : report_.first_disagreements) {
      notes.push_back({one.at, std::nullopt, "disagreement",
                       fmt::format(R"({{"note":"disagreement","symbol":{},"what":{},"stays":{},"left_out":{}}})",
                                   quoted(one.symbol), quoted(one.what), quoted(one.first), quoted(one.second))});
    }
    for (const Annotation& note : notes) out_.annotate(note);
    return out_.status();
  }

  const std::array<MergeInput, 2>& inputs_;
  SessionWriter& out_;
  Dialect dialect_;
  DedupeOptions options_;
  std::array<SessionSummary, 2> summaries_;
  std::array<Absences, 2> absences_;
  std::map<ConnectionId, ConnectionId> pairs_;
  ConnectionNumbers numbers_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::map<std::pair<std::size_t, ConnectionId>, Lane*> lanes_by_origin_;
  std::vector<std::pair<Frame, std::string>> made_;
  Provenance provenance_;
  Timestamp last_at_ = Timestamp::min();
  DedupeReport report_;
};

}  // namespace

Result<DedupeReport> dedupe(const std::array<MergeInput, 2>& inputs, SessionWriter& out, Dialect dialect,
                            const DedupeOptions& options, const WorkSoFar& so_far) {
  if (make_codec(dialect) == nullptr) {
    return fail(Errc::Unsupported, fmt::format("messages of {} are not understood by this version, and so cannot be "
                                               "matched",
                                               to_string(dialect)));
  }
  auto first = inputs[0].reader->summary();
  if (!first) return tl::unexpected<Error>(first.error());
  auto second = inputs[1].reader->summary();
  if (!second) return tl::unexpected<Error>(second.error());
  return Dedupe(inputs, out, dialect, options, {std::move(*first), std::move(*second)}).run(so_far);
}

}  // namespace ktape
