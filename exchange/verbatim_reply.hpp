#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ktape {

// A recorded answer, made to fit the request that it is played back to: its req_id is replaced, added or taken away so
// that it is `request_id`; every other byte stays. `reply` is a JSON object with a `method` member.
std::string with_request_id(std::string_view reply, std::optional<std::int64_t> request_id);

}  // namespace ktape
