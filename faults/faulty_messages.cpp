#include <algorithm>

#include "faults/faulty_links.hpp"
#include "faults/message_edits.hpp"
#include "faults/refusals.hpp"
#include "faults/traits.hpp"
#include "faults/wire_text.hpp"

namespace ktape {
namespace {

using faults::Family;

bool is_message(FrameKind kind) { return kind == FrameKind::Text || kind == FrameKind::Binary; }

}  // namespace

void FaultyExchange::Impl::pass(Link& link, Direction direction, FrameKind kind, std::string_view payload) {
  const auto keep = link.shared_from_this();
  Passage passage{link, direction, kind, std::string(payload), {}, {}};
  if (kind == FrameKind::Text && link.dialect) {
    passage.facts = faults::facts_of(*link.dialect, direction, passage.original);
    if (direction == Direction::FromExchange && !link.seq_shifts.empty() && !passage.facts->symbols.empty()) {
      // Messages that were put into a book are counted by all that follow.
      const auto shift = link.seq_shifts.find(passage.facts->symbols.front());
      if (shift != link.seq_shifts.end()) {
        if (auto shifted = faults::with_seq_shifted(*passage.facts, passage.original, shift->second)) {
          passage.original = std::move(*shifted);
          passage.facts = faults::facts_of(*link.dialect, direction, passage.original);
        }
      }
    }
  }
  passage.letters.push_back({passage.original});
  // A copy: who hears of an act may change the plan.
  for (const auto& entry : std::vector<std::shared_ptr<Entry>>(plan_.entries_)) {
    if (!entry->enabled || !entry->looks_at(direction)) continue;
    State* const state = meet(link, *entry);
    if (state == nullptr || !state->fits || !plan_.in_window(*entry, link.opened_at)) continue;
    apply(passage, *entry, *state);
    if (link.client == nullptr || link.ending || passage.letters.empty()) return;
  }
  send(passage);
}

bool FaultyExchange::Impl::picks(const Entry& entry, const Passage& passage) {
  const FaultWhere& where = entry.fault.where;
  if (!where.picks_messages()) return true;
  if (!is_message(passage.kind)) return false;
  return faults::fits(where, passage.facts.value_or(faults::MessageFacts{}), passage.original);
}

// Whether the fault acts on this message, which is one that it could act on. Whoever is told of it may end the
// connection, or take the fault away: then it does not.
bool FaultyExchange::Impl::decide(Passage& passage, Entry& entry, State& state) {
  if (!plan_.decide(entry)) return false;
  Link& link = passage.link;
  tell(link, entry, state);
  if (entry.enabled && link.client != nullptr && link.states.contains(entry.id)) return true;
  if (link.client == nullptr) passage.letters.clear();
  return false;
}

void FaultyExchange::Impl::apply(Passage& passage, Entry& entry, State& state) {
  if (!picks(entry, passage)) return;
  switch (family_of(entry.fault.kind)) {
    case Family::Connection:
      return apply_to_connection(passage, entry, state);
    case Family::Message:
      if (is_message(passage.kind)) apply_to_message(passage, entry, state);
      return;
    case Family::Content:
      if (passage.facts && passage.direction == Direction::FromExchange) apply_to_content(passage, entry, state);
      return;
    case Family::Request:
      if (passage.facts && passage.direction == Direction::ToExchange) apply_to_request(passage, entry, state);
      return;
    case Family::Travel:  // when it is sent
    case Family::BeforeConnection:
      return;
  }
}

void FaultyExchange::Impl::apply_to_connection(Passage& passage, Entry& entry, State& state) {
  if (const auto* const limit = std::get_if<faults::LimitData>(&entry.fault.kind)) {
    std::uint64_t& bytes = state.bytes[index_of(passage.direction)];
    if (bytes + passage.original.size() <= limit->bytes.bytes) {
      bytes += passage.original.size();
      return;
    }
  } else if (is_timed(entry.fault) || !is_message(passage.kind) || state.fired) {
    return;
  }
  if (!decide(passage, entry, state)) return;
  state.fired = true;
  if (!strike(passage.link, entry, state)) passage.letters.clear();
}

void FaultyExchange::Impl::apply_to_message(Passage& passage, Entry& entry, State& state) {
  std::vector<Letter>& letters = passage.letters;
  const faults::Kind& kind = entry.fault.kind;
  if (const auto* const late = std::get_if<faults::Reorder>(&kind)) return reorder(passage, entry, state, *late);
  if (std::holds_alternative<faults::Corrupt>(kind) && !faults::corrupted(letters.front().text, 1, entry.random))
    return;
  if (!decide(passage, entry, state)) return;
  if (std::holds_alternative<faults::Drop>(kind)) {
    letters.clear();
  } else if (const auto* const duplicate = std::get_if<faults::Duplicate>(&kind)) {
    const std::size_t size = letters.size();
    for (std::uint32_t copy = 0; copy < duplicate->copies; ++copy) {
      for (std::size_t i = 0; i < size; ++i) {
        Letter again = letters[i];
        again.late += duplicate->delay;
        again.apart = again.apart || duplicate->delay > Duration::zero();
        letters.push_back(std::move(again));
      }
    }
  } else if (const auto* const delay = std::get_if<faults::Delay>(&kind)) {
    for (Letter& letter : letters) {
      letter.late += delay->delay;
      letter.apart = true;
    }
  } else if (const auto* const cut_short = std::get_if<faults::Truncate>(&kind)) {
    for (Letter& letter : letters) letter.text = faults::truncated(letter.text, cut_short->bytes);
  } else if (const auto* const corrupt = std::get_if<faults::Corrupt>(&kind)) {
    for (Letter& letter : letters) {
      if (auto damaged = faults::corrupted(letter.text, corrupt->characters, entry.random)) {
        letter.text = std::move(*damaged);
      }
    }
  }
}

void FaultyExchange::Impl::reorder(Passage& passage, Entry& entry, State& state, const faults::Reorder& kind) {
  Link& link = passage.link;
  const auto of_this_way = [&](const auto& held) { return held->direction == passage.direction; };
  if (std::any_of(state.held.begin(), state.held.end(), of_this_way)) {
    // This is one that passes, and those that have waited for it come behind it.
    std::vector<std::unique_ptr<Held>> waiting;
    for (auto& held : std::exchange(state.held, {})) {
      if (held->direction == passage.direction && --held->left == 0) {
        passage.letters.push_back({std::move(held->text)});
      } else {
        waiting.push_back(std::move(held));
      }
    }
    state.held = std::move(waiting);
    return;
  }
  if (!decide(passage, entry, state)) return;
  for (Letter& letter : passage.letters) {
    auto held = std::make_unique<Held>();
    held->direction = passage.direction;
    held->kind = passage.kind;
    held->text = std::move(letter.text);
    held->left = kind.by;
    held->deadline = timers_.at(timers_.now() + kind.within, [this, connection = link.id, id = entry.id](Timestamp) {
      const auto there = find(connection);
      if (!there) return;
      if (const auto at = there->states.find(id); at != there->states.end()) release_held(*there, at->second);
    });
    state.held.push_back(std::move(held));
  }
  passage.letters.clear();
}

// What was held back waits no longer.
void FaultyExchange::Impl::release_held(Link& link, State& state) {
  const auto keep = link.shared_from_this();
  for (const auto& held : std::exchange(state.held, {})) {
    link.lane(held->direction).send(held->kind, held->text, timers_.now());
  }
}

void FaultyExchange::Impl::release_all_held(Link& link) {
  std::vector<FaultId> all;
  for (const auto& [id, state] : link.states) all.push_back(id);
  for (const FaultId id : all) {
    if (const auto at = link.states.find(id); at != link.states.end()) release_held(link, at->second);
  }
}

void FaultyExchange::Impl::apply_to_content(Passage& passage, Entry& entry, State& state) {
  const Dialect dialect = *passage.link.dialect;
  const faults::MessageFacts& facts = *passage.facts;
  const faults::Kind& kind = entry.fault.kind;
  if (std::holds_alternative<faults::MissingHeartbeat>(kind)) {
    if (facts.data && facts.channel == "heartbeat" && decide(passage, entry, state)) passage.letters.clear();
  } else if (const auto* const gap = std::get_if<faults::Gap>(&kind)) {
    if (!facts.numbered || facts.snapshot) return;
    if (state.gap_left > 0) {
      --state.gap_left;
      passage.letters.clear();
    } else if (decide(passage, entry, state)) {
      state.gap_left = gap->messages - 1;
      passage.letters.clear();
    }
  } else if (std::holds_alternative<faults::WrongChecksum>(kind)) {
    const auto wrong = [&](std::string_view text) { return faults::with_wrong_checksum(dialect, facts, text); };
    if (!wrong(passage.original) || !decide(passage, entry, state)) return;
    for (Letter& letter : passage.letters) {
      if (auto text = wrong(letter.text)) letter.text = std::move(*text);
    }
  } else if (const auto* const ahead = std::get_if<faults::ClockAhead>(&kind)) {
    const auto moved = [&](std::string_view text) {
      return faults::with_clock_shifted(dialect, text, ahead->shift.by);
    };
    if (!moved(passage.original) || !decide(passage, entry, state)) return;
    for (Letter& letter : passage.letters) {
      if (auto text = moved(letter.text)) letter.text = std::move(*text);
    }
  } else {
    edit_book(passage, entry, state);
  }
}

void FaultyExchange::Impl::edit_book(Passage& passage, Entry& entry, State& state) {
  const Dialect dialect = *passage.link.dialect;
  const faults::MessageFacts& facts = *passage.facts;
  const bool cross = std::holds_alternative<faults::CrossedBook>(entry.fault.kind);
  const auto edit = [&](std::string_view text) {
    return cross ? faults::with_crossed_level(dialect, facts, text) : faults::with_unknown_delete(dialect, facts, text);
  };
  if (!edit(passage.original) || !decide(passage, entry, state)) return;
  std::vector<Letter> edited;
  for (Letter& letter : passage.letters) {
    auto book = edit(letter.text);
    if (book) letter.text = std::move(book->text);
    Letter second{book ? std::move(book->second) : std::string(), letter.late, letter.apart};
    edited.push_back(std::move(letter));
    if (!second.text.empty()) edited.push_back(std::move(second));
  }
  passage.letters = std::move(edited);
  if (dialect == Dialect::FuturesV1 && !facts.symbols.empty()) {
    ++passage.link.seq_shifts[std::string(facts.symbols.front())];
  }
}

void FaultyExchange::Impl::apply_to_request(Passage& passage, Entry& entry, State& state) {
  const Dialect dialect = *passage.link.dialect;
  const faults::MessageFacts& facts = *passage.facts;
  const faults::Kind& kind = entry.fault.kind;
  const Timestamp now = timers_.now();
  if (const auto* const error = std::get_if<faults::ErrorReply>(&kind)) {
    // Pings are answered, unless somebody means them.
    if (facts.method == "ping" && !entry.fault.where.picks_messages()) return;
    if (!decide(passage, entry, state)) return;
    passage.letters.clear();
    answer(passage.link, faults::refused(dialect, facts, error->error, now));
  } else if (std::holds_alternative<faults::InvalidToken>(kind)) {
    if (!facts.has_token || !decide(passage, entry, state)) return;
    passage.letters.clear();
    answer(passage.link, faults::token_refused(dialect, facts, now));
  } else if (const auto* const limit = std::get_if<faults::RateLimit>(&kind)) {
    limit_rate(passage, entry, state, *limit);
  } else if (const auto* const dead_man = std::get_if<faults::DeadManSwitch>(&kind)) {
    const auto changed = [&](std::string_view text) {
      return faults::with_timeout(dialect, facts, text, dead_man->timeout);
    };
    if (!changed(passage.original) || !decide(passage, entry, state)) return;
    for (Letter& letter : passage.letters) {
      if (auto text = changed(letter.text)) letter.text = std::move(*text);
    }
  }
}

void FaultyExchange::Impl::limit_rate(Passage& passage, Entry& entry, State& state, const faults::RateLimit& kind) {
  const Timestamp now = timers_.now();
  auto& requests = state.requests;
  while (!requests.empty() && requests.front() <= now - kind.per) requests.pop_front();
  if (requests.size() < kind.requests) {
    requests.push_back(now);
    return;
  }
  if (!decide(passage, entry, state)) return;
  passage.letters.clear();
  Link& link = passage.link;
  if (*link.dialect == Dialect::FuturesV1) return close(link, {1008, "Exceeded msg rate"});
  answer(link, faults::rate_exceeded(*link.dialect, *passage.facts, now));
}

// In the exchange's stead.
void FaultyExchange::Impl::answer(Link& link, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    if (link.client == nullptr || link.ending) return;
    if (link.is_silent(Direction::FromExchange)) return;
    Passage passage{link, Direction::FromExchange, FrameKind::Text, text, {}, {{text}}};
    passage.facts = faults::facts_of(*link.dialect, Direction::FromExchange, passage.original);
    send(passage);
  }
}

