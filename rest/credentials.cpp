#include "rest/credentials.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/base64.hpp"

namespace ktape::rest {
namespace {

constexpr std::size_t kMaxKeyBytes = 256;
constexpr std::size_t kMaxFileBytes = 4096;
constexpr std::uint32_t kPrivateMode = 0600;
constexpr std::uint32_t kModeBits = 07777;

struct Names {
  const char* key;
  const char* secret;
};
Names names_of(Venue venue) {
  if (venue == Venue::Spot) return {"KRAKEN_API_KEY", "KRAKEN_API_SECRET"};
  return {"KRAKEN_FUTURES_API_KEY", "KRAKEN_FUTURES_API_SECRET"};
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

tl::unexpected<Error> io_error(const std::string& path, const char* what) {
  return fail(Errc::Io, fmt::format("{}: {}: {}", path, what, std::generic_category().message(errno)));
}

// A file that is open and will be closed.
class OpenFile {
 public:
  // O_NONBLOCK: a pipe in the file's place must not stop the program; it is refused afterwards.
  explicit OpenFile(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  if (what.empty()) return;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

}  // namespace

void wipe(std::string& text) {
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

SecretText::SecretText(std::string_view text) : text_(std::make_unique<char[]>(text.size())), size_(text.size()) {
  text.copy(text_.get(), text.size());
}
SecretText::SecretText(SecretText&& other) noexcept
    : text_(std::move(other.text_)), size_(std::exchange(other.size_, 0)) {}
SecretText& SecretText::operator=(SecretText&& other) noexcept {
  if (this != &other) {
    wipe();
    text_ = std::move(other.text_);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}
SecretText::~SecretText() { wipe(); }
void SecretText::wipe() noexcept {
  if (text_ != nullptr) OPENSSL_cleanse(text_.get(), size_);
}

Result<Credentials> Credentials::create(std::string_view api_key, std::string_view api_secret) {
  if (api_key.empty() || api_key.size() > kMaxKeyBytes) {
    return fail(Errc::InvalidArgument,
                fmt::format("an API key of {} characters, 1 to {} expected", api_key.size(), kMaxKeyBytes));
  }
  for (const char c : api_key) {
    // It becomes a header of HTTP: a line break in it would be another header.
    if (c <= ' ' || c > '~') return fail(Errc::InvalidArgument, "an API key with a space or an unprintable character");
  }
  if (api_secret.empty() || api_secret.size() > kMaxKeyBytes) {
    return fail(Errc::InvalidArgument,
                fmt::format("an API secret of {} characters, 1 to {} expected", api_secret.size(), kMaxKeyBytes));
  }
  auto decoded = base64_decode(api_secret);
  if (!decoded) return fail(Errc::InvalidArgument, "the API secret is " + decoded.error().detail);
  wipe(*decoded);
  return Credentials(api_key, api_secret);
}

Result<std::optional<Credentials>> Credentials::from_environment(Venue venue) {
  const Names names = names_of(venue);
  const char* const key = std::getenv(names.key);
  const char* const secret = std::getenv(names.secret);
  if (key == nullptr && secret == nullptr) return std::nullopt;
  if (key == nullptr || secret == nullptr) {
    return fail(Errc::InvalidArgument,
                fmt::format("the environment has {} and no {}", key != nullptr ? names.key : names.secret,
                            key != nullptr ? names.secret : names.key));
  }
  auto credentials = create(key, secret);
  if (!credentials) {
    return fail(credentials.error().code,
                fmt::format("{}, {} of the environment: {}", names.key, names.secret, credentials.error().detail));
  }
  return std::optional<Credentials>(std::move(*credentials));
}

Result<Credentials> Credentials::from_file(const std::string& path, Venue venue) {
  const OpenFile file(path);
  if (file.fd() < 0) return io_error(path, "cannot be opened");
  // Of what was opened, not of the path: it may be another file by now.
  struct stat status {};
  if (::fstat(file.fd(), &status) != 0) return io_error(path, "cannot be examined");
  const FileAccess access{.regular = S_ISREG(status.st_mode),
                          .mode = static_cast<std::uint32_t>(status.st_mode) & kModeBits,
                          .owner = static_cast<std::uint32_t>(status.st_uid)};
  if (auto allowed = check_private(path, access, static_cast<std::uint32_t>(::geteuid())); !allowed) {
    return tl::unexpected<Error>(allowed.error());
  }

  std::string text(kMaxFileBytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const auto count = ::read(file.fd(), text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      auto failed = io_error(path, "cannot be read");
      wipe(text);
      return failed;
    }
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }

  const Names names = names_of(venue);
  std::string_view key;
  std::string_view secret;
  const auto parse = [&]() -> Result<Credentials> {
    if (size > kMaxFileBytes) {
      return fail(Errc::Limit, fmt::format("{}: more than {} bytes", path, kMaxFileBytes));
    }
    std::string_view rest = std::string_view(text).substr(0, size);
    for (int number = 1; !rest.empty(); ++number) {
      const auto end = rest.find('\n');
      const std::string_view line = trimmed(rest.substr(0, end));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
      if (line.empty() || line.front() == '#') continue;
      const auto equals = line.find('=');
      if (equals == std::string_view::npos) {
        return fail(Errc::Parse, fmt::format("{} line {}: NAME=VALUE expected", path, number));
      }
      const std::string_view name = trimmed(line.substr(0, equals));
      if (name == names.key) key = trimmed(line.substr(equals + 1));
      if (name == names.secret) secret = trimmed(line.substr(equals + 1));
    }
    if (key.empty() || secret.empty()) {
      return fail(Errc::NotFound, fmt::format("{}: no {}", path, key.empty() ? names.key : names.secret));
    }
    auto credentials = create(key, secret);
    if (!credentials) return fail(credentials.error().code, fmt::format("{}: {}", path, credentials.error().detail));
    return credentials;
  };
  auto result = parse();
  wipe(text);
  return result;
}

std::string Credentials::hidden_in(std::string text) const {
  replace_all(text, api_secret(), "(credentials)");
  replace_all(text, api_key(), "(credentials)");
  return text;
}

std::ostream& operator<<(std::ostream& out, const Credentials&) { return out << "(credentials)"; }

Result<void> check_private(const std::string& path, const FileAccess& access, std::uint32_t user) {
  if (!access.regular) return fail(Errc::InvalidArgument, fmt::format("{}: not a regular file", path));
  if (access.mode != kPrivateMode) {
    return fail(Errc::InvalidArgument,
                fmt::format("{}: mode {:04o}, and a file with secrets must have 0600", path, access.mode));
  }
  if (access.owner != user) {
    return fail(Errc::InvalidArgument, fmt::format("{}: owned by user {}, mode {:04o}, and a file with secrets must be "
                                                   "the user's own ({})",
                                                   path, access.owner, access.mode, user));
  }
  return {};
}

}  // namespace ktape::rest
