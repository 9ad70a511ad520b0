#include "scenario/expectations.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace ktape::scenario {
namespace {

std::string count_text(const Expectation& expectation) {
  if (expectation.at_most == std::uint64_t{0}) return "no";
  if (!expectation.at_most) return fmt::format("at least {}", expectation.at_least);
  if (*expectation.at_most == expectation.at_least) return fmt::format("exactly {}", expectation.at_least);
  if (expectation.at_least == 0) return fmt::format("at most {}", *expectation.at_most);
  return fmt::format("{} to {}", expectation.at_least, *expectation.at_most);
}

Timestamp saturated(Timestamp at, Duration span) {
  return span > Timestamp::max() - std::max(at, Timestamp{}) ? Timestamp::max() : at + span;
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::Met:
      return "met";
    case Verdict::Unmet:
      return "unmet";
    case Verdict::Open:
      break;
  }
  return "open";
}

std::string describe(const Expectation& expectation) {
  std::string out = fmt::format("{} {}", count_text(expectation), describe(expectation.what));
  const bool from_start = !expectation.after;
  if (expectation.within) out += fmt::format(" within {}", format_duration(*expectation.within));
  if (from_start) {
    if (expectation.within) out += " of the beginning";
  } else {
    out += expectation.within ? " of " : " after ";
    if (expectation.after_each) out += "each ";
    if (expectation.after->times > 1) out += fmt::format("time {} of ", expectation.after->times);
    out += describe(expectation.after->what);
    if (expectation.same_connection) out += " on its connection";
  }
  if (expectation.before) out += fmt::format(", before {}", describe(*expectation.before));
  return out;
}

Expectations::Expectations(const Clock& clock, Journal& journal)
    : clock_(clock), journal_(journal), began_at_(clock.now()) {
  journal.listen(*this);
}

Result<void> Expectations::add(Expectation expectation) {
  if (all_.size() >= kMaxExpectations) {
    return fail(Errc::Limit, fmt::format("'{}': there are {} expectations already", expectation.name, all_.size()));
  }
  const bool known = std::any_of(all_.begin(), all_.end(),
                                 [&](const Watched& watched) { return watched.expectation.name == expectation.name; });
  if (known) {
    return fail(Errc::InvalidArgument, fmt::format("an expectation named '{}' is there already", expectation.name));
  }
  const auto is_sent = [](const EntryPattern& pattern) { return pattern.event == JournalEvent::Sent; };
  wants_sent_ = wants_sent_ || is_sent(expectation.what) || (expectation.after && is_sent(expectation.after->what)) ||
                (expectation.before && is_sent(*expectation.before));
  Watched& watched = all_.emplace_back();
  watched.expectation = std::move(expectation);
  if (!watched.expectation.after) open_window(watched, clock_.now(), 0, {});
  return {};
}

// Since the beginning of the run, which is shorter to read than a date.
std::string Expectations::moment(Timestamp at) const {
  return fmt::format("+{}", format_duration(std::max(at - began_at_, Duration::zero())));
}

std::optional<Timestamp> Expectations::deadline_of(const Watched& watched, const Window& window) {
  if (!watched.expectation.within) return std::nullopt;
  return saturated(window.begin, *watched.expectation.within);
}

void Expectations::decide(Watched& watched, Verdict verdict, Timestamp at, std::string detail) const {
  watched.verdict = verdict;
  watched.decided_at = at;
  watched.detail = std::move(detail);
  watched.windows.clear();
}

void Expectations::open_window(Watched& watched, Timestamp at, std::uint32_t connection, std::string opened_by) const {
  if (watched.windows.size() >= kMaxWindows) {
    decide(watched, Verdict::Unmet, at, fmt::format("more than {} are waited for at a time", kMaxWindows));
    return;
  }
  watched.windows.push_back(
      {.begin = at, .connection = connection, .opened_by = std::move(opened_by), .number = journal_.total()});
}

// How often it came, as the beginning of a sentence.
std::string Expectations::came(const Watched& watched, const Window& window) const {
  const std::string since =
      window.opened_by.empty() ? "" : fmt::format(" since {} at {}", window.opened_by, moment(window.begin));
  if (window.count == 0) return fmt::format("there was no {}{}", describe(watched.expectation.what), since);
  return fmt::format("{} came{}, the last at {}", window.count, since, moment(*window.last));
}

// What came most like it: the last of the same kind, or else the last of any.
std::string Expectations::instead(const Watched& watched, const Window& window, Timestamp until) const {
  const JournalEntry* near = nullptr;
  const auto& entries = journal_.entries();
  for (auto entry = entries.rbegin(); entry != entries.rend() && entry->number > window.number; ++entry) {
    if (entry->at > until) continue;
    if (entry->event == watched.expectation.what.event) {
      near = &*entry;
      break;
    }
    const bool tells = entry->event != JournalEvent::Sent && entry->event != JournalEvent::Step;
    if (near == nullptr && tells) near = &*entry;
  }
  if (near == nullptr) return "nothing else happened";
  return fmt::format("instead there was {} at {}", describe(*near), moment(near->at));
}

// The window is over: true if what had to come has come.
bool Expectations::close_window(Watched& watched, const Window& window, Timestamp at, const std::string& by) const {
  const Expectation& expectation = watched.expectation;
  if (window.count >= expectation.at_least) {
    ++watched.closed;
    watched.counted += window.count;
    return true;
  }
  std::string detail =
      fmt::format("{} expected; {} until {} at {}", describe(expectation), came(watched, window), by, moment(at));
  if (window.count == 0) detail += fmt::format("; {}", instead(watched, window, at));
  const std::optional<Timestamp> deadline = deadline_of(watched, window);
  decide(watched, Verdict::Unmet, at, std::move(detail));
  watched.deadline = deadline;
  return false;
}