void FaultyExchange::Impl::send(Passage& passage) {
  Link& link = passage.link;
  for (Letter& letter : passage.letters) {
    if (link.client == nullptr || link.ending) return;
    const Timestamp at = due(passage, letter) + letter.late;
    Lane& lane = link.lane(passage.direction);
    if (letter.apart) {
      lane.send_apart(passage.kind, letter.text, at);
    } else {
      lane.send(passage.kind, letter.text, at, std::move(letter.slices));
    }
  }
}

// When a message arrives that is sent now, or its first slice.
Timestamp FaultyExchange::Impl::due(const Passage& passage, Letter& letter) {
  Timestamp at = timers_.now();
  for (const auto& entry : std::vector<std::shared_ptr<Entry>>(plan_.entries_)) {
    if (family_of(entry->fault.kind) != Family::Travel ||
        std::holds_alternative<faults::SlowClose>(entry->fault.kind)) {
      continue;
    }
    if (!entry->enabled || !entry->looks_at(passage.direction) || !picks(*entry, passage)) continue;
    State* const state = meet(passage.link, *entry);
    if (state == nullptr || !state->fits || !plan_.in_window(*entry, passage.link.opened_at)) continue;
    at += delay_of(passage, *entry, *state, letter, at);
  }
  return at;
}

