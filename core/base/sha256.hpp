#pragma once

#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace ktape {

// SHA-256 of bytes that come in pieces.
class Sha256 {
 public:
  Sha256();
  void add(std::string_view bytes);
  // The 32 bytes of the sum, and the same as 64 hexadecimal digits. Nothing may be added afterwards.
  std::string bytes();
  std::string hex();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

std::string sha256(std::string_view bytes);
std::string sha256_hex(std::string_view bytes);

}  // namespace ktape
