#include "scenario/pattern_reader.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "scenario/scenario.hpp"

namespace ktape::scenario {
namespace {

constexpr std::uint64_t kMostTimes = 1'000'000'000;
constexpr std::size_t kShown = 64;

// What an entry of each event can have.
std::vector<std::string_view> conditions_of(JournalEvent event) {
  switch (event) {
    case JournalEvent::Connect:
      return {"connection", "host", "path"};
    case JournalEvent::Refusal:
      return {"host", "path", "code"};
    case JournalEvent::Message:
      return {"connection", "method", "channel", "symbol", "text"};
    case JournalEvent::Sent:
      return {"connection", "method", "channel", "symbol", "success", "text"};
    case JournalEvent::Ping:
    case JournalEvent::Pong:
      return {"connection", "text"};
    case JournalEvent::Close:
      return {"connection", "by", "code", "text"};
    case JournalEvent::Call:
      return {"host", "path", "method", "code", "name", "text"};
    case JournalEvent::Fault:
      return {"connection", "name", "text"};
    case JournalEvent::Engine:
    case JournalEvent::Step:
      return {"name"};
    case JournalEvent::Clock:
    case JournalEvent::Note:
      return {"text"};
  }
  return {};
}

Result<void> read_condition(const yaml::Reader& reader, const std::string& name, const YAML::Node& node,
                            EntryPattern& out) {
  const auto number = [&](std::uint64_t least, std::uint64_t most) { return reader.count(node, name, least, most); };
  if (name == "connection") {
    const auto value = number(1, std::numeric_limits<std::uint32_t>::max());
    if (!value) return tl::unexpected<Error>(value.error());
    out.connection = static_cast<std::uint32_t>(*value);
    return {};
  }
  if (name == "code") {
    const auto value = number(100, 4999);
    if (!value) return tl::unexpected<Error>(value.error());
    out.code = static_cast<std::uint16_t>(*value);
    return {};
  }
  if (name == "success") {
    const auto value = reader.flag(node, name);
    if (!value) return tl::unexpected<Error>(value.error());
    out.success = *value;
    return {};
  }
  auto text = reader.word(node, name);
  if (!text) return tl::unexpected<Error>(text.error());
  if (name == "by" && *text != "client" && *text != "server") {
    return reader.wrong(node, name, fmt::format("'{}' is neither client nor server", text->substr(0, kShown)));
  }
  struct Place {
    std::string_view name;
    std::string EntryPattern::*member;
  };
  constexpr std::array<Place, 8> kPlaces{{{"host", &EntryPattern::host},
                                          {"path", &EntryPattern::path},
                                          {"method", &EntryPattern::method},
                                          {"channel", &EntryPattern::channel},
                                          {"symbol", &EntryPattern::symbol},
                                          {"by", &EntryPattern::by},
                                          {"name", &EntryPattern::name},
                                          {"text", &EntryPattern::text}}};
  const auto* const place =
      std::find_if(kPlaces.begin(), kPlaces.end(), [&](const Place& one) { return one.name == name; });
  out.*place->member = std::move(*text);
  return {};
}

// Reads a member that says what happens; false if it is another member.
Result<bool> read_event(const yaml::Reader& reader, const std::string& name, const YAML::Node& value,
                        std::optional<EntryPattern>& out) {
  const auto event = parse_journal_event(name);
  if (!event) return false;
  if (out) {
    return reader.wrong(value, name, fmt::format("one thing at a time: {} was there before", to_string(out->event)));
  }
  auto pattern = read_pattern(reader, value, *event);
  if (!pattern) return tl::unexpected<Error>(pattern.error());
  out = std::move(*pattern);
  return true;
}

}  // namespace

Result<EntryPattern> read_pattern(const yaml::Reader& reader, const YAML::Node& node, JournalEvent event) {
  EntryPattern pattern{.event = event};
  const std::string what(to_string(event));
  const auto allowed = conditions_of(event);
  auto read = reader.each_member(node, what, [&](const std::string& name, const YAML::Node& value) -> Result<void> {
    if (std::find(allowed.begin(), allowed.end(), name) == allowed.end()) {
      return reader.wrong(value, what,
                          fmt::format("unknown key '{}': {} has {}; {{}} is any", name.substr(0, kShown), what,
                                      fmt::join(allowed, ", ")));
    }
    return read_condition(reader, name, value, pattern);
  });
  if (!read) return tl::unexpected<Error>(read.error());
  return pattern;
}

Result<std::optional<Anchor>> read_anchor(const yaml::Reader& reader, const YAML::Node& node, std::string_view what,
                                          const OtherMembers& others) {
  std::optional<EntryPattern> pattern;
  std::optional<std::uint64_t> times;
  auto read = reader.each_member(node, what, [&](const std::string& name, const YAML::Node& value) -> Result<void> {
    if (others.read) {
      const auto known = others.read(name, value);
      if (!known) return tl::unexpected<Error>(known.error());
      if (*known) return {};
    }
    const auto is_event = read_event(reader, name, value, pattern);
    if (!is_event) return tl::unexpected<Error>(is_event.error());
    if (*is_event) return {};
    if (name != "times") {
      return reader.wrong(value, what,
                          fmt::format("unknown key '{}': {}times, or one of {}", name.substr(0, kShown), others.allowed,
                                      journal_event_words()));
    }
    const auto count = reader.count(value, name, 1, kMostTimes);
    if (!count) return tl::unexpected<Error>(count.error());
    times = *count;
    return {};
  });
  if (!read) return tl::unexpected<Error>(read.error());
  if (!pattern && times)
    return reader.wrong(node, what, fmt::format("times of what? one of {}", journal_event_words()));
  if (!pattern) return std::optional<Anchor>{};
  return std::optional(Anchor{std::move(*pattern), times.value_or(1)});
}

namespace {

struct ExpectationParts {
  std::string name;
  std::optional<EntryPattern> what, before;
  std::optional<Anchor> after, after_each;
  std::optional<std::uint64_t> at_least, at_most, exactly;
  bool never = false;
  bool same_connection = false;
  std::optional<Duration> within;
};

template <class T>
Result<void> put(Result<T> value, std::optional<T>& out) {
  if (!value) return tl::unexpected<Error>(value.error());
  out = std::move(*value);
  return {};
}

Result<void> read_part(const yaml::Reader& reader, const std::string& name, const YAML::Node& value,
                       ExpectationParts& out) {
  const auto is_event = read_event(reader, name, value, out.what);
  if (!is_event) return tl::unexpected<Error>(is_event.error());
  if (*is_event) return {};
  if (name == "name") {
    auto text = reader.word(value, name);
    if (!text) return tl::unexpected<Error>(text.error());
    out.name = std::move(*text);
    return {};
  }
  if (name == "at_least") return put(reader.count(value, name, 1, kMostTimes), out.at_least);
  if (name == "at_most") return put(reader.count(value, name, 1, kMostTimes), out.at_most);
  if (name == "exactly") return put(reader.count(value, name, 1, kMostTimes), out.exactly);
  if (name == "within") return put(reader.duration(value, name), out.within);
  if (name == "after" || name == "after_each" || name == "before") {
    auto anchor = read_anchor(reader, value, name);
    if (!anchor) return tl::unexpected<Error>(anchor.error());
    if (!*anchor) return reader.wrong(value, name, fmt::format("says nothing: one of {}", journal_event_words()));
    if (name == "before") {
      if ((*anchor)->times != 1) return reader.wrong(value, name, "times has no meaning here: the first one counts");
      out.before = std::move((*anchor)->what);
    } else {
      (name == "after" ? out.after : out.after_each) = std::move(*anchor);
    }
    return {};
  }
  if (name == "never" || name == "same_connection") {
    const auto flag = reader.flag(value, name);
    if (!flag) return tl::unexpected<Error>(flag.error());
    (name == "never" ? out.never : out.same_connection) = *flag;
    return {};
  }
  return reader.wrong(
      value, "expect",
      fmt::format("unknown key '{}': name, at_least, at_most, exactly, never, within, after, after_each, "
                  "same_connection, before, or one of {}",
                  name.substr(0, kShown), journal_event_words()));
}

// What does not fit together.
std::string contradiction(const ExpectationParts& parts) {
  if (parts.name.empty()) return "no name: a sentence about the client, which reports show";
  if (!parts.what) return fmt::format("nothing is expected: one of {}", journal_event_words());
  if (parts.exactly && (parts.at_least || parts.at_most)) return "exactly excludes at_least and at_most";
  if (parts.never && (parts.exactly || parts.at_least || parts.at_most)) {
    return "never excludes exactly, at_least and at_most";
  }
  if (parts.at_least && parts.at_most && *parts.at_least > *parts.at_most) return "at_least is more than at_most";
  if (parts.after && parts.after_each) return "after excludes after_each";
  if (parts.same_connection && !parts.after && !parts.after_each) {
    return "same_connection needs after or after_each, whose connection it means";
  }
  const auto has_connection = [](const EntryPattern& pattern) {
    return pattern.event <= JournalEvent::Sent && pattern.event != JournalEvent::Refusal;
  };
  if (parts.same_connection && !has_connection((parts.after ? *parts.after : *parts.after_each).what)) {
    return "same_connection: what it comes after has no connection";
  }
  if (parts.same_connection && !has_connection(*parts.what)) {
    return "same_connection: what is expected has no connection";
  }
  return {};
}

}  // namespace

Result<Expectation> read_expectation(const yaml::Reader& reader, const YAML::Node& node) {
  ExpectationParts parts;
  auto read = reader.each_member(node, "expect", [&](const std::string& name, const YAML::Node& value) {
    return read_part(reader, name, value, parts);
  });
  if (!read) return tl::unexpected<Error>(read.error());
  if (const std::string problem = contradiction(parts); !problem.empty()) {
    return reader.wrong(node, parts.name.empty() ? "expect" : parts.name, problem);
  }
  Expectation out{.name = std::move(parts.name), .what = std::move(*parts.what)};
  if (parts.never) {
    out.at_least = 0;
    out.at_most = 0;
  } else if (parts.exactly) {
    out.at_least = *parts.exactly;
    out.at_most = parts.exactly;
  } else if (parts.at_most) {
    out.at_least = parts.at_least.value_or(0);
    out.at_most = parts.at_most;
  } else {
    out.at_least = parts.at_least.value_or(1);
  }
  out.after_each = parts.after_each.has_value();
  out.after = parts.after_each ? std::move(parts.after_each) : std::move(parts.after);
  out.same_connection = parts.same_connection;
  out.within = parts.within;
  out.before = std::move(parts.before);
  return out;
}

Result<Expectation> parse_expectation(std::string_view text, const std::string& path) {
  const auto node = yaml::parse(text, path);
  if (!node) return tl::unexpected<Error>(node.error());
  return read_expectation(yaml::Reader(path), *node);
}

}  // namespace ktape::scenario
