#include "import/archive.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include <fmt/format.h>
#include <zstd.h>

#include "import/kraken_trades.hpp"
#include "import/readers.hpp"

namespace ktape {
namespace {

constexpr std::string_view kZstdMagic = "\x28\xB5\x2F\xFD";
constexpr std::size_t kGuessBytes = std::size_t{256} << 10U;

ArchiveFormat guess_format(std::string_view text) {
  if (text.starts_with("CBCAP1 ")) return ArchiveFormat::Cbcap;
  const std::string_view line = text.substr(0, text.find('\n'));
  const bool json = line.starts_with('{') || line.starts_with('[');
  if (line.starts_with("configuration: ") || (!json && line.find("://") < line.find(' '))) {
    return ArchiveFormat::Cryptofeed;
  }
  if (is_kraken_trade_line(line)) return ArchiveFormat::KrakenTrades;
  if (!line.empty() && line.front() >= '0' && line.front() <= '9') return ArchiveFormat::Cryptofeed;
  // A document that is spread over lines breaks off inside the first of them.
  const bool whole = line.size() > 1 && (line.ends_with('}') || line.ends_with(']') || line.ends_with("}\r"));
  return whole ? ArchiveFormat::JsonLines : ArchiveFormat::Json;
}

// What each dialect's messages have and the others' have not.
Dialect guess_dialect(std::string_view text) {
  const std::string_view sample = text.substr(0, kGuessBytes);
  const auto has = [sample](std::string_view word) { return sample.find(word) != std::string_view::npos; };
  // Inside a string of another JSON text, as `ktape cat` prints them, quotes have a backslash.
  for (const std::string_view quote : {"\"", "\\\""}) {
    const auto has_name = [&](std::string_view name) { return has(fmt::format("{0}{1}{0}", quote, name)); };
    if (has_name("product_id") || has_name("product_ids") || has("futures.kraken.com")) return Dialect::FuturesV1;
    if (has_name("channel") || has_name("method") || has("kraken.com/v2")) return Dialect::SpotV2;
    if (has_name("event") || has("kraken.com")) return Dialect::SpotV1;
  }
  const std::size_t first = sample.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && sample[first] == '[' ? Dialect::SpotV1 : Dialect::SpotV2;
}

Result<std::string> unpack(std::string_view packed, const std::string& path) {
  const std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream(ZSTD_createDStream(), ZSTD_freeDStream);
  std::string out;
  std::vector<char> buffer(ZSTD_DStreamOutSize());
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  std::size_t hint = 1;
  while (in.pos < in.size) {
    ZSTD_outBuffer piece{buffer.data(), buffer.size(), 0};
    hint = ZSTD_decompressStream(stream.get(), &piece, &in);
    if (ZSTD_isError(hint) != 0) {
      return fail(Errc::Corrupt, fmt::format("{}: not valid zstd: {}", path, ZSTD_getErrorName(hint)));
    }
    if (out.size() + piece.pos > kMaxArchiveBytes) {
      return fail(Errc::Limit, fmt::format("{}: more than {} bytes when unpacked", path, kMaxArchiveBytes));
    }
    out.append(buffer.data(), piece.pos);
  }
  // Whatever fits into the buffer has been written, so a frame that is not finished was cut.
  if (hint != 0) return fail(Errc::Corrupt, fmt::format("{}: the zstd data is cut", path));
  return out;
}

}  // namespace

std::string_view to_string(ArchiveFormat format) {
  switch (format) {
    case ArchiveFormat::Cbcap:
      return "cbcap";
    case ArchiveFormat::Cryptofeed:
      return "cryptofeed";
    case ArchiveFormat::JsonLines:
      return "jsonl";
    case ArchiveFormat::Json:
      return "json";
    case ArchiveFormat::KrakenTrades:
      return "kraken-trades";
  }
  return "unknown";
}

std::optional<ArchiveFormat> parse_archive_format(std::string_view name) {
  for (const auto format : {ArchiveFormat::Cbcap, ArchiveFormat::Cryptofeed, ArchiveFormat::JsonLines,
                            ArchiveFormat::Json, ArchiveFormat::KrakenTrades}) {
    if (name == to_string(format)) return format;
  }
  return std::nullopt;
}

Result<std::unique_ptr<Archive>> open_archive(std::string text, const ArchiveOptions& options) {
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    return fail(Errc::Parse, "the archive is empty");
  }
  const Dialect dialect = options.dialect.value_or(guess_dialect(text));
  switch (options.format.value_or(guess_format(text))) {
    case ArchiveFormat::Cbcap:
      return open_cbcap(std::move(text), dialect);
    case ArchiveFormat::Cryptofeed:
      return open_cryptofeed(std::move(text), dialect);
    case ArchiveFormat::JsonLines:
      return open_json_lines(text, dialect);
    case ArchiveFormat::Json:
      return open_json(text, dialect);
    case ArchiveFormat::KrakenTrades:
      return open_kraken_trades(std::move(text), options);
  }
  return fail(Errc::InvalidArgument, "unknown archive format");
}

Result<std::string> read_archive_file(const std::string& path) {
  const std::unique_ptr<std::FILE, decltype(&std::fclose)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) return fail(Errc::Io, fmt::format("cannot open {}: {}", path, std::strerror(errno)));
  std::string text;
  std::vector<char> buffer(std::size_t{1} << 20U);
  while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
    if (text.size() + got > kMaxArchiveBytes) {
      return fail(Errc::Limit, fmt::format("{}: more than {} bytes", path, kMaxArchiveBytes));
    }
    text.append(buffer.data(), got);
  }
  if (std::ferror(file.get()) != 0)
    return fail(Errc::Io, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  return text.starts_with(kZstdMagic) ? unpack(text, path) : Result<std::string>(std::move(text));
}

}  // namespace ktape
