#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/protocol/dialect.hpp"
#include "core/wire/frame.hpp"

namespace ktape {

// How others have stored what Kraken sent. Their formats are described in docs/import.md.
enum class ArchiveFormat : std::uint8_t {
  Cbcap,         // "CBCAP1" and length-prefixed messages with receive times
  Cryptofeed,    // cryptofeed's raw files: a line per frame, received or sent, with its time
  JsonLines,     // a message per line; or objects as `ktape cat --format json` prints them, with time and direction
  Json,          // one document: a message, a list of messages, or {"init": ..., "updates": [...]}
  KrakenTrades,  // Kraken's downloadable history: a line "time,price,volume" for each trade
};

std::string_view to_string(ArchiveFormat format);  // "cbcap", "cryptofeed", "jsonl", "json", "kraken-trades"
std::optional<ArchiveFormat> parse_archive_format(std::string_view name);

struct ArchiveOptions {
  // Guessed from the content where not given.
  std::optional<ArchiveFormat> format{};
  std::optional<Dialect> dialect{};
  std::string symbol{};  // BTC/USD: of what does not say it itself, KrakenTrades
};

// The frames of an archive, in its order. Nothing is invented, but what KrakenTrades needs to be messages at all, and
// notes() says that: there is an Opened frame only where the archive tells of
// a connection. Times are the archive's receive times; where it has none, they follow the exchange's own times in the
// messages, and where these are not known either, frames stand one microsecond apart from 1970 on.
class Archive : public FrameSource {
 public:
  virtual ArchiveFormat format() const = 0;
  virtual Dialect dialect() const = 0;
  // What the archive says beside its frames, such as the settings of the run. May be empty.
  virtual std::string_view notes() const { return {}; }
  virtual bool has_receive_times() const = 0;
};

// `text` is the whole archive, unpacked. Errors name the place in it.
Result<std::unique_ptr<Archive>> open_archive(std::string text, const ArchiveOptions& options = {});

inline constexpr std::size_t kMaxArchiveBytes = std::size_t{2} << 30U;

// A file's content; unpacked if it is zstd, whatever its name. Not more than kMaxArchiveBytes.
Result<std::string> read_archive_file(const std::string& path);

}  // namespace ktape
