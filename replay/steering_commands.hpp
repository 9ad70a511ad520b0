#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "replay/steered_player.hpp"

namespace ktape {

// A moment of a tape that begins at `begin` and stands at `now`, as people write it:
//   2026-09-01T08:03:00Z   that moment, in RFC 3339
//   08:03, 08:03:20.5      that time of day in UTC, the first one at or after `begin`
//   3m20s                  so long after `begin`
//   +30s, -30s             so long after and before `now`
//   begin                  `begin`
Result<Timestamp> parse_moment(std::string_view text, Timestamp begin, Timestamp now);

// Does what one line says, for sockets, key bindings and scripts:
//   pause  resume  toggle  status
//   step [N | N events | SPAN]   back [N]   burst N
//   seek MOMENT   until MOMENT|off   rate RATIO|max|up|down   max-wait SPAN|off   loop on|off|toggle
// N frames are one frame if N is left out. The number of frames played at once, of verbs that play some.
Result<std::optional<std::uint64_t>> steer(SteeredPlayer& player, std::string_view line);

// The verbs, for who asks what there is.
std::string_view steering_verbs();
bool is_steering_verb(std::string_view word);

// Members of a JSON object, without its braces.
std::string steering_status_json(const SteeringStatus& status);

// steer(), and what came of it as one line of JSON without a newline: {"ok":true,...the status} or
// {"ok":false,"error":"..."}.
std::string answer_to(SteeredPlayer& player, std::string_view line);
std::string refusal(const Error& error);

// "skipped 3m of silence from 2026-...": what a person is told.
std::string notice_text(const SteeringNotice& notice);

}  // namespace ktape
