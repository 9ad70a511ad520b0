#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/protocol/dialect.hpp"
#include "core/session/byte_source.hpp"
#include "core/session/session_reader.hpp"

namespace ktape {

// One thing in a history: a frame, an event, or a line of text.
struct HistoryItem {
  std::optional<Timestamp> at;              // nothing for a line that tells no time
  std::optional<std::uint32_t> connection;  // likewise
  std::string head;                         // of a frame "< text"; empty otherwise
  std::string body;                         // the payload, or the event from its name on
};

// A history, read one item after the other.
class History {
 public:
  virtual ~History() = default;
  // Fills `item`, whose memory is reused; false at the end.
  virtual Result<bool> next(HistoryItem& item) = 0;
};

// The frames of a recording. All arguments of these three outlive the history.
std::unique_ptr<History> frames_of(SessionReader& reader);
// What clients tell that a recording is played to. The dialect must be one that make_codec() knows.
std::unique_ptr<History> events_of(SessionReader& reader, Dialect dialect);
// The lines of a text, such as an event log. A line may have kMaxLineBytes.
std::unique_ptr<History> lines_of(ByteSource& text);
inline constexpr std::size_t kMaxLineBytes = std::size_t{64} << 20U;

struct CompareOptions {
  bool compare_times = true;
  bool compare_connections = true;
  std::size_t context = 3;                              // how many pairs before the difference are kept
  std::function<void(std::uint64_t bytes)> progress{};  // called now and then, with what was compared of A
};

struct Difference {
  struct Pair {
    HistoryItem a;
    HistoryItem b;
  };
  std::vector<Pair> before;        // the last ones that were equal in what was compared, oldest first
  std::optional<HistoryItem> a;    // nothing: this history has ended
  std::optional<HistoryItem> b;    // likewise; never both
  std::vector<std::string> parts;  // in what the two differ: "time", "connection", "kind", "payload"
};

struct Comparison {
  std::uint64_t equal = 0;  // pairs
  std::optional<Difference> first;
};

// Up to the first difference. Holds no more than `context` pairs in memory, whatever the histories hold.
Result<Comparison> compare(History& a, History& b, const CompareOptions& options = {});

// A place inside two payloads where they differ: "data[0].bids[1].qty", and what stands there.
struct FieldDifference {
  std::string path;
  std::string a;  // as written, cut to 64 bytes; "(nothing)" where it is not there
  std::string b;
};
// The fields in which two JSON texts differ, at most `limit` of them; members count by name, whatever their order.
// Empty if one of them is no JSON, or if they differ in white space or order only.
std::vector<FieldDifference> field_differences(std::string_view a, std::string_view b, std::size_t limit = 20);

}  // namespace ktape
