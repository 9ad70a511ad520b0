#include <string>

#include <gmock/gmock.h>

#include "core/protocol/spot_v2/request.hpp"

namespace ktape::spot_v2 {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kPrivateElsewhere =
    "Private data and trading are unavailable on this endpoint. Try ws-auth.kraken.com";
constexpr const char* kPublicElsewhere =
    "Public market data subscriptions are unavailable on this endpoint. Try ws.kraken.com";

std::string first_problem(std::string_view text, Host host) {
  const auto parsed = parse_request(text, host);
  return parsed.problems.empty() ? "none" : parsed.problems.front();
}
std::string add_order(std::string_view params) {
  return R"({"method":"add_order","params":{)" + std::string(params) + R"(},"req_id":1})";
}

TEST(SpotV2PrivateRequest, EachHostServesItsOwn) {
  const char* const book = R"({"method":"subscribe","params":{"channel":"book","symbol":["A/B"]}})";
  const char* const level3 = R"({"method":"subscribe","params":{"channel":"level3","symbol":["A/B"],"token":"T"}})";
  const char* const balances = R"({"method":"subscribe","params":{"channel":"balances","token":"T"}})";
  const char* const cancel = R"({"method":"cancel_all","params":{"token":"T"}})";
  EXPECT_EQ(first_problem(book, Host::Public), "none");
  EXPECT_EQ(first_problem(book, Host::Private), kPublicElsewhere);
  EXPECT_EQ(first_problem(book, Host::Level3), kPublicElsewhere);
  EXPECT_EQ(first_problem(book, Host::Any), "none");
  EXPECT_EQ(first_problem(level3, Host::Public), kPrivateElsewhere);
  EXPECT_EQ(first_problem(level3, Host::Private), "none");
  EXPECT_EQ(first_problem(level3, Host::Level3), "none");
  EXPECT_EQ(first_problem(level3, Host::Any), "none");
  for (const char* const text : {balances, cancel}) {
    EXPECT_EQ(first_problem(text, Host::Public), kPrivateElsewhere);
    EXPECT_EQ(first_problem(text, Host::Private), "none");
    EXPECT_EQ(first_problem(text, Host::Level3), kPrivateElsewhere);
    EXPECT_EQ(first_problem(text, Host::Any), "none");
  }
}

TEST(SpotV2PrivateRequest, MissingTokensAreRefusedInKrakensWordsAndShapes) {
  for (const char* const token : {"", R"(,"token":"")"}) {
    const auto text = [token](std::string params) {
      return R"({"method":"subscribe","params":{)" + params + token + "}}";
    };
    for (const char* const channel : {"executions", "balances"}) {
      const auto parsed = parse_request(text(R"("channel":")" + std::string(channel) + '"'), Host::Private);
      EXPECT_THAT(parsed.problems, ElementsAre("ESession:Invalid session"));
      EXPECT_TRUE(parsed.from_backend);
      EXPECT_EQ(parsed.channel, channel);
    }
    const auto level3 = parse_request(text(R"("channel":"level3","symbol":["A/B"])"), Host::Level3);
    EXPECT_THAT(level3.problems, ElementsAre("Token(s) not found"));
    EXPECT_FALSE(level3.from_backend);
  }
  EXPECT_EQ(first_problem(R"({"method":"cancel_all","params":{}})", Host::Private), "Token(s) not found");
  EXPECT_EQ(first_problem(R"({"method":"cancel_all"})", Host::Private), "Params field not found");
  EXPECT_EQ(first_problem(R"({"method":"cancel_all","params":{"token":7}})", Host::Private),
            "Token field must be a string");
}

TEST(SpotV2PrivateRequest, ReadsTheParametersOfExecutions) {
  const auto parsed = parse_request(
      R"({"method":"subscribe","params":{"channel":"executions","token":"T","snap_orders":false,"snap_trades":true,)"
      R"("order_status":false,"ratecounter":true,"rebased":false,"users":"all"},"req_id":30})",
      Host::Private);
  ASSERT_THAT(parsed.problems, IsEmpty());
  EXPECT_EQ(parsed.token, "T");
  const Subscription expected{.channel = Channel::Executions,
                              .snapshot_orders = false,
                              .snapshot_trades = true,
                              .order_status = false,
                              .rate_counter = true,
                              .rebased = false,
                              .all_users = true};
  EXPECT_EQ(to_request(parsed)->subscription, expected);
}

TEST(SpotV2PrivateRequest, TheOldNamesOfTheSnapshotsCountWhereTheNewOnesAreMissing) {
  const auto request = to_request(parse_request(
      R"({"method":"subscribe","params":{"channel":"executions","token":"T","snapshot":false,"snapshot_trades":true}})",
      Host::Private));
  EXPECT_FALSE(request->subscription.snapshot_orders);
  EXPECT_TRUE(request->subscription.snapshot_trades);
  EXPECT_TRUE(request->subscription.order_status);
}

TEST(SpotV2PrivateRequest, ObjectsToTheDepthsAndTypesOfPrivateSubscriptions) {
  EXPECT_EQ(
      first_problem(R"({"method":"subscribe","params":{"channel":"level3","symbol":["A/B"],"depth":25,"token":"T"}})",
                    Host::Level3),
      "Subscription depth not supported");
  EXPECT_EQ(first_problem(R"({"method":"subscribe","params":{"channel":"level3","token":"T"}})", Host::Level3),
            "Symbol(s) not found");
  EXPECT_EQ(first_problem(R"({"method":"subscribe","params":{"channel":"executions","token":"T","snap_orders":1}})",
                          Host::Private),
            "Snap_orders field must be a boolean");
  EXPECT_EQ(first_problem(R"({"method":"subscribe","params":{"channel":"balances","token":"T","users":"me"}})",
                          Host::Private),
            "Users field must be all");
}

struct Objection {
  const char* params;
  const char* problem;
};

TEST(SpotV2PrivateRequest, ObjectsToOrdersInKrakensWords) {
  for (
      const auto& [params, problem] : {
          Objection{R"("token":"T","order_type":"limit","side":"buy","order_qty":1,"symbol":"A/B","limit_price":"1")",
                    "Limit_price field must be a number_float"},
          Objection{R"("order_type":"market","side":"buy","symbol":"A/B","cash_order_qty":"5")",
                    "Cash_order_qty field must be a number_float"},
          Objection{
              R"("token":"T","order_type":"limit","side":"buy","order_qty":1,"symbol":"A/B","limit_price":1,"colour":"red")",
              "Unsupported field: 'colour' for the given msg type: add_order"},
          Objection{
              R"("token":"T","order_type":"limit","side":"buy","order_qty":1,"symbol":"A/B","limit_price":1,"triggers":{"prize":1})",
              "Unsupported field: 'prize' for the given msg type: add_order"},
          Objection{
              R"("token":"T","order_type":"limit","side":"buy","order_qty":1,"symbol":"A/B","limit_price":1,"triggers":7)",
              "Triggers field must be an object"},
          Objection{
              R"("token":"T","order_type":"limit","side":"buy","order_qty":1,"symbol":"A/B","limit_price":1,"order_userref":1.5)",
              "Order_userref field must be an integer"},
          Objection{
              R"("token":"T","order_type":"limit","side":"buy","order_qty":1,"symbol":"A/B","limit_price":1,"post_only":"true")",
              "Post_only field must be a boolean"},
          Objection{R"("order_type":"limit","side":"buy","order_qty":1,"symbol":"A/B","limit_price":1)",
                    "Token(s) not found"},
          Objection{R"("token":"T","side":"buy","order_qty":1,"symbol":"A/B","limit_price":1)",
                    "EGeneral:Invalid arguments:order_type"},
          Objection{R"("token":"T","order_type":"limit","order_qty":1,"symbol":"A/B","limit_price":1)",
                    "EGeneral:Invalid arguments:side"},
          Objection{R"("token":"T","order_type":"limit","side":"hold","order_qty":1,"symbol":"A/B","limit_price":1)",
                    "EGeneral:Invalid arguments:side"},
          Objection{R"("token":"T","order_type":"limit","side":"buy","symbol":"A/B","limit_price":1)",
                    "EGeneral:Invalid arguments:order_qty"},
          Objection{R"("token":"T","order_type":"limit","side":"buy","order_qty":1,"limit_price":1)",
                    "EGeneral:Invalid arguments:symbol"},
          Objection{R"("token":"T","order_type":"limit","side":"buy","order_qty":1,"symbol":"A/B")",
                    "EGeneral:Invalid arguments:limit_price"},
          Objection{
              R"("token":"T","order_type":"limit","side":"buy","order_qty":1,"symbol":"A/B","limit_price":1,"deadline":"soon")",
              "EGeneral:Invalid arguments:deadline"},
      }) {
    EXPECT_EQ(first_problem(add_order(params), Host::Private), problem) << params;
  }
}

TEST(SpotV2PrivateRequest, ObjectsToTheOtherMethodsInKrakensWords) {
  const auto problem = [](std::string_view method, std::string_view params) {
    return first_problem(
        R"({"method":")" + std::string(method) + R"(","params":{"token":"T")" + std::string(params) + "}}",
        Host::Private);
  };
  EXPECT_EQ(problem("cancel_all", R"(,"symbol":"A/B")"),
            "Unsupported field: 'symbol' for the given msg type: cancel_all");
  EXPECT_EQ(problem("cancel_all_orders_after", ""), "EGeneral:Invalid arguments:timeout");
  EXPECT_EQ(problem("cancel_all_orders_after", R"(,"timeout":"60")"), "Timeout field must be an integer");
  EXPECT_EQ(problem("cancel_order", ""), "EGeneral:Invalid arguments:order_id");
  EXPECT_EQ(problem("cancel_order", R"(,"order_id":"O1")"), "Order_id field must be an array of strings");
  EXPECT_EQ(problem("cancel_order", R"(,"order_userref":["1"])"), "Order_userref field must be an array of integers");
  EXPECT_EQ(problem("batch_add", R"(,"symbol":"A/B","orders":[1,2])"), "Orders field must be an array of objects");
  EXPECT_EQ(problem("batch_add", R"(,"symbol":"A/B","orders":[])"), "EGeneral:Invalid arguments:orders");
  EXPECT_EQ(problem("batch_cancel", R"(,"orders":["O1"])"), "EGeneral:Invalid arguments:orders");
  EXPECT_EQ(problem("amend_order", R"(,"order_qty":1)"), "EGeneral:Invalid arguments:order_id");
  EXPECT_EQ(problem("edit_order", R"(,"symbol":"A/B")"), "EGeneral:Invalid arguments:order_id");
  EXPECT_EQ(first_problem(R"({"method":"add_order","params":[]})", Host::Private), "Params field must be an object");
  EXPECT_EQ(first_problem(R"({"method":"add_order","params":{},"token":"T"})", Host::Private),
            "Unsupported field: 'token' for the given msg type: add_order");
}

TEST(SpotV2PrivateRequest, DeprecatedMembersAreAcceptedAndIgnored) {
  EXPECT_EQ(
      first_problem(
          add_order(R"("token":"T","order_type":"limit","side":"buy","order_qty":1,"symbol":"A/B","limit_price":28440,)"
                    R"("no_mpp":true,"stop_price":1,"trigger":"last")"),
          Host::Private),
      "none");
}

TEST(SpotV2PrivateRequest, TheLastOfTwoEqualMembersCounts) {
  const auto request = to_request(parse_request(
      R"({"method":"batch_cancel","params":{"token":"A","orders":["O1"],"orders":["O2","O3"],"token":"B"}})",
      Host::Private));
  ASSERT_TRUE(request.has_value());
  EXPECT_THAT(std::get<BatchCancel>(request->trading).order_ids, ElementsAre("O2", "O3"));
  EXPECT_EQ(request->authorisation.token, "B");
}

TEST(SpotV2PrivateRequest, NumbersKeepTheirPlaces) {
  const auto request = to_request(parse_request(
      add_order(
          R"("token":"T","order_type":"limit","side":"sell","order_qty":0.50000000,"symbol":"A/B","limit_price":28440)"),
      Host::Any));
  ASSERT_TRUE(request.has_value()) << request.error().detail;
  const NewOrder& order = std::get<AddOrder>(request->trading).order;
  EXPECT_EQ(order.quantity->text(), "0.50000000");
  EXPECT_EQ(order.limit_price->text(), "28440");
  EXPECT_EQ(order.side, Side::Sell);
}

}  // namespace
}  // namespace ktape::spot_v2
