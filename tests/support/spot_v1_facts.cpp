#include "tests/support/spot_v1_facts.hpp"

#include <algorithm>

#include <rapidjson/document.h>

#include "core/base/decimal.hpp"

namespace ktape::test {
namespace {

using Json = rapidjson::Value;

std::string_view text_of(const Json& value) { return {value.GetString(), value.GetStringLength()}; }

// Where the codec's names differ from the wire's, by a rule of its own: each asset is replaced where it is a whole
// name.
std::string modern(std::string_view pair) {
  std::string out(pair);
  const std::size_t slash = out.find('/');
  if (slash == std::string::npos) return out;
  const std::size_t end = std::min(out.find(':', slash), out.size());
  const auto renamed = [](const std::string& asset) {
    return asset == "XBT" ? std::string("BTC") : asset == "XDG" ? std::string("DOGE") : asset;
  };
  return renamed(out.substr(0, slash)) + '/' + renamed(out.substr(slash + 1, end - slash - 1)) + out.substr(end);
}

void line(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(" ").append(value).append("\n");
}
// Numbers with an exponent are printed in plain notation.
void number(std::string& out, std::string_view name, const Json& value) {
  line(out, name, Decimal::parse(text_of(value)).value().text());
}

// The last member of that name counts.
const Json* member(const Json& object, std::string_view name) {
  const Json* found = nullptr;
  for (const auto& each : object.GetObject()) {
    if (text_of(each.name) == name) found = &each.value;
  }
  return found;
}

const Json& at(const Json& array, unsigned index) { return array[index]; }

void levels(std::string& out, std::string_view name, const Json* side) {
  if (side == nullptr) return;
  for (const auto& level : side->GetArray()) {
    number(out, name, at(level, 0));
    number(out, "quantity", at(level, 1));
  }
}

void book(std::string& out, const Json& root, unsigned payloads) {
  for (const char* name : {"b", "bs", "a", "as"}) {
    for (unsigned i = 1; i <= payloads; ++i) {
      levels(out, *name == 'b' ? "bid" : "ask", member(at(root, i), name));
    }
  }
  const Json* checksum = nullptr;
  for (unsigned i = 1; i <= payloads; ++i) {
    if (const Json* const here = member(at(root, i), "c")) checksum = here;
  }
  // Null says that there is none.
  if (checksum != nullptr && checksum->IsString()) {
    line(out, "checksum", std::to_string(std::stoul(std::string(text_of(*checksum)))));
  }
}

}  // namespace

void SpotV1Facts::note(std::string_view name, const Decimal& value) { line(lines_, name, value.text()); }
void SpotV1Facts::note(std::string_view name, std::string_view value) { line(lines_, name, value); }

void SpotV1Facts::on_event(const Event& event) {
  const auto sides = [this](const auto& told) {
    comparable_ = true;
    note("pair", told.symbol);
    for (const Level& level : told.bids) {
      note("bid", level.price);
      note("quantity", level.quantity);
    }
    for (const Level& level : told.asks) {
      note("ask", level.price);
      note("quantity", level.quantity);
    }
    if (told.checksum) note("checksum", std::to_string(*told.checksum));
  };
  if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) sides(*snapshot);
  if (const auto* update = std::get_if<BookUpdate>(&event)) sides(*update);
  if (const auto* trade = std::get_if<Trade>(&event)) {
    comparable_ = true;
    note("pair", trade->symbol);
    note("price", trade->price);
    note("quantity", trade->quantity);
    note("side", trade->side == Side::Buy ? "b" : "s");
    note("type", trade->order_type == OrderType::Limit ? "l" : "m");
  }
  if (const auto* spread = std::get_if<Spread>(&event)) {
    comparable_ = true;
    note("pair", spread->symbol);
    note("price", spread->bid);
    note("price", spread->ask);
    note("quantity", spread->bid_quantity);
    note("quantity", spread->ask_quantity);
  }
  if (const auto* candle = std::get_if<Candle>(&event)) {
    comparable_ = true;
    note("pair", candle->symbol);
    for (const Decimal& value :
         {candle->open, candle->high, candle->low, candle->close, candle->vwap, candle->volume}) {
      note("price", value);
    }
  }
  if (const auto* ticker = std::get_if<Ticker>(&event)) {
    comparable_ = true;
    note("pair", ticker->symbol);
    for (const Decimal& value :
         {ticker->ask, ticker->ask_quantity, ticker->bid, ticker->bid_quantity, ticker->last, ticker->volume,
          ticker->vwap, ticker->low, ticker->high, ticker->open.value_or(Decimal())}) {
      note("price", value);
    }
  }
}

std::optional<std::string> facts_by_dom(std::string_view text) {
  rapidjson::Document root;
  root.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag>(text.data(), text.size());
  if (root.HasParseError() || !root.IsArray() || root.Size() < 4) return std::nullopt;
  const unsigned last = root.Size() - 1;
  if (!at(root, last).IsString() || !at(root, last - 1).IsString()) return std::nullopt;
  const std::string_view name = text_of(at(root, last - 1));
  const std::string pair = modern(text_of(at(root, last)));
  const Json& data = at(root, 1);
  std::string out;
  if (name.starts_with("book")) {
    line(out, "pair", pair);
    book(out, root, last - 2);
  } else if (name.starts_with("trade")) {
    for (const auto& trade : data.GetArray()) {
      line(out, "pair", pair);
      number(out, "price", at(trade, 0));
      number(out, "quantity", at(trade, 1));
      line(out, "side", text_of(at(trade, 3)));
      line(out, "type", text_of(at(trade, 4)));
    }
  } else if (name.starts_with("spread")) {
    line(out, "pair", pair);
    for (const unsigned index : {0U, 1U}) number(out, "price", at(data, index));
    for (const unsigned index : {3U, 4U}) number(out, "quantity", at(data, index));
  } else if (name.starts_with("ohlc")) {
    line(out, "pair", pair);
    for (const unsigned index : {2U, 3U, 4U, 5U, 6U, 7U}) number(out, "price", at(data, index));
  } else if (name.starts_with("ticker")) {
    line(out, "pair", pair);
    for (const char* side : {"a", "b"}) {
      number(out, "price", at(*member(data, side), 0));
      number(out, "price", at(*member(data, side), 2));
    }
    number(out, "price", at(*member(data, "c"), 0));
    for (const char* of : {"v", "p", "l", "h", "o"}) number(out, "price", at(*member(data, of), 1));
  } else {
    return std::nullopt;
  }
  return out;
}

}  // namespace ktape::test
