#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace ktape::rest {

// Overwrites the text, also where a compiler sees that nobody reads it afterwards, and leaves it empty.
void wipe(std::string& text);

// Text whose memory is overwritten when it goes. Moves, never copies.
class SecretText {
 public:
  SecretText() = default;
  explicit SecretText(std::string_view text);
  SecretText(SecretText&& other) noexcept;
  SecretText& operator=(SecretText&& other) noexcept;
  ~SecretText();

  std::string_view view() const { return {text_.get(), size_}; }

 private:
  void wipe() noexcept;

  std::unique_ptr<char[]> text_;
  std::size_t size_ = 0;
};

enum class Venue : std::uint8_t { Spot, Futures };  // their keys are separate

// An API key and its secret. Can be moved and never copied, prints as "(credentials)", and leaves no trace in memory
// that it owned.
class Credentials {
 public:
  // `api_secret` is in base64, as Kraken hands it out. Errors never show either.
  static Result<Credentials> create(std::string_view api_key, std::string_view api_secret);

  // KRAKEN_API_KEY and KRAKEN_API_SECRET, or KRAKEN_FUTURES_API_KEY and KRAKEN_FUTURES_API_SECRET. Nothing if neither
  // is set; an error if one is missing.
  static Result<std::optional<Credentials>> from_environment(Venue venue);

  // A file of lines NAME=VALUE with the same names; '#' begins a comment line. Other names are ignored, so that one
  // file may hold both venues. Refused unless it is a regular file of the user's own with mode 0600.
  static Result<Credentials> from_file(const std::string& path, Venue venue);

  std::string_view api_key() const { return key_.view(); }
  std::string_view api_secret() const { return secret_.view(); }

  // `text` with "(credentials)" wherever the key or the secret stands in it: for words that came from a far end.
  std::string hidden_in(std::string text) const;

 private:
  Credentials(std::string_view api_key, std::string_view api_secret) : key_(api_key), secret_(api_secret) {}

  SecretText key_;
  SecretText secret_;
};

std::ostream& operator<<(std::ostream& out, const Credentials& credentials);

// Whether a file with that mode and owner may hold secrets of `user`. The error has path and mode.
struct FileAccess {
  bool regular = false;
  std::uint32_t mode = 0;  // the lower twelve bits
  std::uint32_t owner = 0;
};
Result<void> check_private(const std::string& path, const FileAccess& access, std::uint32_t user);

}  // namespace ktape::rest
