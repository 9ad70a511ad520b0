#include "core/protocol/futures/codec.hpp"

#include <fmt/format.h>

#include "core/protocol/futures/event_batch.hpp"
#include "core/protocol/futures/feeds.hpp"
#include "core/protocol/futures/message_reader.hpp"
#include "core/protocol/futures/pending_requests.hpp"
#include "core/protocol/futures/request.hpp"
#include "core/protocol/json_tape.hpp"

namespace ktape::futures {

struct FuturesCodec::Memory {
  JsonTape tape;
  EventBatch batch;
  PendingRequests pending;
};

FuturesCodec::FuturesCodec(CodecOptions options) : options_(options), memory_(std::make_unique<Memory>()) {}
FuturesCodec::~FuturesCodec() = default;

Result<void> FuturesCodec::check(const Request& request) const {
  const Authorisation& proof = request.authorisation;
  switch (request.method) {
    case Method::Ping:
      return {};
    case Method::Challenge:
      if (proof.api_key.empty()) return fail(Errc::InvalidArgument, "a challenge needs an API key");
      return {};
    case Method::Subscribe:
    case Method::Unsubscribe: {
      auto valid = validate(request.subscription);
      if (!valid || !is_private(request.subscription.channel)) return valid;
      if (proof.api_key.empty() || proof.original_challenge.empty() || proof.signed_challenge.empty()) {
        return fail(Errc::InvalidArgument, fmt::format("feed {} needs an API key, a challenge and its signature",
                                                       find_feed(request.subscription.channel)->name));
      }
      return {};
    }
    case Method::Trade:
      return fail(Errc::Unsupported,
                  fmt::format("Futures cannot be told '{}' over its websocket: orders go over REST", name_of(request)));
  }
  return fail(Errc::Unsupported, fmt::format("Futures cannot be told '{}'", name_of(request)));
}

std::string FuturesCodec::encode(const Request& request) const { return futures::encode(request); }

Result<Request> FuturesCodec::decode_request(std::string_view text) const { return to_request(parse_request(text)); }

void FuturesCodec::sent(const Request& request) { memory_->pending.add(request); }

void FuturesCodec::reset() { memory_->pending.clear(); }

void FuturesCodec::decode(std::string_view text, EventSink& out) {
  auto& batch = memory_->batch;
  ++stats_.messages;
  batch.clear();
  if (const auto done = read(text); !done) {
    ++stats_.unknown_messages;
    out.on_event(UnknownMessage{done.error().detail});
    return;
  }
  for (const Event& event : batch.events) out.on_event(event);
}

Result<void> FuturesCodec::read(std::string_view text) {
  auto parsed = memory_->tape.parse(text);
  if (!parsed) return parsed;
  return read_message(memory_->tape.root(), options_.order_quantity,
                      {memory_->batch, memory_->pending, stats_.unknown_fields});
}

}  // namespace ktape::futures