// How much later than `at` it arrives for this fault.
Duration FaultyExchange::Impl::delay_of(const Passage& passage, Entry& entry, State& state, Letter& letter,
                                        Timestamp at) {
  const std::size_t size = letter.text.size();
  const faults::Kind& kind = entry.fault.kind;
  std::uint64_t rate = 0;  // kilobytes a second
  if (const auto* const bandwidth = std::get_if<faults::Bandwidth>(&kind)) {
    rate = bandwidth->rate.kilobytes_per_second;
  } else if (const auto* const slow = std::get_if<faults::SlowStart>(&kind)) {
    rate = slow->rate.kilobytes_per_second;
    const auto doublings = (timers_.now() - passage.link.opened_at) / slow->doubling;
    for (std::int64_t i = 0; i < doublings && rate < slow->full.kilobytes_per_second; ++i) rate *= 2;
    if (rate >= slow->full.kilobytes_per_second) return Duration::zero();
  }
  if (!plan_.decide(entry)) return Duration::zero();
  tell(passage.link, entry, state);
  if (!passage.link.states.contains(entry.id)) return Duration::zero();  // who was told has taken it away
  if (rate > 0) {
    // One message after the other: a kilobyte a second is a microsecond for a thousandth of a byte.
    constexpr std::uint64_t kNanosecondsPerByte = 1'000'000;
    Timestamp& free_at = state.free_at[index_of(passage.direction)];
    const auto needs = static_cast<std::int64_t>(size * kNanosecondsPerByte / rate);
    free_at = std::max(free_at, at) + Duration(needs);
    return free_at - at;
  }
  if (const auto* const latency = std::get_if<faults::Latency>(&kind)) {
    Duration delay = latency->latency;
    if (latency->jitter > Duration::zero()) {
      const auto width = static_cast<std::uint64_t>(latency->jitter.count()) * 2 + 1;
      delay += Duration(static_cast<std::int64_t>(entry.random.below(width))) - latency->jitter;
    }
    return std::max(delay, Duration::zero());
  }
  if (const auto* const slicer = std::get_if<faults::Slicer>(&kind)) {
    Lane::Slices slices;
    Duration delay{};
    for (std::uint64_t left = size; left > 0;) {
      const std::uint64_t drawn = slicer->average_size.bytes - slicer->size_variation.bytes +
                                  entry.random.below(slicer->size_variation.bytes * 2 + 1);
      const std::uint64_t slice = std::min(std::max<std::uint64_t>(drawn, 1), left);
      left -= slice;
      if (!slices.empty()) delay += slicer->delay;
      slices.push_back({slice, slices.empty() ? Duration::zero() : slicer->delay});
    }
    const bool is_cut = plan_.cuts_below_ && passage.direction == Direction::FromExchange && is_message(passage.kind) &&
                        !letter.apart && letter.slices.empty();
    if (!is_cut) return delay;
    letter.slices = std::move(slices);
  }
  return Duration::zero();
}

// When the end of a connection is told.
Timestamp FaultyExchange::Impl::due_of_end(Link& link) {
  Timestamp at = timers_.now();
  for (const auto& entry : std::vector<std::shared_ptr<Entry>>(plan_.entries_)) {
    const auto* const slow = std::get_if<faults::SlowClose>(&entry->fault.kind);
    if (slow == nullptr || !entry->enabled) continue;
    State* const state = meet(link, *entry);
    if (state == nullptr || !state->fits || !plan_.in_window(*entry, link.opened_at) || !plan_.decide(*entry)) continue;
    tell(link, *entry, *state);
    at += slow->delay;
  }
  return at;
}

}  // namespace ktape
