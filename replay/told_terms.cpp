#include "replay/told_terms.hpp"

#include <string_view>

#include "core/wire/web_requests.hpp"

namespace ktape {
namespace {

// Every snapshot says so, but those of Spot v1, whose books have sides of their own name.
bool may_be_snapshot(std::string_view text) {
  return text.find("snapshot") != std::string_view::npos || text.find(R"("as":)") != std::string_view::npos;
}

class Terms final : public EventSink {
 public:
  void on_event(const Event& event) override {
    if (const auto* instruments = std::get_if<InstrumentUpdate>(&event)) {
      if (!instruments->snapshot || complete) return;
      table.apply(*instruments);
      complete = true;
    } else if (const auto* book = std::get_if<BookSnapshot>(&event)) {
      table.assume(*book);
    }
  }
  InstrumentTable table;
  bool complete = false;
};

}  // namespace

Result<InstrumentTable> told_terms(FrameSource& source, Dialect dialect) {
  const auto codec = make_codec(dialect);
  Terms terms;
  WebRequests web_requests;
  while (!terms.complete) {
    const auto frame = source.next();
    if (!frame) return tl::unexpected<Error>(frame.error());
    if (!*frame) break;
    const bool may_tell = (*frame)->kind == FrameKind::Text && (*frame)->direction == Direction::FromExchange;
    if (web_requests.holds(**frame) || !may_tell || !may_be_snapshot((*frame)->payload)) continue;
    codec->decode((*frame)->payload, terms);
  }
  return std::move(terms.table);
}

}  // namespace ktape
