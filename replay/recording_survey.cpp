#include "replay/recording_survey.hpp"

#include <algorithm>
#include <set>

#include "core/protocol/codec.hpp"
#include "core/wire/web_requests.hpp"
#include "replay/recorded_dialect.hpp"

namespace ktape {
namespace {

// Of the depths that can be asked for, the one that so many prices come from.
int depth_of(std::span<const RestingOrder> orders) {
  int prices = 0;
  for (std::size_t i = 0; i < orders.size(); ++i) {
    if (i == 0 || orders[i].price != orders[i - 1].price) ++prices;
  }
  return prices <= 10 ? 10 : prices <= 100 ? 100 : 1000;
}

class Surveyor final : public EventSink {
 public:
  Surveyor(const RecordedDialect& dialect, RecordingSurvey& out) : dialect_(dialect), out_(out) {}

  // Whether it may be one of the messages that are looked at; all others need not be understood.
  bool may_tell(std::string_view text) const {
    if (dialect_.may_answer(text)) return true;
    if (!is_futures()) {
      return text.find(R"("level3")") != std::string_view::npos && text.find(R"("snapshot")") != std::string_view::npos;
    }
    return text.find(R"("book_snapshot")") != std::string_view::npos ||
           text.find(R"("ticker")") != std::string_view::npos;
  }

  void take(Codec& codec, std::string_view text) {
    text_ = text;
    codec.decode(text, *this);
  }

  void on_event(const Event& event) override {
    if (const auto* reply = std::get_if<Reply>(&event)) {
      if (reply->method != "subscribe") return;
      if (const auto feed = dialect_.feed_of(*reply)) {
        feeds.insert(*feed);
        if (is_futures() && !feed->symbol.empty()) out_.products.list(feed->symbol);
      }
    } else if (const auto* level3 = std::get_if<Level3Snapshot>(&event)) {
      const int depth = std::max(depth_of(level3->bids), depth_of(level3->asks));
      out_.level3_depths.try_emplace(std::string(level3->symbol), depth);
    } else if (!is_futures()) {
      return;
    } else if (const auto* book = std::get_if<BookSnapshot>(&event)) {
      out_.products.take(*book);
    } else if (const auto* ticker = std::get_if<Ticker>(&event)) {
      const FuturesProduct* const known = out_.products.find(ticker->symbol);
      if (known == nullptr || known->ticker.empty()) out_.products.take(*ticker, text_);
    }
  }

  std::set<Feed> feeds;

 private:
  bool is_futures() const { return dialect_.dialect() == Dialect::FuturesV1; }

  const RecordedDialect& dialect_;
  RecordingSurvey& out_;
  std::string_view text_;
};

}  // namespace

Result<RecordingSurvey> survey_recording(FrameSource& source, Dialect dialect) {
  RecordingSurvey out;
  Surveyor surveyor(RecordedDialect::of(dialect), out);
  const auto codec = make_codec(dialect);
  WebRequests web_requests;
  for (;;) {
    auto frame = source.next();
    if (!frame) return tl::unexpected<Error>(frame.error());
    if (!*frame) break;
    const Frame& one = **frame;
    if (!out.first_at) out.first_at = one.at;
    out.last_at = std::max(out.last_at.value_or(one.at), one.at);
    const bool may_tell = one.kind == FrameKind::Text && one.direction == Direction::FromExchange;
    if (web_requests.holds(one) || !may_tell || !surveyor.may_tell(one.payload)) continue;
    surveyor.take(*codec, one.payload);
  }
  out.feeds.assign(surveyor.feeds.begin(), surveyor.feeds.end());
  return out;
}

}  // namespace ktape
