#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace ktape {

// One zstd frame per call, with its content size and without a checksum of its own: records have theirs.
class Compressor {
 public:
  explicit Compressor(int level);

  // Replaces `out` by the frame. The same bytes at the same level give the same frame (for one version of zstd).
  Result<void> compress(std::string_view raw, std::string& out);

  void set_level(int level);  // which must be valid

  static bool level_is_valid(int level);

 private:
  struct Free {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_CCtx_s, Free> context_;
};

class Decompressor {
 public:
  // Whether `frame` is one whole frame that announces `raw_length` bytes.
  static Result<void> check(std::string_view frame, std::size_t raw_length);

  // `frame` must be one whole frame of exactly `raw_length` bytes; `out` has room for them.
  Result<void> decompress(std::string_view frame, char* out, std::size_t raw_length);

 private:
  struct Free {
    void operator()(ZSTD_DCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_DCtx_s, Free> context_;  // 95 kB, made when the first frame has passed check()
};

}  // namespace ktape
