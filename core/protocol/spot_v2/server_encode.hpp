#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/market/event.hpp"

namespace ktape::spot_v2 {

// Kraken's side of the conversation: each function appends the exact text that the exchange would put on the wire, one
// whole message, to `out`. Key order and the absence of whitespace are Kraken's (spot-v2 sections 2 to 5, the newest
// captured form). Decimals are printed with the places they have and never with an exponent, so the caller decides the
// pair's precision by the values it hands in. Text is escaped as JSON requires and otherwise passed through as UTF-8.

// Where captures of different age disagree, the caller may ask for the older form.
struct StatusForm {
  bool maintenance_fields = true;  // upcoming_maintenance and emergency, both empty: since the middle of 2026
};

// What acknowledgements of these two channels have carried as `warnings` since 2024 (section 3.2).
inline constexpr std::string_view kInstrumentWarning = "tick_size is deprecated, use price_increment";
inline constexpr std::string_view kOhlcWarning = "timestamp is deprecated, use interval_begin";

inline constexpr std::string_view kHeartbeat = R"({"channel":"heartbeat"})";

// checksum and timestamp are left out where they are absent: snapshots of 2024 had no timestamp.
void append_book(std::string& out, const BookSnapshot& book);
void append_book(std::string& out, const BookUpdate& update);

// Kraken sends up to 50 trades as a snapshot, oldest first, and in an update whatever was struck together.
void append_trades(std::string& out, std::span<const Trade> trades, bool snapshot);

// Whether it is a snapshot is the ticker's own `snapshot`.
void append_ticker(std::string& out, const Ticker& ticker);

// `message_time` is that of the trade that caused the message. Each candle's interval is a whole number of minutes.
void append_ohlc(std::string& out, std::span<const Candle> candles, bool snapshot, Timestamp message_time);

void append_instrument(std::string& out, const InstrumentUpdate& update);

void append_status(std::string& out, const StatusChange& status, StatusForm form = {});

void append_heartbeat(std::string& out);

// All forms of an answer, chosen by what is set (sections 3.2, 3.3 and 4.3):
//   method "pong"                 no result and no success, whatever `success` says
//   success                       result with the keys that are set, in alphabetical order
//   failure with a channel        the private backend's form, with status "error"
//   failure with a symbol         one symbol of several was refused
//   failure otherwise             the request as a whole was refused; method "error" for what is not JSON
// time_in and time_out have microseconds; one that is absent is left out.
void append_reply(std::string& out, const Reply& reply);

}  // namespace ktape::spot_v2
