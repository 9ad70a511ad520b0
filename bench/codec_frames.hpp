#pragma once

#include <array>
#include <cstdint>
#include <string>

#include <fmt/format.h>

#include "core/base/random.hpp"
#include "core/base/time.hpp"

// Messages as a liquid pair has them, in each dialect: a new time in every one, a new second in every fortieth. Nine
// tenths of a mixture are books, as traffic was seen to be.
namespace ktape::bench {

class Numbers {
 public:
  std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }
  std::uint64_t checksum() { return random_.next() >> 32U; }
  Timestamp time() { return now_ += std::chrono::microseconds{20'000 + below(10'000)}; }
  std::string price(int zeros) {
    return fmt::format("{}.{}{}", 63000 + below(100), below(10), std::string(static_cast<std::size_t>(zeros), '0'));
  }
  std::string quantity() { return fmt::format("{}.{:08}", below(4), below(100'000'000)); }

 private:
  Random random_{17};
  Timestamp now_ = from_nanoseconds(1'788'249'607'180'204'000);
};

class SpotV2Frames {
 public:
  std::string book(int levels, const char* type = "update") {
    std::array<std::string, 2> sides;
    for (int i = 0; i < levels; ++i) {
      std::string& side = sides[numbers_.below(2)];
      if (!side.empty()) side.push_back(',');
      side += fmt::format(R"({{"price":{},"qty":{}}})", numbers_.price(0), numbers_.quantity());
    }
    return fmt::format(R"({{"channel":"book","type":"{}","data":[{{"symbol":"BTC/USD","bids":[{}],"asks":[{}],)"
                       R"("checksum":{},"timestamp":"{}"}}]}})",
                       type, sides[0], sides[1], numbers_.checksum(), time());
  }
  std::string snapshot() { return book(20, "snapshot"); }

