#include "inspect/selection.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace ktape {
namespace {

template <class Wanted, class Value>
bool holds(const std::vector<Wanted>& wanted, const Value& value) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

// Names as in event_text.cpp, which a test compares. The channel is that of events which do not name their own.
constexpr std::array<std::pair<std::string_view, std::string_view>, std::variant_size_v<Event>> kNamesAndChannels{{
    {"book_snapshot", "book"},
    {"book_update", "book"},
    {"trade", "trade"},
    {"ticker", "ticker"},
    {"candle", "ohlc"},
    {"instrument", "instrument"},
    {"status", "status"},
    {"heartbeat", "heartbeat"},
    {"reply", ""},
    {"unknown_message", ""},
    {"book_state", "book"},
    {"link", ""},
    {"request_unanswered", ""},
    {"trade_gap", "trade"},
    {"level3_snapshot", "level3"},
    {"level3_update", "level3"},
    {"spread", "spread"},
    {"trading_reply", ""},
    {"challenge", ""},
    {"orders", ""},
    {"fills", ""},
    {"balances", ""},
    {"positions", ""},
    {"account_notice", ""},
    {"stream_state", ""},
    {"sequence_gap", ""},
}};

}  // namespace

bool admits(const Selection& selection, const Frame& frame, FrameClassifier* classifier) {
  if (!holds(selection.connections, frame.connection) || !holds(selection.frame_kinds, frame.kind)) return false;
  if (selection.direction && *selection.direction != frame.direction) return false;
  if (selection.channels.empty() && selection.symbols.empty()) return true;
  if (classifier == nullptr) return false;
  const FrameClass what = classifier->classify(frame);
  return holds(selection.channels, what.channel) && holds(selection.symbols, what.symbol);
}

bool admits(const Selection& selection, ConnectionId connection, const Event& event) {
  return holds(selection.connections, connection) && holds(selection.events, name_of(event)) &&
         holds(selection.channels, channel_of(event)) && holds(selection.symbols, symbol_of(event));
}

std::string_view name_of(const Event& event) { return kNamesAndChannels[event.index()].first; }

std::vector<std::string_view> event_names() {
  std::vector<std::string_view> names;
  for (const auto& [name, channel] : kNamesAndChannels) names.push_back(name);
  return names;
}

std::string_view channel_of(const Event& event) {
  const std::string_view named = std::visit(
      [](const auto& what) -> std::string_view {
        if constexpr (requires { what.channel; }) {
          return what.channel;
        } else {
          return {};
        }
      },
      event);
  return named.empty() ? kNamesAndChannels[event.index()].second : named;
}

std::string_view symbol_of(const Event& event) {
  return std::visit(
      [](const auto& what) -> std::string_view {
        if constexpr (requires { what.symbol; }) {
          return what.symbol;
        } else {
          return {};
        }
      },
      event);
}

std::optional<FrameKind> parse_frame_kind(std::string_view name) {
  for (const FrameKind kind :
       {FrameKind::Opened, FrameKind::Text, FrameKind::Binary, FrameKind::Ping, FrameKind::Pong, FrameKind::Closed}) {
    if (name == to_string(kind)) return kind;
  }
  return std::nullopt;
}

}  // namespace ktape
