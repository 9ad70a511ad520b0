#include <algorithm>
#include <array>
#include <type_traits>

#include <fmt/format.h>

#include "core/base/json_text.hpp"
#include "faults/channels.hpp"
#include "faults/fault.hpp"
#include "faults/traits.hpp"

namespace ktape {
namespace {

using faults::Family;
using faults::Way;
using Found = std::optional<Objection>;

constexpr Duration kLongest = std::chrono::hours(24) * 1000;
constexpr std::size_t kMaxName = 100;
constexpr std::size_t kMaxText = 4096;
constexpr std::size_t kMaxCloseReason = 123;  // what a close frame holds beside its code (RFC 6455, 5.5.1)
constexpr std::uint32_t kMany = 1000;

Found object(std::string_view key, std::string what) { return Objection{key, std::move(what)}; }

Found too_long(std::string_view key, Duration span) {
  if (span <= kLongest) return std::nullopt;
  return object(key, fmt::format("{} is too long: {} at most", format_duration(span), format_duration(kLongest)));
}

Found not_positive(std::string_view key, Duration span) {
  if (span <= Duration::zero()) return object(key, "a time above zero expected: without it nothing goes wrong");
  return too_long(key, span);
}

Found not_whole_seconds(std::string_view key, Duration span) {
  if (span % std::chrono::seconds(1) == Duration::zero()) return too_long(key, span);
  return object(key, fmt::format("{} is not in whole seconds, as the protocol has it", format_duration(span)));
}

Found outside(std::string_view key, std::uint64_t value, std::uint64_t least, std::uint64_t most) {
  if (value >= least && value <= most) return std::nullopt;
  return object(key, fmt::format("a whole number from {} to {} expected, not {}", least, most, value));
}

Found bad_text(std::string_view key, std::string_view text, std::size_t most) {
  if (text.size() > most) return object(key, fmt::format("{} bytes, at most {} are taken", text.size(), most));
  if (!is_utf8(text)) return object(key, "not UTF-8");
  return std::nullopt;
}

// A text that is shown in one line of a log.
Found bad_line(std::string_view key, std::string_view text) {
  const bool control =
      std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (control) return object(key, "a control character in it");
  return bad_text(key, text, kMaxName);
}

// ---- the parameters, kind by kind

Found parameters(const faults::Latency& kind) {
  if (auto found = too_long("latency", kind.latency)) return found;
  if (kind.latency == Duration::zero())
    return not_positive(kind.jitter == Duration::zero() ? "latency" : "jitter", kind.jitter);
  return too_long("jitter", kind.jitter);
}
Found parameters(const faults::Bandwidth& kind) {
  return outside("rate", kind.rate.kilobytes_per_second, 1, 10'000'000);
}
Found parameters(const faults::SlowStart& kind) {
  if (auto found = outside("rate", kind.rate.kilobytes_per_second, 1, 10'000'000)) return found;
  if (kind.full.kilobytes_per_second <= kind.rate.kilobytes_per_second || kind.full.kilobytes_per_second > 10'000'000) {
    return object("full", fmt::format("a rate above the one at the beginning ({}) and up to 10000000 expected, not {}",
                                      kind.rate.kilobytes_per_second, kind.full.kilobytes_per_second));
  }
  return not_positive("doubling", kind.doubling);
}
Found parameters(const faults::Slicer& kind) {
  if (auto found = outside("average_size", kind.average_size.bytes, 1, 100'000'000)) return found;
  if (kind.size_variation.bytes >= kind.average_size.bytes) {
    return object("size_variation", fmt::format("less than average_size ({}) expected, not {}", kind.average_size.bytes,
                                                kind.size_variation.bytes));
  }
  return not_positive("delay", kind.delay);
}
Found parameters(const faults::SlowClose& kind) { return not_positive("delay", kind.delay); }
Found parameters(const faults::Stall& kind) {
  return kind.duration ? not_positive("duration", *kind.duration) : std::nullopt;
}
Found parameters(const faults::Timeout& kind) { return too_long("timeout", kind.timeout); }
Found parameters(const faults::ResetPeer& kind) { return too_long("timeout", kind.timeout); }
Found parameters(const faults::Close& kind) {
  if (kind.code == 1006) return object("code", "1006 says that no close frame came: that is kind reset_peer");
  const bool standard = kind.code >= 1000 && kind.code <= 1014 && kind.code != 1004;
  const bool own = kind.code >= 3000 && kind.code <= 4999;
  if (!standard && !own) {
    return object(
        "code",
        fmt::format("{} may not be in a close frame: 1000 to 1003, 1005, 1007 to 1014, 3000 to 4999 may", kind.code));
  }
  if (kind.code == 1005 && !kind.reason.empty())
    return object("reason", "1005 is a close frame without code and reason");
  return bad_text("reason", kind.reason, kMaxCloseReason);
}
Found parameters(const faults::LimitData& kind) { return outside("bytes", kind.bytes.bytes, 1, 1'000'000'000'000); }
Found parameters(const faults::Duplicate& kind) {
  if (auto found = outside("copies", kind.copies, 1, kMany)) return found;
  return too_long("delay", kind.delay);
}
Found parameters(const faults::Reorder& kind) {
  if (auto found = outside("by", kind.by, 1, kMany)) return found;
  return not_positive("within", kind.within);
}
Found parameters(const faults::Delay& kind) { return not_positive("delay", kind.delay); }
Found parameters(const faults::Truncate& kind) {
  return kind.bytes ? outside("bytes", kind.bytes->bytes, 0, 100'000'000) : std::nullopt;
}
Found parameters(const faults::Corrupt& kind) { return outside("characters", kind.characters, 1, kMany); }
Found parameters(const faults::Gap& kind) { return outside("messages", kind.messages, 1, kMany); }
Found parameters(const faults::ClockAhead& kind) {
  if (kind.shift.by == std::chrono::seconds::zero()) return object("by", "a time expected, such as 5s or -5s");
  if (kind.shift.by > kLongest || kind.shift.by < -kLongest) {
    return object("by", fmt::format("{} s is too far: {} at most", kind.shift.by.count(), format_duration(kLongest)));
  }
  return std::nullopt;
}
Found parameters(const faults::ErrorReply& kind) { return bad_line("error", kind.error); }
Found parameters(const faults::RateLimit& kind) {
  if (auto found = outside("requests", kind.requests, 0, 1'000'000)) return found;
  return not_positive("per", kind.per);
}
Found parameters(const faults::DeadManSwitch& kind) {
  if (kind.timeout >= std::chrono::hours(24)) return object("timeout", "less than 86400 seconds expected");
  return not_whole_seconds("timeout", kind.timeout);
}
Found parameters(const faults::HttpStatus& kind) {
  if (auto found = outside("status", kind.status, 200, 599)) return found;
  if (kind.retry_after) {
    if (auto found = not_whole_seconds("retry_after", *kind.retry_after)) return found;
  }
  return bad_text("body", kind.body, kMaxText);
}
template <class WithoutParameters>
Found parameters(const WithoutParameters& /*kind*/) {
  return std::nullopt;
}

// ---- what does not go together

Found unknown_channel(const FaultWhere& where) {
  if (where.channel.empty()) return std::nullopt;
  if (!faults::is_channel(where.channel)) {
    return object("channel", fmt::format("'{}' is no channel: {} expected", where.channel.substr(0, 64),
                                         faults::channels_in_words(std::nullopt)));
  }
  if (where.dialect && !faults::has_channel(*where.dialect, where.channel)) {
    return object("channel", fmt::format("{} has no channel '{}': {} expected", to_string(*where.dialect),
                                         where.channel, faults::channels_in_words(where.dialect)));
  }
  return std::nullopt;
}

Found before_connection(const Fault& fault) {
  const FaultWhere& where = fault.where;
  if (where.picks_messages() || where.way) {
    const std::string_view key = !where.channel.empty()  ? "channel"
                                 : !where.symbol.empty() ? "symbol"
                                 : where.way             ? "direction"
                                                         : "contains";
    return object(key, "before there is a connection there are no messages");
  }
  if (fault.when.since == FaultWhen::Since::Opening) {
    return object("since", "this is before a connection opens: start is all that there is");
  }
  const auto* const http = std::get_if<faults::HttpStatus>(&fault.kind);
  if (http != nullptr && http->on != faults::HttpPlace::Upgrade && where.dialect) {
    return object("dialect", "REST calls are of no websocket's dialect: host and target tell them apart");
  }
  const bool named = !where.host.empty() || !where.target.empty() || where.dialect;
  if (named && http == nullptr) {
    return object(!where.host.empty()     ? "host"
                  : !where.target.empty() ? "target"
                                          : "dialect",
                  "a socket is all that there is yet: what a client wants is known at its upgrade (http_status)");
  }
  return std::nullopt;
}

Found only_of_books(const Fault& fault) {
  const std::string& channel = fault.where.channel;
  if (channel.empty() || channel == "book" || channel == "level3") return std::nullopt;
  return object("channel",
                fmt::format("{} is about books: book or level3 expected, not {}", to_string(fault.kind), channel));
}

Found content(const Fault& fault) {
  const FaultWhere& where = fault.where;
  if (where.way && *where.way != Way::FromExchange) {
    return object("direction",
                  fmt::format("{} is about what the exchange says: from_exchange expected", to_string(fault.kind)));
  }
  if (std::holds_alternative<faults::MissingHeartbeat>(fault.kind)) {
    if (!where.channel.empty() && where.channel != "heartbeat") {
      return object("channel", fmt::format("{} has no heartbeats: these are a channel of their own", where.channel));
    }
    if (!where.symbol.empty()) return object("symbol", "a heartbeat is of the connection, and of no symbol");
    return std::nullopt;
  }
  if (std::holds_alternative<faults::ClockAhead>(fault.kind)) return std::nullopt;
  if (!std::holds_alternative<faults::Gap>(fault.kind)) return only_of_books(fault);
  if (where.channel.empty() || faults::is_numbered(where.dialect, where.channel)) return std::nullopt;
  return object("channel",
                fmt::format("messages of {}{}{} have no numbers that a gap could be seen by{}", where.channel,
                            where.dialect ? " in " : "", where.dialect ? to_string(*where.dialect) : "",
                            where.channel == "book" || where.channel == "level3"
                                ? ": kind drop leaves one out, and the checksum tells"
                                : ""));
}

Found request(const Fault& fault) {
  const FaultWhere& where = fault.where;
  if (where.way && *where.way != Way::ToExchange) {
    return object("direction",
                  fmt::format("{} is about what the client asks: to_exchange expected", to_string(fault.kind)));
  }
  if (std::holds_alternative<faults::DeadManSwitch>(fault.kind)) {
    if (where.dialect == Dialect::FuturesV1) {
      return object("dialect", "the websocket of Futures has no dead man's switch: it is a REST call there");
    }
    if (!where.channel.empty() || !where.symbol.empty()) {
      return object(where.channel.empty() ? "symbol" : "channel",
                    "the switch is the account's: it has no channel or symbol");
    }
  }
  if (std::holds_alternative<faults::InvalidToken>(fault.kind) && !where.channel.empty() &&
      !faults::wants_token(where.channel)) {
    return object("channel", fmt::format("{} is public: nobody shows a token for it", where.channel));
  }
  return std::nullopt;
}

Found travel_or_connection(const Fault& fault) {
  const FaultWhere& where = fault.where;
  if (std::holds_alternative<faults::SlowClose>(fault.kind)) {
    if (where.picks_messages())
      return object("", "slow_close is about the end of a connection, which has no channel, symbol or text");
    if (where.way && *where.way != Way::FromExchange) {
      return object("direction", "a client that has gone waits for nothing: from_exchange expected");
    }
  }
  if (std::holds_alternative<faults::LimitData>(fault.kind) && where.picks_messages()) {
    return object("", "limit_data counts everything that is said: no channel, symbol or text");
  }
  const bool ends =
      std::holds_alternative<faults::Close>(fault.kind) || std::holds_alternative<faults::ResetPeer>(fault.kind);
  if (ends && where.way && is_timed(fault)) {
    return object("direction", fmt::format("{} ends both directions: this one says which messages to look at, and none "
                                           "are named (channel, symbol, contains, after)",
                                           to_string(fault.kind)));
  }
  return std::nullopt;
}

Found when(const FaultWhen& when) {
  if (auto found = too_long("from", when.from)) return found;
  if (when.until) {
    if (auto found = too_long("until", *when.until)) return found;
    if (*when.until <= when.from) {
      return object("until",
                    fmt::format("{} is not after from ({})", format_duration(*when.until), format_duration(when.from)));
    }
  }
  if (when.times && *when.times == 0) return object("times", "0 times is never: leave the fault out, or disable it");
  const auto& chance = when.probability;
  if (chance.numerator == 0 || chance.denominator == 0 || chance.numerator > chance.denominator) {
    return object("probability", fmt::format("{}/{} is not above 0 and up to 1", chance.numerator, chance.denominator));
  }
  return std::nullopt;
}

}  // namespace

std::optional<Objection> objection_to(const Fault& fault) {
  if (auto found = bad_line("name", fault.name)) return found;
  if (auto found = std::visit([](const auto& kind) { return parameters(kind); }, fault.kind)) return found;
  const FaultWhere& where = fault.where;
  if (auto found = bad_line("host", where.host)) return found;
  if (auto found = bad_line("target", where.target)) return found;
  if (auto found = bad_line("symbol", where.symbol)) return found;
  if (auto found = bad_text("contains", where.contains, kMaxText)) return found;
  if (auto found = when(fault.when)) return found;
  if (auto found = unknown_channel(where)) return found;
  switch (family_of(fault.kind)) {
    case Family::BeforeConnection:
      return before_connection(fault);
    case Family::Content:
      return content(fault);
    case Family::Request:
      return request(fault);
    case Family::Travel:
    case Family::Connection:
      return travel_or_connection(fault);
    case Family::Message:
      break;
  }
  return std::nullopt;
}

Result<void> check(const Fault& fault) {
  const auto found = objection_to(fault);
  if (!found) return {};
  return fail(Errc::InvalidArgument, found->key.empty() ? found->what : fmt::format("{}: {}", found->key, found->what));
}

}  // namespace ktape
