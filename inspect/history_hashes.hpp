#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/sha256.hpp"
#include "core/market/event.hpp"

namespace ktape {

// Hashes of a history: SHA-256 of all lines of its event log, and of those of each channel and symbol alone. When two
// histories differ, these say where.
class HistoryHashes {
 public:
  // The next event, and its line in the event log with the newline.
  void add(const Event& event, std::string_view line);

  struct Stream {
    std::string channel;  // "candle": candles from trades; "connection": what belongs to no channel
    std::string symbol;   // empty: what belongs to none, or to several
    std::uint64_t events = 0;
    std::string hash;
  };
  // By channel, then symbol. Nothing may be added afterwards.
  std::vector<Stream> streams();
  // Of all lines. Nothing may be added afterwards.
  std::string whole() { return whole_.hex(); }
  std::uint64_t events() const { return events_; }

  // What is beyond is hashed together, as the channel "other".
  static constexpr std::size_t kMaxStreams = 100'000;

 private:
  struct Sum {
    Sha256 hash;
    std::uint64_t events = 0;
  };
  struct Less {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      const int channels = std::string_view(a.first).compare(b.first);
      return channels != 0 ? channels < 0 : std::string_view(a.second) < std::string_view(b.second);
    }
  };

  Sha256 whole_;
  std::uint64_t events_ = 0;
  std::map<std::pair<std::string, std::string>, Sum, Less> streams_;
};

}  // namespace ktape
