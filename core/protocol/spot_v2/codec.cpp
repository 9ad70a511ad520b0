#include "core/protocol/spot_v2/codec.hpp"

#include <fmt/format.h>

#include "core/protocol/json_tape.hpp"
#include "core/protocol/spot_v2/event_batch.hpp"
#include "core/protocol/spot_v2/fast_reader.hpp"
#include "core/protocol/spot_v2/message_reader.hpp"
#include "core/protocol/spot_v2/request.hpp"
#include "core/protocol/spot_v2/subscription_rules.hpp"
#include "core/protocol/spot_v2/trading_rules.hpp"

namespace ktape::spot_v2 {
struct SpotV2Codec::Memory {
  FastReader fast;
  JsonTape tape;
  EventBatch batch;
};

SpotV2Codec::SpotV2Codec(DecodePath path) : path_(path), memory_(std::make_unique<Memory>()) {}
SpotV2Codec::~SpotV2Codec() = default;

Result<void> SpotV2Codec::check(const Request& request) const {
  const bool has_token = !request.authorisation.token.empty();
  switch (request.method) {
    case Method::Ping:
      return {};
    case Method::Subscribe:
    case Method::Unsubscribe: {
      auto valid = validate(request.subscription);
      if (!valid || has_token || !needs_token(request.subscription.channel)) return valid;
      return fail(Errc::InvalidArgument,
                  fmt::format("channel {} needs a token, and none is given", to_string(request.subscription.channel)));
    }
    case Method::Trade: {
      auto valid = validate(request.trading);
      if (!valid || has_token) return valid;
      return fail(Errc::InvalidArgument, fmt::format("{} needs a token, and none is given", name_of(request)));
    }
    case Method::Challenge:
      break;
  }
  return fail(Errc::Unsupported, fmt::format("Spot v2 cannot say '{}'", name_of(request)));
}

std::string SpotV2Codec::encode(const Request& request) const { return spot_v2::encode(request); }

Result<Request> SpotV2Codec::decode_request(std::string_view text) const {
  return to_request(parse_request(text, Host::Any));
}

void SpotV2Codec::decode(std::string_view text, EventSink& out) {
  auto& batch = memory_->batch;
  ++stats_.messages;
  batch.clear();
  if (path_ != DecodePath::FastFirst || !memory_->fast.read(text, batch)) {
    batch.clear();
    if (const auto read = read_json(text); !read) {
      ++stats_.unknown_messages;
      out.on_event(UnknownMessage{read.error().detail});
      return;
    }
  }
  for (const Event& event : batch.events) out.on_event(event);
}

Result<void> SpotV2Codec::read_json(std::string_view text) {
  auto parsed = memory_->tape.parse(text);
  if (!parsed) return parsed;
  return read_message(memory_->tape.root(), memory_->batch, stats_.unknown_fields);
}

}  // namespace ktape::spot_v2
