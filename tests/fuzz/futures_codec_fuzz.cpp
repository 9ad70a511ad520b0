#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "core/protocol/futures/classify.hpp"
#include "core/protocol/futures/codec.hpp"
#include "core/protocol/futures/request.hpp"
#include "tests/fuzz/futures_facts.hpp"
#include "tests/support/event_log.hpp"

namespace {

using namespace ktape;

std::string milliseconds(Timestamp at) { return std::to_string(nanoseconds(at) / 1'000'000); }
std::string milliseconds(const std::optional<Timestamp>& at) { return at ? milliseconds(*at) : "-"; }

// The facts that the codec tells, in the words of futures_facts().
struct Told final : EventSink {
  void on_event(const Event& event) override {
    if (const auto* book = std::get_if<BookSnapshot>(&event)) {
      lines += fmt::format("snapshot {} {} {} bids{} asks{}\n", book->symbol, *book->sequence,
                           milliseconds(book->exchange_time), levels(book->bids), levels(book->asks));
    } else if (const auto* update = std::get_if<BookUpdate>(&event)) {
      lines += fmt::format("update {} {} {} {}{}\n", update->symbol, *update->sequence,
                           milliseconds(update->exchange_time), update->bids.empty() ? "sell" : "buy",
                           levels(update->bids.empty() ? update->asks : update->bids));
    } else if (const auto* trade = std::get_if<Trade>(&event)) {
      lines += fmt::format("trade {} {} {} {} {}x{} {} {}\n", trade->symbol, trade->trade_id,
                           milliseconds(trade->exchange_time), to_string(trade->side), trade->price.text(),
                           trade->quantity.text(), trade->uid, trade->kind);
    } else if (const auto* message = std::get_if<UnknownMessage>(&event)) {
      unknown = true;
      lines += message->what;
    }
  }
  static std::string levels(std::span<const Level> side) {
    std::string out;
    for (const Level& level : side) out += fmt::format(" {}x{}", level.price.text(), level.quantity.text());
    return out;
  }
  std::string lines;
  bool unknown = false;
};

}  // namespace

// No text hurts the codec, whatever was asked before, and it tells of books and trades what another reader finds.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  futures::FuturesCodec codec;
  for (const char* const asked :
       {R"({"event":"subscribe","feed":"book","product_ids":["PF_XBTUSD","PF_ETHUSD"]})",
        R"({"event":"unsubscribe","feed":"fills","api_key":"k","original_challenge":"c","signed_challenge":"s"})",
        R"({"event":"challenge","api_key":"k"})"}) {
    codec.sent(codec.decode_request(asked).value());
  }
  // Memory of exactly its size, so that a sanitizer notices a step past the end.
  const std::vector<char> exact(text.begin(), text.end());
  Told told;
  codec.decode({exact.data(), exact.size()}, told);
  const auto facts = ktape::test::futures_facts(text);
  if (facts.concerned && (told.unknown == facts.lines.has_value() || (facts.lines && *facts.lines != told.lines))) {
    std::fprintf(stderr, "the readers differ.\ncodec:\n%s\ndocument:\n%s\n", told.lines.c_str(),
                 facts.lines ? facts.lines->c_str() : "nothing");
    std::abort();
  }
  ktape::test::EventLog log;
  codec.decode(text, log);
  static_cast<void>(futures::to_request(futures::parse_request(text)));
  static_cast<void>(futures::classify(text));
  return 0;
}