// Closes the windows whose deadline has passed.
void Expectations::let_pass(Watched& watched, Timestamp now) const {
  while (watched.verdict == Verdict::Open && !watched.windows.empty()) {
    const Window window = watched.windows.front();
    const auto deadline = deadline_of(watched, window);
    if (!deadline || *deadline >= now) return;
    if (!close_window(watched, window, *deadline, "the deadline")) return;
    watched.windows.pop_front();
    if (!watched.expectation.after_each) {
      decide(watched, Verdict::Met, *deadline,
             fmt::format("{}: {}", describe(watched.expectation), came(watched, window)));
    }
  }
}

void Expectations::count(Watched& watched, Window& window, const JournalEntry& entry) const {
  const Expectation& expectation = watched.expectation;
  if (expectation.same_connection && entry.connection != window.connection) return;
  ++window.count;
  window.last = entry.at;
  if (expectation.at_most && window.count > *expectation.at_most) {
    decide(watched, Verdict::Unmet, entry.at,
           fmt::format("{} expected; {}: {}", describe(expectation), came(watched, window), describe(entry)));
    return;
  }
  // What can only become more is certain now.
  if (!expectation.at_most && !expectation.after_each && window.count >= expectation.at_least) {
    const std::string what_came = came(watched, window);
    decide(watched, Verdict::Met, entry.at, fmt::format("{}: {}", describe(expectation), what_came));
  }
}

void Expectations::take(Watched& watched, const JournalEntry& entry) const {
  if (watched.verdict == Verdict::Unmet && watched.deadline && watched.expectation.what.matches(entry)) {
    watched.detail +=
        fmt::format("; one came at {}, {} too late", moment(entry.at), format_duration(entry.at - *watched.deadline));
    watched.deadline.reset();
  }
  if (watched.verdict != Verdict::Open) return;
  let_pass(watched, entry.at);
  if (watched.verdict != Verdict::Open) return take(watched, entry);

  const Expectation& expectation = watched.expectation;
  if (expectation.before && expectation.before->matches(entry)) {
    const std::string by = describe(entry);
    for (std::deque<Window> windows = std::exchange(watched.windows, {}); !windows.empty(); windows.pop_front()) {
      if (!close_window(watched, windows.front(), entry.at, by)) return;
      if (!expectation.after_each) {
        return decide(watched, Verdict::Met, entry.at,
                      fmt::format("{}: {}", describe(expectation), came(watched, windows.front())));
      }
    }
  }
  const bool counts = expectation.what.matches(entry);
  // By index: a verdict clears them.
  for (std::size_t i = 0; counts && i < watched.windows.size(); ++i) count(watched, watched.windows[i], entry);
  if (watched.verdict != Verdict::Open || !expectation.after) return;
  // A window that needs no more is over, so that many anchors do not keep many windows.
  if (counts && expectation.after_each && !expectation.at_most) {
    std::erase_if(watched.windows, [&](const Window& window) {
      if (window.count < expectation.at_least) return false;
      ++watched.closed;
      watched.counted += window.count;
      return true;
    });
  }
  if (!expectation.after->what.matches(entry)) return;
  ++watched.anchors;
  const bool begins = expectation.after_each ? watched.anchors % expectation.after->times == 0
                                             : watched.anchors == expectation.after->times;
  if (begins) open_window(watched, entry.at, entry.connection, describe(entry));
}

void Expectations::on_entry(const JournalEntry& entry) {
  for (Watched& watched : all_) take(watched, entry);
}

// The run is over: every window closes now.
void Expectations::finish(Watched& watched, Timestamp now) const {
  if (watched.verdict != Verdict::Open) return;
  const Expectation& expectation = watched.expectation;
  const std::string wanted = describe(expectation);
  if (expectation.after && watched.windows.empty() && watched.closed == 0) {
    const bool some = watched.anchors > 0;
    return decide(
        watched, Verdict::Unmet, now,
        fmt::format("{} expected; but {} came {}, so there was nothing to hold it against", wanted,
                    describe(expectation.after->what), some ? fmt::format("only {} times", watched.anchors) : "never"));
  }
  for (std::deque<Window> windows = std::exchange(watched.windows, {}); !windows.empty(); windows.pop_front()) {
    if (!close_window(watched, windows.front(), now, "the end")) return;
  }
  const std::string windows = expectation.after_each ? fmt::format(" in {} cases", watched.closed) : "";
  decide(watched, Verdict::Met, now, fmt::format("{}: {} came{}", wanted, watched.counted, windows));
}

std::vector<Finding> Expectations::evaluate(bool at_end) const {
  std::vector<Finding> found;
  const Timestamp now = clock_.now();
  for (Watched watched : all_) {  // a copy: asking changes nothing
    let_pass(watched, now);
    if (at_end) finish(watched, now);
    if (watched.verdict == Verdict::Open) {
      watched.decided_at = now;
      watched.detail = fmt::format("{} expected", describe(watched.expectation));
    }
    found.push_back({watched.expectation.name, watched.verdict, watched.decided_at, std::move(watched.detail)});
  }
  return found;
}

std::vector<Finding> Expectations::findings() const { return evaluate(false); }
std::vector<Finding> Expectations::final_findings() const { return evaluate(true); }

}  // namespace ktape::scenario
