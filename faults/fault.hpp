#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/protocol/dialect.hpp"
#include "core/wire/frame.hpp"

namespace ktape {

// What can go wrong, each with its parameters. The words are Toxiproxy's where it has one. docs/faults.md shows every
// kind in YAML and what it means in each dialect. All times are of the virtual clock.
namespace faults {

struct ByteRate {
  std::uint64_t kilobytes_per_second = 0;  // of 1,000 bytes, as Toxiproxy counts
  friend bool operator==(const ByteRate&, const ByteRate&) = default;
};
struct ByteCount {
  std::uint64_t bytes = 0;
  friend bool operator==(const ByteCount&, const ByteCount&) = default;
};
// How far times are moved: into the future, or with a minus into the past.
struct Shift {
  std::chrono::seconds by{};
  friend bool operator==(const Shift&, const Shift&) = default;
};

// ---- how messages travel. Their order stays: what is behind a late one is late, too.

struct Latency {
  Duration latency{};
  Duration jitter{};  // each message's delay is drawn from latency - jitter to latency + jitter
  friend bool operator==(const Latency&, const Latency&) = default;
};
struct Bandwidth {
  ByteRate rate{};
  friend bool operator==(const Bandwidth&, const Bandwidth&) = default;
};
// As Bandwidth, at a rate that doubles every so often after the connection was opened, up to `full`, where it ends.
struct SlowStart {
  ByteRate rate{};
  Duration doubling = std::chrono::seconds(1);
  ByteRate full{1000};
  friend bool operator==(const SlowStart&, const SlowStart&) = default;
};
// A message comes in slices of about average_size, with `delay` between two; it is heard when its last one is there.
struct Slicer {
  ByteCount average_size{};
  ByteCount size_variation{};
  Duration delay{};
  friend bool operator==(const Slicer&, const Slicer&) = default;
};
// The end of a connection is told so much later.
struct SlowClose {
  Duration delay{};
  friend bool operator==(const SlowClose&, const SlowClose&) = default;
};

// ---- what happens to a connection

// Nothing passes for so long, or without a duration until the fault is over; then everything that was held back does.
struct Stall {
  std::optional<Duration> duration{};
  friend bool operator==(const Stall&, const Stall&) = default;
};
// From then on nothing passes, not even Pings, and nobody is told. Does not end with the fault.
struct HalfOpen {
  friend bool operator==(const HalfOpen&, const HalfOpen&) = default;
};
// What is said is lost; after `timeout` the connection is cut (1006). 0: it never is, and messages pass again when the
// fault is over.
struct Timeout {
  Duration timeout{};
  friend bool operator==(const Timeout&, const Timeout&) = default;
};
// The connection is cut without a close frame (1006), `timeout` later.
struct ResetPeer {
  Duration timeout{};
  friend bool operator==(const ResetPeer&, const ResetPeer&) = default;
};
struct Close {
  std::uint16_t code = 1001;
  std::string reason{};
  friend bool operator==(const Close&, const Close&) = default;
};
// The connection is cut (1006) in place of the message that would exceed this.
struct LimitData {
  ByteCount bytes{};
  friend bool operator==(const LimitData&, const LimitData&) = default;
};

// ---- what happens to a message

struct Drop {
  friend bool operator==(const Drop&, const Drop&) = default;
};
struct Duplicate {
  std::uint32_t copies = 1;
  Duration delay{};  // of the copies
  friend bool operator==(const Duplicate&, const Duplicate&) = default;
};
// The message comes behind the next `by` that match, or `within` later if there are not so many.
struct Reorder {
  std::uint32_t by = 1;
  Duration within = std::chrono::seconds(5);
  friend bool operator==(const Reorder&, const Reorder&) = default;
};
// This message alone is late: what comes behind it overtakes it.
struct Delay {
  Duration delay{};
  friend bool operator==(const Delay&, const Delay&) = default;
};
struct Truncate {
  std::optional<ByteCount> bytes{};  // what is left of it; half of it without. Never half of a character
  friend bool operator==(const Truncate&, const Truncate&) = default;
};
// So many characters of it become others. It stays UTF-8, but need not stay JSON.
struct Corrupt {
  std::uint32_t characters = 1;
  friend bool operator==(const Corrupt&, const Corrupt&) = default;
};

// ---- what is said is wrong; everything else of the message stays byte for byte

// The number that tells a client of a loss: the checksum of a book in v2, v1 and level3, the `seq` of one in Futures.
struct WrongChecksum {
  friend bool operator==(const WrongChecksum&, const WrongChecksum&) = default;
};
// A book update also deletes a level (level3: an order) that is not there. Futures, which tells of one level at a time,
// says it in a message of its own, and every later seq on the connection is one higher.
struct UnknownDelete {
  friend bool operator==(const UnknownDelete&, const UnknownDelete&) = default;
};
// A book update also brings a level that crosses one it has. The checksum stays that of the true book; seq as above.
struct CrossedBook {
  friend bool operator==(const CrossedBook&, const CrossedBook&) = default;
};
struct MissingHeartbeat {
  friend bool operator==(const MissingHeartbeat&, const MissingHeartbeat&) = default;
};
// So many numbered messages in a row are left out: trades with ids, and whatever has a sequence or seq. Never
// snapshots.
struct Gap {
  std::uint32_t messages = 1;
  friend bool operator==(const Gap&, const Gap&) = default;
};
// All times in messages are moved, as TimeShift does.
struct ClockAhead {
  Shift shift{};
  friend bool operator==(const ClockAhead&, const ClockAhead&) = default;
};

// ---- what is asked is answered otherwise; the exchange does not hear of it

// With an error, in the form that the dialect has for the request.
struct ErrorReply {
  std::string error{};  // v2 and v1: EGeneral:Internal error, Futures: the alert "Bad request", where it is empty
  friend bool operator==(const ErrorReply&, const ErrorReply&) = default;
};
// Every request with a token, or a signed challenge: as if it had expired.
struct InvalidToken {
  friend bool operator==(const InvalidToken&, const InvalidToken&) = default;
};
// More than so many requests on a connection within `per` are answered with "Exceeded msg rate", orders with
// "EOrder:Rate limit exceeded"; Futures closes the connection.
struct RateLimit {
  std::uint32_t requests = 0;
  Duration per = std::chrono::seconds(1);
  friend bool operator==(const RateLimit&, const RateLimit&) = default;
};
// The exchange hears another timeout than the client said: it fires sooner, or at 0 is switched off.
struct DeadManSwitch {
  Duration timeout{};  // whole seconds
  friend bool operator==(const DeadManSwitch&, const DeadManSwitch&) = default;
};

// ---- before there is a connection

struct RefuseConnect {
  friend bool operator==(const RefuseConnect&, const RefuseConnect&) = default;
};
enum class HttpPlace : std::uint8_t { Upgrade, Rest, Both };
// In place of an upgrade to a websocket, or of the answer to a REST call.
struct HttpStatus {
  std::uint16_t status = 503;
  std::optional<Duration> retry_after{};  // whole seconds
  std::string body{};                     // of a REST call where it is empty: a page like those of Kraken's edge
  HttpPlace on = HttpPlace::Upgrade;
  friend bool operator==(const HttpStatus&, const HttpStatus&) = default;
};
enum class TlsFailure : std::uint8_t {
  Handshake,  // the alert handshake_failure in place of the server's hello
  Expired,    // a certificate of the right authority that is good no longer
  WrongName,  // one of the right authority for another host
  Untrusted,  // one of an authority that nobody knows
};
struct Tls {
  TlsFailure failure = TlsFailure::Handshake;
  friend bool operator==(const Tls&, const Tls&) = default;
};

using Kind = std::variant<Latency, Bandwidth, SlowStart, Slicer, SlowClose, Stall, HalfOpen, Timeout, ResetPeer, Close,
                          LimitData, Drop, Duplicate, Reorder, Delay, Truncate, Corrupt, WrongChecksum, UnknownDelete,
                          CrossedBook, MissingHeartbeat, Gap, ClockAhead, ErrorReply, InvalidToken, RateLimit,
                          DeadManSwitch, RefuseConnect, HttpStatus, Tls>;

// p/q
struct Chance {
  std::uint32_t numerator = 1;
  std::uint32_t denominator = 1;
  friend bool operator==(const Chance&, const Chance&) = default;
};

enum class Way : std::uint8_t { FromExchange, ToExchange, Both };

}  // namespace faults

struct FaultWhere {
  // The nth from 1 of those that the three below let through, counted over all that this fault has met; 0: every one.
  // Before there is a connection it counts attempts.
  std::uint32_t connection = 0;
  std::string host{};    // as the client asked for it
  std::string target{};  // path; of REST calls one that ends in a slash fits all below it
  std::optional<Dialect> dialect{};
  std::optional<faults::Way> way{};  // what is usual for the kind where it is left out: see way_of()
  // Which messages: those that fit all that is set. Of the exchange's words `channel` and `symbol` fit data, not
  // acknowledgements; of the client's words requests. Channel names are those of the dialects, without a depth or
  // interval; a symbol is as the dialect writes it.
  std::string channel{};
  std::string symbol{};
  std::string contains{};

