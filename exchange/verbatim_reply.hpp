#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ktape {

// Where the answers of a dialect carry the id of their request.
struct RequestIdPlace {
  std::string_view key;  // with its quotes
  // The member, with its quotes, that it follows where an answer gets one, or else the other; its value is plain text.
  std::string_view after;
  std::string_view or_after;
};
inline constexpr RequestIdPlace kSpotV2RequestId{R"("req_id")", R"("method")", {}};
// Members of subscriptionStatus stand in alphabetical order; pongs and private channels have no pair.
inline constexpr RequestIdPlace kSpotV1RequestId{R"("reqid")", R"("pair")", R"("event")"};

// A recorded answer, made to fit the request that it is played back to: its request id is replaced, added or taken away
// so that it is `request_id`; every other byte stays. `reply` is a JSON object.
std::string with_request_id(std::string_view reply, std::optional<std::int64_t> request_id,
                            const RequestIdPlace& place = kSpotV2RequestId);

}  // namespace ktape
