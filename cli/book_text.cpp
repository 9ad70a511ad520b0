#include "cli/book_text.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cli/text_output.hpp"

namespace ktape::cli {

void BookWatch::on_event(const Event& event) {
  std::visit([this](const auto& what) { take(what); }, event);
}

void BookWatch::told(std::string_view symbol, std::optional<std::uint32_t> checksum,
                     std::optional<std::uint64_t> sequence) {
  if (symbol != symbol_) return;
  checksum_ = checksum;
  sequence_ = sequence;
  if (checksum || sequence) ++right_;  // the client tells no book that does not fit
  was_live_ = true;
}

void BookWatch::take(const BookStateChange& change) {
  if (change.symbol != symbol_ || !change.channel.empty()) return;
  why_ = change.reason;
  if (change.state == BookState::Live) failure_.clear();
  if (change.state != BookState::Invalid) return;
  ++wrong_;
  failure_ = change.reason;
}

void BookWatch::take(const StreamStateChange& change) {
  if (change.symbol != symbol_ || change.channel != "book") return;
  stream_ = change.state;
  stream_reason_ = change.reason;
  if (change.state == StreamState::Dead || change.state == StreamState::Ended) why_ = change.reason;
}

void BookWatch::take(const LinkChange& change) {
  if (change.state == LinkState::Up) link_.clear();
  if (change.state == LinkState::Down) link_ = fmt::format("disconnected: {}", change.detail);
}

void BookWatch::take(const Reply& reply) {
  const bool refused = reply.method == "subscribe" && !reply.success && !reply.error.starts_with("Already subscribed");
  if (refused && (reply.symbol == symbol_ || reply.symbol.empty())) refusal_ = reply.error;
}

std::string BookWatch::state_text(const OrderBook* book) const {
  if (!link_.empty()) return "NO BOOK: " + link_;
  if (book == nullptr) return "NO BOOK: " + why_;
  if (!shows(book)) {
    return failure_.empty() ? fmt::format("NO BOOK: {}, waiting for a snapshot", why_)
                            : fmt::format("NO BOOK: {}; asked for again", failure_);
  }
  if (stream_ == StreamState::Stale) return "STALE: " + stream_reason_;
  const auto counts = fmt::format("({} so far, {} wrong)", grouped(right_), grouped(wrong_));
  if (checksum_) return fmt::format("live  checksum {} right {}", *checksum_, counts);
  if (sequence_) return fmt::format("live  number {} in turn {}", *sequence_, counts);
  return "live  without a checksum";
}

std::string book_text(const BookPrint& print) {
  std::string out = fmt::format("{}  {}  {}\n", format_rfc3339(print.at, 0), print.symbol, print.state);
  if (print.book == nullptr) return out;
  const LevelsView bids = print.book->bids().best(print.rows);
  const LevelsView asks = print.book->asks().best(print.rows);
  out += fmt::format("{:>20} {:>16}   {:<16} {:<}\n", "bid quantity", "bid", "ask", "ask quantity");
  for (std::size_t i = 0; i < std::max(bids.size(), asks.size()); ++i) {
    const auto [bid, bid_quantity] = i < bids.size() ? std::pair{bids[i].price.text(), bids[i].quantity.text()}
                                                     : std::pair<std::string, std::string>{};
    const auto [ask, ask_quantity] = i < asks.size() ? std::pair{asks[i].price.text(), asks[i].quantity.text()}
                                                     : std::pair<std::string, std::string>{};
    std::string line = fmt::format("{:>20} {:>16}   {:<16} {}", bid_quantity, bid, ask, ask_quantity);
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  if (bids.size() < print.rows || asks.size() < print.rows) {
    out += fmt::format("{:>20} {:>16}   {}\n", "", fmt::format("{} of {}", bids.size(), print.rows),
                       fmt::format("{} of {}", asks.size(), print.rows));
  }
  return out;
}

}  // namespace ktape::cli
