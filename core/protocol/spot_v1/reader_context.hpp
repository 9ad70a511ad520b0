#pragma once

#include <cstdint>
#include <utility>

#include "core/protocol/json_fields.hpp"
#include "core/protocol/spot_v1/channel_table.hpp"
#include "core/protocol/spot_v1/event_batch.hpp"
#include "core/protocol/spot_v1/sent_requests.hpp"
#include "core/protocol/spot_v1/symbol_names.hpp"

// Internal to this folder: what the readers of the different kinds of messages share.
namespace ktape::spot_v1 {

struct ReaderContext {
  EventBatch& batch;
  ChannelTable& channels;
  SymbolNames& names;
  const SentRequests& requests;
  std::uint64_t& unknown_fields;
};

template <class T>
T& add_event(ReaderContext& context) {
  return std::get<T>(context.batch.events.emplace_back(std::in_place_type<T>));
}

#define KTAPE_TRY(expression)                                                               \
  do {                                                                                      \
    if (auto tried = (expression); !tried) return tl::unexpected(std::move(tried.error())); \
  } while (false)

}  // namespace ktape::spot_v1
