#include "core/protocol/futures/request.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/protocol/futures/codec.hpp"

namespace ktape::futures {
namespace {

using testing::ElementsAre;

const Authorisation kProof{.token = {}, .api_key = "key", .original_challenge = "asked", .signed_challenge = "signed"};

Request request(Method method, Channel channel, std::vector<std::string> products = {}, Authorisation proof = {}) {
  return {.method = method,
          .subscription = {.channel = channel, .symbols = std::move(products)},
          .authorisation = std::move(proof)};
}

TEST(FuturesRequest, IsWrittenAsDocumented) {
  EXPECT_EQ(encode({.method = Method::Ping}), R"({"event":"ping"})");
  EXPECT_EQ(encode({.method = Method::Challenge, .authorisation = {.api_key = "key"}}),
            R"({"event":"challenge","api_key":"key"})");
  EXPECT_EQ(encode(request(Method::Subscribe, Channel::TickerLite, {"PF_XBTUSD", "PI_XBTUSD"})),
            R"({"event":"subscribe","feed":"ticker_lite","product_ids":["PF_XBTUSD","PI_XBTUSD"]})");
  EXPECT_EQ(encode(request(Method::Unsubscribe, Channel::Heartbeat)), R"({"event":"unsubscribe","feed":"heartbeat"})");
  const std::string proof = R"("api_key":"key","original_challenge":"asked","signed_challenge":"signed"})";
  EXPECT_EQ(encode(request(Method::Subscribe, Channel::OpenOrders, {}, kProof)),
            R"({"event":"subscribe","feed":"open_orders",)" + proof);
  EXPECT_EQ(encode(request(Method::Unsubscribe, Channel::Fills, {"PF_XBTUSD"}, kProof)),
            R"({"event":"unsubscribe","feed":"fills","product_ids":["PF_XBTUSD"],)" + proof);
  EXPECT_EQ(encode(request(Method::Subscribe, Channel::Book, {"PF_XBTUSD"}, kProof)),
            R"({"event":"subscribe","feed":"book","product_ids":["PF_XBTUSD"]})")
      << "nobody is told a key who need not know it";
}

TEST(FuturesRequest, IsRefusedWhereFuturesHasNoSuchThing) {
  const FuturesCodec codec;
  const auto why = [&](const Request& asked) {
    const auto checked = codec.check(asked);
    return checked ? "" : checked.error().detail;
  };
  EXPECT_EQ(why({.method = Method::Ping}), "");
  EXPECT_EQ(why(request(Method::Subscribe, Channel::Book, {"PF_XBTUSD"})), "");
  EXPECT_EQ(why(request(Method::Subscribe, Channel::Heartbeat)), "");
  EXPECT_EQ(why(request(Method::Subscribe, Channel::Fills, {"PF_XBTUSD"}, kProof)), "");
  EXPECT_EQ(why(request(Method::Unsubscribe, Channel::Notifications, {}, kProof)), "");

  EXPECT_EQ(why(request(Method::Subscribe, Channel::Ohlc, {"PF_XBTUSD"})), "Futures has no feed 'ohlc'");
  EXPECT_EQ(why(request(Method::Subscribe, Channel::Instrument)), "Futures has no feed 'instrument'");
  EXPECT_EQ(why(request(Method::Subscribe, Channel::Executions, {}, kProof)), "Futures has no feed 'executions'");
  EXPECT_EQ(why(request(Method::Subscribe, Channel::Book)), "feed book needs at least one product, such as PF_XBTUSD");
  EXPECT_EQ(why(request(Method::Subscribe, Channel::Heartbeat, {"PF_XBTUSD"})),
            "feed heartbeat takes no products, but 'PF_XBTUSD' is given");
  EXPECT_EQ(why(request(Method::Subscribe, Channel::Balances, {"PF_XBTUSD"}, kProof)),
            "feed balances takes no products, but 'PF_XBTUSD' is given");
  EXPECT_EQ(why(request(Method::Subscribe, Channel::Trade, {"BTC/USD"})),
            "'BTC/USD' is no product of Futures: these are named as PF_XBTUSD");
  EXPECT_EQ(why(request(Method::Unsubscribe, Channel::OpenOrders)),
            "feed open_orders needs an API key, a challenge and its signature");
  EXPECT_EQ(why({.method = Method::Challenge}), "a challenge needs an API key");
  EXPECT_EQ(why({.method = Method::Trade, .trading = CancelAll{}}),
            "Futures cannot be told 'cancel_all' over its websocket: orders go over REST");
}

TEST(FuturesRequest, IsReadWhateverTheOrderOfItsKeys) {
  const auto parsed =
      parse_request(R"({"depth":10,"product_ids":["pi_xbtusd","PF_ETHUSD"],"feed":"book","event":"unsubscribe"})");
  EXPECT_FALSE(parsed.problem.has_value());
  EXPECT_THAT(parsed.unknown_members, ElementsAre("depth"));
  EXPECT_THAT(parsed.products, ElementsAre("pi_xbtusd", "PF_ETHUSD"));
  const auto read = to_request(parsed);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->method, Method::Unsubscribe);
  EXPECT_THAT(read->subscription.symbols, ElementsAre("PI_XBTUSD", "PF_ETHUSD"));
}

TEST(FuturesRequest, ObjectsInKrakensWords) {
  const FuturesCodec codec;
  const auto objection = [&](std::string_view text) { return codec.decode_request(text).error().detail; };
  EXPECT_EQ(objection("nonsense"), "Bad request");
  EXPECT_EQ(objection("[]"), "Bad request");
  EXPECT_EQ(objection(R"({"event":"dance"})"), "Bad request");
  EXPECT_EQ(objection(R"({"feed":"book"})"), "Bad request");
  EXPECT_EQ(objection(R"({"event":"subscribe","feed":"book"})"), "Bad request");
  EXPECT_EQ(objection(R"({"event":"subscribe","feed":"book","product_ids":"PF_XBTUSD"})"), "Bad request");
  EXPECT_EQ(objection(R"({"event":"challenge"})"), "Json Error");
  EXPECT_EQ(objection(R"({"event":"subscribe","feed":"liquidations","product_ids":["PF_XBTUSD"]})"),
            "Couldn't subscribe to invalid feed");
  EXPECT_EQ(objection(R"({"event":"subscribe","feed":"book_snapshot","product_ids":["PF_XBTUSD"]})"),
            "Couldn't subscribe to invalid feed");
  EXPECT_EQ(objection(R"({"event":"subscribe","feed":"book","product_ids":["BTC/USD"]})"),
            "Couldn't subscribe to invalid product `BTC/USD`");
  EXPECT_EQ(objection(R"({"event":"subscribe","feed":"fills","api_key":"my-key","original_challenge":"c"})"),
            "Failed to subscribe to authenticated feed");
  EXPECT_EQ(objection(std::string(kMaxRequestBytes + 1, ' ')), "Bad request");
}

TEST(FuturesRequest, HasADocumentedFormOfEveryObjectionThatHasOne) {
  const auto text = [](Problem problem, RefusalForm form) {
    const auto refusal = refusal_of(problem, "PF_NONE", form);
    return std::string(refusal.event) + ": " + refusal.message;
  };
  EXPECT_EQ(text(Problem::Malformed, RefusalForm::Documented), "error: Json Error");
  EXPECT_EQ(text(Problem::Malformed, RefusalForm::Observed), "alert: Bad request");
  EXPECT_EQ(text(Problem::BadChallenge, RefusalForm::Observed), "error: Json Error");
  EXPECT_EQ(text(Problem::InvalidFeed, RefusalForm::Documented), "error: Invalid feed");
  EXPECT_EQ(text(Problem::InvalidProduct, RefusalForm::Documented), "error: Invalid product id");
  EXPECT_EQ(text(Problem::InvalidProduct, RefusalForm::Observed),
            "alert: Couldn't subscribe to invalid product `PF_NONE`");
  for (const auto form : {RefusalForm::Observed, RefusalForm::Documented}) {
    EXPECT_EQ(text(Problem::AlreadySubscribed, form), "alert: Already subscribed to feed, re-requesting");
    EXPECT_EQ(text(Problem::NotSubscribed, form), "alert: Not subscribed to feed");
    EXPECT_EQ(text(Problem::NotAuthenticated, form), "alert: Failed to subscribe to authenticated feed");
  }
}

}  // namespace
}  // namespace ktape::futures
