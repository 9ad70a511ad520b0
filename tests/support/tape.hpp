#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/wire/frame.hpp"

namespace ktape::test {

// A recording in memory, written frame by frame.
class Tape {
 public:
  struct Entry {
    Timestamp at;
    ConnectionId connection{};
    Direction direction = Direction::FromExchange;
    FrameKind kind = FrameKind::Text;
    std::string payload;
  };

  void add(Timestamp at, FrameKind kind, std::string_view payload, std::uint32_t connection = 1,
           Direction direction = Direction::FromExchange) {
    entries.push_back({at, static_cast<ConnectionId>(connection), direction, kind, std::string(payload)});
  }
  void hear(Timestamp at, std::string_view text, std::uint32_t connection = 1) {
    add(at, FrameKind::Text, text, connection);
  }
  void say(Timestamp at, std::string_view text, std::uint32_t connection = 1) {
    add(at, FrameKind::Text, text, connection, Direction::ToExchange);
  }

  // By stamp; what has the same one stays in the order it was added in.
  void sort() {
    std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.at < b.at; });
  }

  // Reads a copy, so that the tape may go on being written.
  std::unique_ptr<FrameSource> source() const {
    class Source final : public FrameSource {
     public:
      explicit Source(std::vector<Entry> all) : all_(std::move(all)) {}
      Result<std::optional<Frame>> next() override {
        if (at_ == all_.size()) return std::optional<Frame>{};
        const auto& entry = all_[at_++];
        return std::optional(Frame{entry.at, entry.connection, entry.direction, entry.kind, entry.payload});
      }

     private:
      std::vector<Entry> all_;
      std::size_t at_ = 0;
    };
    return std::make_unique<Source>(entries);
  }

  std::vector<Entry> entries;
};

}  // namespace ktape::test
