#include "core/market/event.hpp"

namespace ktape {

std::string_view to_string(Side side) { return side == Side::Buy ? "buy" : "sell"; }
std::string_view to_string(OrderType type) { return type == OrderType::Limit ? "limit" : "market"; }

std::string_view to_string(OrderAction action) {
  switch (action) {
    case OrderAction::Add:
      return "add";
    case OrderAction::Modify:
      return "modify";
    case OrderAction::Delete:
      return "delete";
  }
  return "unknown";
}

std::string_view to_string(CandleSource source) { return source == CandleSource::Exchange ? "exchange" : "trades"; }

std::string_view to_string(CandleState state) {
  switch (state) {
    case CandleState::Open:
      return "open";
    case CandleState::Closed:
      return "closed";
    case CandleState::Empty:
      return "empty";
    case CandleState::Partial:
      return "partial";
    case CandleState::Suspect:
      return "suspect";
    case CandleState::Revised:
      return "revised";
  }
  return "unknown";
}

std::string_view to_string(CandleCompletion completion) {
  switch (completion) {
    case CandleCompletion::None:
      break;
    case CandleCompletion::OhlcSnapshot:
      return "ohlc_snapshot";
    case CandleCompletion::TradeSnapshot:
      return "trade_snapshot";
    case CandleCompletion::Backfill:
      return "backfill";
  }
  return "none";
}

std::string_view to_string(BookState state) {
  switch (state) {
    case BookState::AwaitSnapshot:
      return "await_snapshot";
    case BookState::Live:
      return "live";
    case BookState::Invalid:
      return "invalid";
  }
  return "unknown";
}

std::string_view to_string(LinkState state) {
  switch (state) {
    case LinkState::Up:
      return "up";
    case LinkState::Down:
      return "down";
    case LinkState::Resubscribed:
      return "resubscribed";
  }
  return "unknown";
}

std::string_view to_string(StreamState state) {
  switch (state) {
    case StreamState::Recovering:
      return "recovering";
    case StreamState::Live:
      return "live";
    case StreamState::Stale:
      return "stale";
    case StreamState::Dead:
      return "dead";
    case StreamState::Ended:
      return "ended";
  }
  return "unknown";
}

}  // namespace ktape
