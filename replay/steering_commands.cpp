#include "replay/steering_commands.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "core/base/json_text.hpp"

namespace ktape {
namespace {

constexpr std::size_t kMaxWords = 4;
// What up and down stay within.
constexpr std::uint32_t kFastest = 65'536;

using Words = std::span<const std::string_view>;
using Played = std::optional<std::uint64_t>;

std::vector<std::string_view> words_of(std::string_view line) {
  constexpr std::string_view kBlank = " \t\r\n";
  std::vector<std::string_view> words;
  while (words.size() <= kMaxWords) {
    const std::size_t begin = line.find_first_not_of(kBlank);
    if (begin == line.npos) break;
    const std::size_t end = std::min(line.find_first_of(kBlank, begin), line.size());
    words.push_back(line.substr(begin, end - begin));
    line.remove_prefix(end);
  }
  return words;
}

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

tl::unexpected<Error> usage(std::string_view verb, std::string_view expected, Words given) {
  return fail(Errc::InvalidArgument, given.empty()
                                         ? fmt::format("{}: {} expected", verb, expected)
                                         : fmt::format("{} {}: {} expected", verb, fmt::join(given, " "), expected));
}

Result<Played> nothing_played(Result<void> done) {
  if (!done) return tl::unexpected<Error>(done.error());
  return Played{};
}
Result<Played> played(Result<std::uint64_t> frames) {
  if (!frames) return tl::unexpected<Error>(frames.error());
  return Played{*frames};
}

// "08:03:20.5" as the span since midnight.
std::optional<Duration> time_of_day(std::string_view text) {
  const auto part = [](std::string_view digits, int below) -> std::optional<int> {
    const auto value = digits.size() == 2 ? number<int>(digits) : std::nullopt;
    return value && *value >= 0 && *value < below ? value : std::nullopt;
  };
  if (text.size() < 5 || text[2] != ':') return std::nullopt;
  const auto hour = part(text.substr(0, 2), 24);
  const auto minute = part(text.substr(3, 2), 60);
  if (!hour || !minute) return std::nullopt;
  Duration span = std::chrono::hours(*hour) + std::chrono::minutes(*minute);
  if (text.size() == 5) return span;
  if (text[5] != ':' || text.size() < 8) return std::nullopt;
  const auto second = part(text.substr(6, 2), 60);
  if (!second) return std::nullopt;
  span += std::chrono::seconds(*second);
  if (text.size() == 8) return span;
  const std::string_view digits = text.substr(9);
  auto fraction = text[8] == '.' && digits.size() <= 9 ? number<std::uint32_t>(digits) : std::nullopt;
  if (!fraction) return std::nullopt;
  for (std::size_t i = digits.size(); i < 9; ++i) *fraction *= 10;
  return span + Duration{*fraction};
}

std::optional<Rate> shifted(const std::optional<Rate>& rate, bool up) {
  if (!rate) return up ? std::nullopt : std::optional(Rate{kFastest / 64, 1});
  Rate next = *rate;
  if (up) {
    next.denominator % 2 == 0 ? next.denominator /= 2 : next.numerator *= next.numerator > kFastest / 2 ? 1 : 2;
  } else {
    next.numerator % 2 == 0 ? next.numerator /= 2 : next.denominator *= next.denominator > kFastest / 2 ? 1 : 2;
  }
  return next;
}

Result<Played> do_step(SteeredPlayer& player, Words given) {
  constexpr std::string_view kExpected = "a number of frames, a number and 'events', or a span such as 1m";
  if (given.empty()) return played(player.step(std::uint64_t{1}));
  const auto count = number<std::uint64_t>(given[0]);
  if (given.size() == 2 && count && (given[1] == "events" || given[1] == "event")) {
    return played(player.step_events(*count));
  }
  if (given.size() != 1) return usage("step", kExpected, given);
  if (count) return played(player.step(*count));
  const auto span = parse_duration(given[0]);
  if (!span) return usage("step", kExpected, given);
  return played(player.step(*span));
}

Result<Played> do_burst(SteeredPlayer& player, Words given) {
  const auto count = given.size() == 1 ? number<std::uint64_t>(given[0]) : std::nullopt;
  if (!count) return usage("burst", "a number of frames", given);
  return played(player.burst(*count));
}

Result<Played> do_back(SteeredPlayer& player, Words given) {
  const auto count = given.empty() ? 1 : given.size() == 1 ? number<std::uint64_t>(given[0]) : std::nullopt;
  if (!count) return usage("back", "a number of frames", given);
  return nothing_played(player.back(*count));
}

Result<Played> do_seek(SteeredPlayer& player, Words given) {
  if (given.size() != 1) return usage("seek", "one moment such as 08:03:20, 3m, +30s or -30s", given);
  const auto status = player.status();
  const auto at = parse_moment(given[0], status.begin, status.at);
  if (!at) return tl::unexpected<Error>(at.error());
  return nothing_played(player.seek(*at));
}

Result<Played> do_until(SteeredPlayer& player, Words given) {
  if (given.size() != 1) return usage("until", "one moment such as 08:03:20, 3m or +30s, or off", given);
  if (given[0] == "off") return nothing_played(player.until(std::nullopt));
  const auto status = player.status();
  const auto at = parse_moment(given[0], status.begin, status.at);
  if (!at) return tl::unexpected<Error>(at.error());
  return nothing_played(player.until(*at));
}

Result<Played> do_rate(SteeredPlayer& player, Words given) {
  if (given.size() != 1) return usage("rate", "one of max, up, down, or a ratio such as 10 or 1/2", given);
  const bool up = given[0] == "up";
  if (up || given[0] == "down") return nothing_played(player.set_rate(shifted(player.status().rate, up)));
  const auto rate = parse_rate(given[0]);
  if (!rate) return tl::unexpected<Error>(rate.error());
  return nothing_played(player.set_rate(*rate));
}

Result<Played> do_max_wait(SteeredPlayer& player, Words given) {
  if (given.size() != 1) return usage("max-wait", "one span such as 5s, or off", given);
  if (given[0] == "off") {
    player.set_max_wait(std::nullopt);
    return Played{};
  }
  const auto span = parse_duration(given[0]);
  if (!span) return tl::unexpected<Error>(span.error());
  player.set_max_wait(*span);
  return Played{};
}

Result<Played> do_loop(SteeredPlayer& player, Words given) {
  const bool known = given.size() == 1 && (given[0] == "on" || given[0] == "off" || given[0] == "toggle");
  if (!known) return usage("loop", "on, off or toggle", given);
  player.set_loop(given[0] == "on" || (given[0] == "toggle" && !player.status().loop));
  return Played{};
}

// A verb that takes nothing.
template <auto act>
Result<Played> plain(SteeredPlayer& player, Words given) {
  if (!given.empty()) return fail(Errc::InvalidArgument, fmt::format("'{}' is more than this verb takes", given[0]));
  return act(player);
}

struct Verb {
  std::string_view name;
  Result<Played> (*act)(SteeredPlayer&, Words);
};

constexpr auto kPause = [](SteeredPlayer& player) -> Result<Played> {
  player.pause();
  return Played{};
};
constexpr auto kResume = [](SteeredPlayer& player) { return nothing_played(player.resume()); };
constexpr auto kToggle = [](SteeredPlayer& player) { return nothing_played(player.toggle()); };
constexpr auto kStatus = [](SteeredPlayer&) -> Result<Played> { return Played{}; };

constexpr std::array kVerbs{
    Verb{"pause", plain<kPause>},  Verb{"resume", plain<kResume>}, Verb{"toggle", plain<kToggle>},
    Verb{"step", do_step},         Verb{"back", do_back},          Verb{"burst", do_burst},
    Verb{"seek", do_seek},         Verb{"until", do_until},        Verb{"rate", do_rate},
    Verb{"max-wait", do_max_wait}, Verb{"loop", do_loop},          Verb{"status", plain<kStatus>},
};

}  // namespace

Result<Timestamp> parse_moment(std::string_view text, Timestamp begin, Timestamp now) {
  if (text == "begin") return begin;
  const auto bad = [text] {
    return fail(Errc::InvalidArgument,
                fmt::format("'{}' is no moment: 2026-09-01T08:03:00Z, 08:03:20, 3m20s, +30s or -30s expected", text));
  };
  if (text.starts_with('+') || text.starts_with('-')) {
    const auto span = parse_duration(text.substr(1));
    if (!span || *span > Player::kMaxSilence) return bad();
    return text.starts_with('+') ? now + *span : now - *span;
  }
  if (const auto of_day = time_of_day(text)) {
    constexpr Duration kDay = std::chrono::hours(24);
    const Timestamp at = floor_to(begin, kDay) + *of_day;
    return at < begin ? at + kDay : at;
  }
  if (const auto at = parse_rfc3339(text)) {
    if (*at < Player::kEarliest || *at > Player::kLatest) return bad();
    return *at;
  }
  const auto span = parse_duration(text);
  if (!span || *span > Player::kMaxSilence) return bad();
  return begin + *span;
}

std::string_view steering_verbs() {
  static const std::string all = [] {
    std::string text;
    for (const Verb& verb : kVerbs) text += fmt::format("{}{}", text.empty() ? "" : ", ", verb.name);
    return text;
  }();
  return all;
}

bool is_steering_verb(std::string_view word) {
  return std::any_of(kVerbs.begin(), kVerbs.end(), [word](const Verb& verb) { return verb.name == word; });
}

Result<std::optional<std::uint64_t>> steer(SteeredPlayer& player, std::string_view line) {
  const auto words = words_of(line);
  if (words.empty()) return fail(Errc::InvalidArgument, fmt::format("a verb expected: {}", steering_verbs()));
  for (const Verb& verb : kVerbs) {
    if (verb.name == words[0]) return verb.act(player, Words(words).subspan(1));
  }
  return fail(Errc::InvalidArgument,
              fmt::format("'{}' is no verb: one of {} expected", words[0].substr(0, 40), steering_verbs()));
}

std::string steering_status_json(const SteeringStatus& status) {
  const auto moment = [](const std::optional<Timestamp>& at) {
    return at ? fmt::format("\"{}\"", format_rfc3339(*at)) : "null";
  };
  return fmt::format(
      R"("state":"{}","at":{},"begin":{},"end":{},"rate":"{}","until":{},"max_wait":{},"loop":{},"round":{},)"
      R"("shift":"{}","frames":{},"events":{},"silences_skipped":{},"skipped":"{}")",
      to_string(status.state), moment(status.at), moment(status.begin), moment(status.end), rate_text(status.rate),
      moment(status.until), status.max_wait ? fmt::format("\"{}\"", format_duration(*status.max_wait)) : "null",
      status.loop, status.round, format_duration(status.shift), status.frames, status.events, status.silences_skipped,
      format_duration(status.skipped));
}

std::string refusal(const Error& error) {
  std::string line = R"({"ok":false,"error":)";
  append_json_string(line, error.detail);
  return line + "}";
}

std::string answer_to(SteeredPlayer& player, std::string_view line) {
  const auto done = steer(player, line);
  if (!done) return refusal(done.error());
  const std::string frames = *done ? fmt::format(R"("played":{},)", **done) : std::string();
  return fmt::format(R"({{"ok":true,{}{}}})", frames, steering_status_json(player.status()));
}

std::string notice_text(const SteeringNotice& notice) {
  switch (notice.kind) {
    case SteeringNotice::Kind::SilenceSkipped:
      return fmt::format("skipped {} of silence from {}", format_duration(notice.span), format_rfc3339(notice.at, 3));
    case SteeringNotice::Kind::UntilReached:
      return fmt::format("paused at {}", format_rfc3339(notice.at, 3));
    case SteeringNotice::Kind::RoundBegun:
      return fmt::format("begins again, stamps moved by {}", format_duration(notice.span));
    case SteeringNotice::Kind::Ended:
      return fmt::format("ended at {}", format_rfc3339(notice.at, 3));
  }
  return {};
}

}  // namespace ktape
