#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/market/event.hpp"
#include "core/session/frame_classifier.hpp"
#include "core/wire/frame.hpp"

namespace ktape {

// Which part of a recording is wanted. An empty list admits everything.
struct Selection {
  std::vector<std::string> channels{};  // "book", "trade", ...; of frames also the method of requests and answers
  std::vector<std::string> symbols{};
  std::vector<ConnectionId> connections{};
  std::optional<Direction> direction{};  // of frames only
  std::vector<FrameKind> frame_kinds{};  // of frames only
  std::vector<std::string> events{};     // of events only: their names, "trade", "book_update", ...
};

// `classifier` tells channel and symbol of a frame; without one, no frame has any.
bool admits(const Selection& selection, const Frame& frame, FrameClassifier* classifier);

bool admits(const Selection& selection, ConnectionId connection, const Event& event);

// What event_text writes as "event".
std::string_view name_of(const Event& event);
// All names there are, in the order of the variant.
std::vector<std::string_view> event_names();
// The channel that an event belongs to; empty for those of the connection.
std::string_view channel_of(const Event& event);
// Empty where it concerns none, or several as an instrument update does.
std::string_view symbol_of(const Event& event);

std::optional<FrameKind> parse_frame_kind(std::string_view name);

}  // namespace ktape
