#pragma once

#include <string>
#include <string_view>

namespace ktape::test {

// What an answer of Kraken's REST means to the reader of `method`, one line for each value: "Trades", "Time", ...
// Errors are told like values.
std::string rest_answer_text(std::string_view method, std::string_view body);

}  // namespace ktape::test
