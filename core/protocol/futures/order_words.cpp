#include "core/protocol/futures/order_words.hpp"

namespace ktape::futures {

OrderWords order_words(const OrderNews& news) {
  const std::string_view reason = news.reason;
  if (reason == "full_fill") return {"filled", "filled"};
  if (reason == "partial_fill") return {"trade", "partially_filled"};
  if (news.gone) {
    return reason == "contract_expired" ? OrderWords{"expired", "expired"} : OrderWords{"canceled", "canceled"};
  }
  const std::string_view live = news.executed ? "partially_filled" : "new";
  if (reason == "new_placed_order_by_user" || reason == "limit_order_from_stop") return {"new", live};
  if (reason == "edited_by_user") return {"amended", live};
  return {"status", live};
}

}  // namespace ktape::futures
