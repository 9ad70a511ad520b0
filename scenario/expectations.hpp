#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "scenario/entry_pattern.hpp"
#include "scenario/journal.hpp"

namespace ktape::scenario {

// What an expectation is counted from: the `times`-th entry of that kind.
struct Anchor {
  EntryPattern what{};
  std::uint64_t times = 1;
  friend bool operator==(const Anchor&, const Anchor&) = default;
};

// That something happens so often, or never. It counts in a window: from its anchor, or the beginning, to the first of
// its deadline, what it must come before, and the end of the run.
struct Expectation {
  std::string name{};  // a sentence about the client
  EntryPattern what{};
  std::uint64_t at_least = 1;
  std::optional<std::uint64_t> at_most{};  // at_least 0 and at_most 0: never
  std::optional<Anchor> after{};
  bool after_each = false;       // a window for every entry like the anchor, and it must hold in each
  bool same_connection = false;  // only what happens on the anchor's connection counts
  std::optional<Duration> within{};
  std::optional<EntryPattern> before{};

  friend bool operator==(const Expectation&, const Expectation&) = default;
};
// "at least 1 message (method subscribe) within 5s of each connect"
std::string describe(const Expectation& expectation);

enum class Verdict : std::uint8_t { Open, Met, Unmet };
std::string_view to_string(Verdict verdict);

struct Finding {
  std::string name;
  Verdict verdict = Verdict::Open;
  Timestamp at{};      // when it was certain; of an open one the present
  std::string detail;  // a sentence: what was expected, and what happened instead and when
};

// Holds what is expected against the journal as it grows. An anchor that never comes leaves its expectation unmet: what
// it is about was not tested.
class Expectations final : public JournalListener {
 public:
  // Both outlive it. The run begins now.
  Expectations(const Clock& clock, Journal& journal);
  Expectations(const Expectations&) = delete;
  Expectations& operator=(const Expectations&) = delete;

  // From now on. A name is given once.
  Result<void> add(Expectation expectation);

  void on_entry(const JournalEntry& entry) override;
  bool wants_sent() const override { return wants_sent_; }

  // As it stands, in the order in which they were added.
  std::vector<Finding> findings() const;
  // As if the run ended now: nothing is open any more.
  std::vector<Finding> final_findings() const;

  Timestamp began_at() const { return began_at_; }
  std::size_t size() const { return all_.size(); }

  static constexpr std::size_t kMaxExpectations = 1000;
  static constexpr std::size_t kMaxWindows = 10'000;  // of one expectation, open at a time

 private:
  struct Window {
    Timestamp begin{};
    std::uint32_t connection = 0;
    std::string opened_by{};   // the anchor as it came; empty: the beginning
    std::uint64_t number = 0;  // of the journal's last entry then
    std::uint64_t count = 0;
    std::optional<Timestamp> last{};  // that counted
  };
  struct Watched {
    Expectation expectation;
    std::uint64_t anchors = 0;
    std::deque<Window> windows;  // by their begin
    std::uint64_t closed = 0;    // windows that ended well
    std::uint64_t counted = 0;   // in those
    Verdict verdict = Verdict::Open;
    Timestamp decided_at{};
    std::string detail;
    std::optional<Timestamp> deadline{};  // that was missed
  };

  std::string moment(Timestamp at) const;
  static std::optional<Timestamp> deadline_of(const Watched& watched, const Window& window);
  void let_pass(Watched& watched, Timestamp now) const;
  void take(Watched& watched, const JournalEntry& entry) const;
  void count(Watched& watched, Window& window, const JournalEntry& entry) const;
  bool close_window(Watched& watched, const Window& window, Timestamp at, const std::string& by) const;
  void open_window(Watched& watched, Timestamp at, std::uint32_t connection, std::string opened_by) const;
  void decide(Watched& watched, Verdict verdict, Timestamp at, std::string detail) const;
  void finish(Watched& watched, Timestamp now) const;
  std::string came(const Watched& watched, const Window& window) const;
  std::string instead(const Watched& watched, const Window& window, Timestamp until) const;
  std::vector<Finding> evaluate(bool at_end) const;

  const Clock& clock_;
  const Journal& journal_;
  Timestamp began_at_;
  std::deque<Watched> all_;
  bool wants_sent_ = false;
};

}  // namespace ktape::scenario