  std::string trade() {
    return fmt::format(
        R"({{"channel":"trade","type":"update","data":[{{"symbol":"BTC/USD","side":"{}","price":{},"qty":0.{:08},)"
        R"("ord_type":"limit","trade_id":{},"timestamp":"{}"}}]}})",
        numbers_.below(2) == 0 ? "buy" : "sell", numbers_.price(0), numbers_.below(100'000'000),
        109'183'836 + numbers_.below(100'000), time());
  }

  std::string ticker() {
    return fmt::format(
        R"({{"channel":"ticker","type":"update","data":[{{"symbol":"BTC/USD","bid":63004.{},"bid_qty":0.{:08},)"
        R"("ask":63005.0,"ask_qty":2.{:08},"last":63005.0,"volume":2173.{:08},"vwap":62143.1,"low":61077.7,)"
        R"("high":63267.9,"change":-119.7,"change_pct":-0.63,"trades":38144,"timestamp":"{}"}}]}})",
        numbers_.below(10), numbers_.below(100'000'000), numbers_.below(100'000'000), numbers_.below(100'000'000),
        time());
  }

  static std::string heartbeat() { return R"({"channel":"heartbeat"})"; }

 private:
  std::string time() { return format_rfc3339(numbers_.time(), 6); }
  Numbers numbers_;
};

class SpotV1Frames {
 public:
  std::string book(int levels) {
    std::array<std::string, 2> sides;
    for (int i = 0; i < levels; ++i) append_level(sides[numbers_.below(2)]);
    std::string parts;
    if (!sides[1].empty()) parts = fmt::format(R"({{"a":[{}]{}}})", sides[1], sides[0].empty() ? checksum() : "");
    if (!sides[0].empty()) {
      if (!parts.empty()) parts += ',';
      parts += fmt::format(R"({{"b":[{}]{}}})", sides[0], checksum());
    }
    return fmt::format(R"([119930881,{},"book-10","XBT/USD"])", parts);
  }

  std::string snapshot() {
    std::array<std::string, 2> sides;
    for (std::string& side : sides) {
      for (int i = 0; i < 10; ++i) append_level(side);
    }
    return fmt::format(R"([119930881,{{"as":[{}],"bs":[{}]}},"book-10","XBT/USD"])", sides[1], sides[0]);
  }

  std::string trade() {
    return fmt::format(R"([336,[["{}","{}","{}","{}","l",""]],"trade","XBT/USD"])", numbers_.price(4),
                       numbers_.quantity(), time(), numbers_.below(2) == 0 ? "b" : "s");
  }

  std::string ticker() {
    return fmt::format(
        R"([340,{{"a":["{0}",1,"{1}"],"b":["{0}",0,"{1}"],"c":["{0}","{1}"],"v":["2017.17131530","2173.{2:08}"],)"
        R"("p":["62143.10000","62200.20000"],"t":[38144,40144],"l":["61077.70000","61077.70000"],)"
        R"("h":["63267.90000","63267.90000"],"o":["62100.00000","62005.00000"]}},"ticker","XBT/USD"])",
        numbers_.price(4), numbers_.quantity(), numbers_.below(100'000'000));
  }

  static std::string heartbeat() { return R"({"event":"heartbeat"})"; }

 private:
  void append_level(std::string& side) {
    if (!side.empty()) side.push_back(',');
    side += fmt::format(R"(["{}","{}","{}"])", numbers_.price(4), numbers_.quantity(), time());
  }
  std::string checksum() { return fmt::format(R"(,"c":"{}")", numbers_.checksum()); }
  std::string time() {
    const auto micros = numbers_.time().time_since_epoch().count() / 1000;
    return fmt::format("{}.{:06}", micros / 1'000'000, micros % 1'000'000);
  }
  Numbers numbers_;
};

class FuturesFrames {
 public:
  std::string book(int /*levels*/) {
    return fmt::format(R"({{"feed":"book","product_id":"PF_XBTUSD","side":"{}","seq":{},"price":{},"qty":{},)"
                       R"("timestamp":{}}})",
                       numbers_.below(2) == 0 ? "buy" : "sell", ++sequence_, 63000 + numbers_.below(100),
                       numbers_.quantity().substr(0, 6), time());
  }

  std::string snapshot() {
    std::array<std::string, 2> sides;
    for (std::string& side : sides) {
      for (int i = 0; i < 10; ++i) {
        if (!side.empty()) side.push_back(',');
        side +=
            fmt::format(R"({{"price":{},"qty":{}}})", 63000 + numbers_.below(100), numbers_.quantity().substr(0, 6));
      }
    }
    return fmt::format(R"({{"feed":"book_snapshot","product_id":"PF_XBTUSD","timestamp":{},"seq":{},"tickSize":null,)"
                       R"("bids":[{}],"asks":[{}]}})",
                       time(), ++sequence_, sides[0], sides[1]);
  }

  std::string trade() {
    return fmt::format(R"({{"feed":"trade","product_id":"PF_XBTUSD","uid":"45ee9737-1877-4682-bc68-e4ef818ef88a",)"
                       R"("side":"{}","type":"fill","seq":{},"time":{},"qty":{},"price":{}}})",
                       numbers_.below(2) == 0 ? "buy" : "sell", ++sequence_, time(), numbers_.quantity().substr(0, 6),
                       63000 + numbers_.below(100));
  }

  std::string ticker() {
    return fmt::format(
        R"({{"time":{},"product_id":"PF_XBTUSD","funding_rate":-6.2604214e-11,"funding_rate_prediction":-3.65989977e-10,)"
        R"("relative_funding_rate":-1.046e-6,"next_funding_rate_time":1788253200000,"feed":"ticker","bid":{},"ask":63101,)"
        R"("bid_size":{},"ask_size":2.5,"volume":2173.25,"dtm":0,"leverage":"50x","index":63050.22,"premium":-0.1,)"
        R"("last":63050,"change":-0.63,"suspended":false,"tag":"perpetual","pair":"XBT:USD","openInterest":1523.2,)"
        R"("markPrice":63049.97,"maturityTime":0,"post_only":false,"volumeQuote":137023412.5}})",
        time(), 63000 + numbers_.below(100), numbers_.quantity().substr(0, 6));
  }

  std::string heartbeat() { return fmt::format(R"({{"feed":"heartbeat","time":{}}})", time()); }

 private:
  std::int64_t time() { return numbers_.time().time_since_epoch().count() / 1'000'000; }
  Numbers numbers_;
  std::uint64_t sequence_ = 0;
};

template <class Frames>
std::string mixed(Frames& frames, Numbers& numbers) {
  const auto kind = numbers.below(100);
  if (kind < 88) return frames.book(1 + static_cast<int>(numbers.below(3)));
  if (kind < 94) return frames.trade();
  if (kind < 99) return frames.ticker();
  return frames.heartbeat();
}

}  // namespace ktape::bench
