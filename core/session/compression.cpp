#include "core/session/compression.hpp"

#include <fmt/format.h>
#include <zstd.h>

#include "core/base/assert.hpp"

namespace ktape {

void Compressor::Free::operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }
void Decompressor::Free::operator()(ZSTD_DCtx_s* context) const { ZSTD_freeDCtx(context); }

bool Compressor::level_is_valid(int level) { return level >= ZSTD_minCLevel() && level <= ZSTD_maxCLevel(); }

Compressor::Compressor(int level) : context_(ZSTD_createCCtx()) {
  KTAPE_ASSERT(context_ != nullptr, "zstd could not allocate its context");
  set_level(level);
}

void Compressor::set_level(int level) {
  KTAPE_ASSERT(ZSTD_isError(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level)) == 0,
               "the compression level was checked before");
}

Result<void> Compressor::compress(std::string_view raw, std::string& out) {
  out.resize(ZSTD_compressBound(raw.size()));
  const std::size_t size = ZSTD_compress2(context_.get(), out.data(), out.size(), raw.data(), raw.size());
  if (ZSTD_isError(size) != 0) {
    return fail(Errc::Io, fmt::format("zstd could not compress {} bytes: {}", raw.size(), ZSTD_getErrorName(size)));
  }
  out.resize(size);
  return {};
}

Result<void> Decompressor::check(std::string_view frame, std::size_t raw_length) {
  const auto announced = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (announced != raw_length) {
    return fail(Errc::Corrupt,
                fmt::format("the zstd frame does not hold the {} bytes that its record names", raw_length));
  }
  const std::size_t frame_length = ZSTD_findFrameCompressedSize(frame.data(), frame.size());
  if (ZSTD_isError(frame_length) != 0 || frame_length != frame.size()) {
    return fail(Errc::Corrupt, fmt::format("{} bytes are not one whole zstd frame", frame.size()));
  }
  return {};
}

Result<void> Decompressor::decompress(std::string_view frame, char* out, std::size_t raw_length) {
  if (auto fits = check(frame, raw_length); !fits) return fits;
  if (!context_) {
    context_.reset(ZSTD_createDCtx());
    KTAPE_ASSERT(context_ != nullptr, "zstd could not allocate its context");
  }
  const std::size_t size = ZSTD_decompressDCtx(context_.get(), out, raw_length, frame.data(), frame.size());
  if (ZSTD_isError(size) != 0) {
    return fail(Errc::Corrupt,
                fmt::format("zstd cannot decompress {} bytes: {}", frame.size(), ZSTD_getErrorName(size)));
  }
  if (size != raw_length) {
    return fail(Errc::Corrupt, fmt::format("zstd gave {} bytes instead of {}", size, raw_length));
  }
  return {};
}

}  // namespace ktape
