#include "cli/fake_time.hpp"

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "core/base/decimal.hpp"

namespace ktape::cli {
namespace {

constexpr std::string_view kLibraries = "/usr/lib";
constexpr std::string_view kName = "faketime/libfaketimeMT.so.1";  // the one that threads may use
constexpr std::int64_t kSecond = 1'000'000'000;

// "+1.500000000", "-3.000000000".
std::string seconds_text(Duration span) {
  const bool back = span < Duration::zero();
  const std::int64_t count = back ? -span.count() : span.count();
  return fmt::format("{}{}.{:09}", back ? '-' : '+', count / kSecond, count % kSecond);
}

}  // namespace

Result<std::string> find_faketime() {
  std::error_code error;
  for (const auto& folder : std::filesystem::directory_iterator(kLibraries, error)) {
    const auto path = folder.path() / kName;
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) return path.string();
  }
  return fail(Errc::NotFound, "--faketime needs libfaketime: apt install faketime");
}

std::vector<std::pair<std::string, std::string>> faketime_environment(const std::string& library, Timestamp at,
                                                                      Timestamp now, Rate rate) {
  const char* const before = std::getenv("LD_PRELOAD");
  const std::string preload = before != nullptr && *before != '\0' ? fmt::format("{} {}", library, before) : library;
  std::vector<std::pair<std::string, std::string>> all{{"LD_PRELOAD", preload}, {"NO_FAKE_STAT", "1"}};
  if (rate.numerator == rate.denominator) {
    all.emplace_back("FAKETIME", seconds_text(at - now));
    return all;
  }
  // Six places say more of a ratio than any run lasts.
  constexpr int kPlaces = 6;
  const std::uint64_t millionths = std::uint64_t{rate.numerator} * 1'000'000U / rate.denominator;
  const std::string ratio = Decimal::from_units(static_cast<Int128>(millionths), kPlaces).text();
  all.emplace_back("FAKETIME_FMT", "%s");
  all.emplace_back("FAKETIME",
                   fmt::format("@{}.{:09} x{}", nanoseconds(at) / kSecond, nanoseconds(at) % kSecond, ratio));
  return all;
}

}  // namespace ktape::cli