  // Whether it names any messages.
  bool picks_messages() const { return !channel.empty() || !symbol.empty() || !contains.empty(); }

  friend bool operator==(const FaultWhere&, const FaultWhere&) = default;
};

struct FaultWhen {
  enum class Since : std::uint8_t { Start, Opening };  // of the plan; of the connection
  Since since = Since::Start;
  Duration from{};
  std::optional<Duration> until{};       // exclusive; for ever without
  std::uint64_t after = 0;               // lets so many matching messages pass first
  std::optional<std::uint64_t> times{};  // acts so often at most
  faults::Chance probability{};

  friend bool operator==(const FaultWhen&, const FaultWhen&) = default;
};

// Something that goes wrong on purpose: what, where and when. A fault of the connection (stall to close) happens at its
// time, on every connection that is open or opens while it lasts; with `after` or a message picked, in place of that
// message. All others act message by message, those before there is a connection attempt by attempt.
struct Fault {
  std::string name{};  // the kind's where it is empty
  faults::Kind kind{};
  FaultWhere where{};
  FaultWhen when{};

  friend bool operator==(const Fault&, const Fault&) = default;
};

std::string_view to_string(const faults::Kind& kind);  // "latency", "wrong_checksum"
std::vector<std::string_view> fault_kinds();           // all those words, in the order of the variant
std::string_view to_string(faults::Way way);
std::string_view to_string(faults::TlsFailure failure);
std::string_view to_string(faults::HttpPlace place);

// In one line of YAML, which parse_fault() reads to an equal fault.
std::string to_string(const Fault& fault);

// Which way the messages go that it looks at.
faults::Way way_of(const Fault& fault);

// Whether it acts before there is a connection.
bool is_before_connection(const faults::Kind& kind);

// Refuses what makes no sense, with the reason: parameters out of range, and combinations in which it could never act.
Result<void> check(const Fault& fault);

// A list of faults, or a mapping whose only key is `faults`, from YAML:
//   - name: lost update          # everything but kind may be left out, and the parameters that the kind needs
//     kind: drop
//     channel: book
//     after: 10
//     times: 1
// An error has the file, the line, the key, what is wrong and what is allowed. All faults have passed check().
Result<std::vector<Fault>> parse_faults(std::string_view yaml, const std::string& path);
Result<std::vector<Fault>> read_faults(const std::string& path);
// One fault, "{kind: drop, channel: book}".
Result<Fault> parse_fault(std::string_view yaml, const std::string& path);

}  // namespace ktape
