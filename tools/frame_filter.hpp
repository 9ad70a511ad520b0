#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "core/protocol/dialect.hpp"
#include "core/session/frame_classifier.hpp"
#include "core/wire/frame.hpp"

namespace ktape {

// Which frames are wanted; what is empty wants all.
struct CopySelection {
  std::set<std::string, std::less<>> channels{};
  std::set<std::string, std::less<>> symbols{};
  std::set<ConnectionId> connections{};
  std::optional<Direction> direction{};

  bool wants_all() const { return channels.empty() && symbols.empty() && connections.empty() && !direction; }
};

// Chooses frames. Channels and symbols choose among what is about one: data, requests (that name at least one of them)
// and their answers. What belongs to a connection as a whole stays: opening and closing, pings, status, heartbeats. The
// instrument channel is about all symbols.
class FrameFilter {
 public:
  // `classifier` outlives it. Channels and symbols can only be told where the dialect has one, and a codec.
  static Result<FrameFilter> create(CopySelection selection, Dialect dialect, FrameClassifier* classifier);

  bool passes(const Frame& frame);

 private:
  FrameFilter(CopySelection selection, std::unique_ptr<Codec> codec, FrameClassifier* classifier)
      : selection_(std::move(selection)), codec_(std::move(codec)), classifier_(classifier) {}

  bool passes_text(const Frame& frame);
  bool wants_channel(std::string_view channel) const;
  bool wants_symbol(std::string_view symbol) const;

  CopySelection selection_;
  std::unique_ptr<Codec> codec_;
  FrameClassifier* classifier_;
};

}  // namespace ktape
