#include "core/session/secret_finder.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>

namespace ktape {
namespace {

constexpr int kMaxNesting = 8;  // JSON in a string in JSON in a string ...: each level at least doubles its quotes

// Names that mean a secret, in lower case and without '-' and '_': Kraken writes api_key, apiKey and API-Key.
constexpr std::array<std::string_view, 21> kSecretNames{
    "token",      "accesstoken",   "websocketstoken", "wstoken",   "apikey",     "apisecret", "apisign",
    "signature",  "sign",          "signedchallenge", "challenge", "otp",        "password",  "nonce",
    "passphrase", "authorization", "authent",         "secret",    "privatekey", "secretkey", "originalchallenge"};
constexpr std::array<std::string_view, 5> kSecretHeaders{"apikey", "apisign", "authent", "authorization", "nonce"};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_name_char(char c) {
  return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || c == '_' || c == '-' || c == '%';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return lower(c) >= 'a' && lower(c) <= 'f' ? lower(c) - 'a' + 10 : -1;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& names, std::string_view spelling) {
  if (spelling.size() > 32) return false;
  std::string name;
  for (const char c : spelling) {
    if (c != '-' && c != '_') name += lower(c);
  }
  // A separator between the letters that the quick look goes by makes it no name: "o-t-p".
  return std::find(names.begin(), names.end(), name) != names.end() && may_hold_secrets(spelling);
}

// Text after its escapes were undone, and where in the payload each of its bytes came from.
struct Unescaped {
  std::string text;
  std::vector<std::size_t> origin;  // one more than bytes: the last is the end
};

void append_utf8(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

std::optional<std::uint32_t> hex4(std::string_view text, std::size_t at) {
  if (at + 4 > text.size()) return std::nullopt;
  std::uint32_t value = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    if (hex_digit(text[i]) < 0) return std::nullopt;
    value = value * 16 + static_cast<std::uint32_t>(hex_digit(text[i]));
  }
  return value;
}

class Finder {
 public:
  explicit Finder(std::vector<SecretRange>& out) : out_(out) {}

  // `origin` maps positions of `text` to the payload; null where they are the same.
  void find(std::string_view text, const std::vector<std::size_t>* origin, int depth) {
    const auto first = std::find_if_not(text.begin(), text.end(), is_space);
    if (first == text.end()) return;
    const Place place{text, origin, depth};
    if (!find_in_json(place, false)) find_in_json(place, true);
    if (*first != '{' && *first != '[') find_in_plain_text(place);
  }

 private:
  struct Place {
    std::string_view text;
    const std::vector<std::size_t>* origin;
    int depth;
    std::size_t at(std::size_t i) const { return origin == nullptr ? i : (*origin)[i]; }
  };

  static std::size_t end_of_string(std::string_view text, std::size_t begin) {
    for (std::size_t i = begin; i < text.size(); ++i) {
      if (text[i] == '\\') {
        ++i;
      } else if (text[i] == '"') {
        return i;
      }
    }
    return text.size();
  }

  static Unescaped unescape(const Place& place, std::size_t begin, std::size_t end) {
    Unescaped out;
    const std::string_view text = place.text.substr(0, end);
    for (std::size_t i = begin; i < end;) {
      const std::size_t start = i;
      if (text[i] != '\\' || i + 1 >= end) {
        out.text += text[i++];
      } else if (text[i + 1] == 'u') {
        auto code = hex4(text, i + 2);
        i += code ? 6U : 2U;
        if (code && *code >= 0xD800 && *code < 0xDC00 && text.substr(i).starts_with("\\u")) {
          if (const auto low = hex4(text, i + 2); low && *low >= 0xDC00 && *low < 0xE000) {
            code = 0x10000 + ((*code - 0xD800) << 10) + (*low - 0xDC00);
            i += 6;
          }
        }
        if (code) append_utf8(out.text, *code);
      } else {
        constexpr std::string_view kEscapes = "bfnrt";
        constexpr std::string_view kMeaning = "\b\f\n\r\t";
        const auto which = kEscapes.find(text[i + 1]);
        out.text += which == std::string_view::npos ? text[i + 1] : kMeaning[which];
        i += 2;
      }
      out.origin.resize(out.text.size(), place.at(start));
    }
    out.origin.push_back(place.at(end));
    return out;
  }

  // Adds what it finds; nothing and false if it turned out that the message answers a challenge, in which case the
  // member "message" is the challenge, and the caller asks again with `message_is_secret`.
  bool find_in_json(const Place& place, bool message_is_secret) {
    const std::size_t found_before = out_.size();
    const std::string_view text = place.text;
    std::size_t depth = 0;         // of brackets
    std::size_t secret_depth = 0;  // where the container that is the value of a secret member began; 0 outside
    bool secret_next = false;      // the value after a secret name
    bool event_next = false;
    for (std::size_t i = 0; i < text.size();) {
      const char c = text[i];
      if (c == '{' || c == '[') {
        ++depth;
        if (secret_next && secret_depth == 0) secret_depth = depth;
        secret_next = event_next = false;
        ++i;
      } else if (c == '}' || c == ']') {
        if (secret_depth == depth) secret_depth = 0;
        if (depth > 0) --depth;
        secret_next = event_next = false;
        ++i;
      } else if (c == '"') {
        const std::size_t end = end_of_string(text, i + 1);
        const std::size_t after = std::min(end + 1, text.size());
        const auto colon = static_cast<std::size_t>(
            std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(after), text.end(), is_space) - text.begin());
        const bool escaped = text.substr(i + 1, end - i - 1).find('\\') != std::string_view::npos;
        if (colon < text.size() && text[colon] == ':') {
          const std::string name =
              escaped ? unescape(place, i + 1, end).text : std::string(text.substr(i + 1, end - i - 1));
          secret_next = is_one_of(kSecretNames, name) || (message_is_secret && name == "message");
          event_next = name == "event";
          i = colon + 1;
          continue;
        }
        if (secret_next || secret_depth != 0) {
          add(place, i + 1, end, unescape(place, i + 1, end).text, "");
        } else {
          find_in_string(place, i + 1, end, escaped);
          if (event_next && !message_is_secret && unescape(place, i + 1, end).text == "challenge") {
            out_.resize(found_before);
            return false;
          }
        }
        secret_next = event_next = false;
        i = after;
      } else if (is_space(c) || c == ',' || c == ':') {
        if (c == ',') secret_next = event_next = false;
        ++i;
      } else {
        const std::size_t end = std::min(text.find_first_of(",:{}[]\" \t\r\n", i), text.size());
        const std::string_view bare = text.substr(i, end - i);
        if ((secret_next || secret_depth != 0) && bare != "null" && bare != "true" && bare != "false") {
          // The quote that is needed here was escaped once more by each string around it.
          const std::size_t backslashes = (std::size_t{1} << place.depth) - 1;
          add(place, i, end, std::string(bare), std::string(backslashes, '\\') + '"');
        }
        secret_next = event_next = false;
        i = end;
      }
    }
    return true;
  }

  void find_in_string(const Place& place, std::size_t begin, std::size_t end, bool escaped) {
    if (place.depth >= kMaxNesting) return;
    const std::string_view raw = place.text.substr(begin, end - begin);
    if (raw.find_first_of("=:\\") == std::string_view::npos) return;
    if (!escaped && raw.find_first_of("=:") == std::string_view::npos) return;
    const Unescaped inner = unescape(place, begin, end);
    find(inner.text, &inner.origin, place.depth + 1);
  }

  // Header lines ("API-Key: abc") and query parameters ("?token=abc&x=1").
  void find_in_plain_text(const Place& place) {
    const std::string_view text = place.text;
    for (std::size_t i = text.find_first_of("=:"); i != std::string_view::npos; i = text.find_first_of("=:", i)) {
      std::size_t name_begin = i;
      while (name_begin > 0 && is_name_char(text[name_begin - 1])) --name_begin;
      const std::string name = percent_decoded(text.substr(name_begin, i - name_begin));
      const bool query = text[i] == '=';
      ++i;
      if (query ? !is_one_of(kSecretNames, name) : !is_one_of(kSecretHeaders, name)) continue;
      if (!query) i = std::min(text.find_first_not_of(" \t", i), text.size());
      std::size_t end = std::min(text.find_first_of(query ? "& \t\r\n\"'#;<>" : "\r\n\"'", i), text.size());
      const std::size_t next = end;
      while (end > i && (text[end - 1] == ' ' || text[end - 1] == '\t')) --end;
      add(place, i, end, percent_decoded(text.substr(i, end - i)), "");
      i = next;
    }
  }

  void add(const Place& place, std::size_t begin, std::size_t end, std::string value, std::string quotes) {
    if (begin < end) out_.push_back({place.at(begin), place.at(end), std::move(value), std::move(quotes)});
  }

  std::vector<SecretRange>& out_;
};

// Sixteen bytes at once, in the vector extension that g++ and clang share: the usual payload holds no secret and is
// gone through to its end, so that this is what redaction costs.
using Block = unsigned char __attribute__((vector_size(16)));

template <class T>
T load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

// Not zero where two or three letters of a name stand that means a secret, or where a name may be spelled with escapes.
// `b` and `c` are the bytes after `a` and those after these. The letters are those that market data does not have.
Block suspicious(Block a, Block b, Block c) {
  const auto escapes = (a == '\\') | (a == '%');
  a |= 0x20;
  b |= 0x20;
  c |= 0x20;
  const auto names = ((a == 'o') & (b == 'k') & (c == 'e')) |  // token
                     ((a == 'h') & (b == 'a') & (c == 'l')) |  // challenge
                     ((a == 'e') & (b == 'y')) |               // api_key, privatekey
                     ((a == 'g') & (b == 'n')) |               // sign, signature, signed_challenge
                     ((a == 't') & (b == 'p')) |               // otp
                     ((a == 's') & (b == 's')) |               // password, passphrase
                     ((a == 'n') & (b == 'c')) |               // nonce
                     ((a == 'u') & (b == 't')) |               // authent, authorization
                     ((a == 'c') & (b == 'r'));                // secret
  return reinterpret_cast<Block>(escapes | names);
}

}  // namespace

bool may_hold_secrets(std::string_view payload) {
  std::size_t i = 0;
  Block found{};
  for (; i + sizeof(Block) + 2 <= payload.size(); i += sizeof(Block)) {
    const char* const at = payload.data() + i;
    found |= suspicious(load<Block>(at), load<Block>(at + 1), load<Block>(at + 2));
  }
  // The rest, filled up with zeros.
  std::array<char, 2 * sizeof(Block) + 2> rest{};
  payload.substr(i).copy(rest.data(), rest.size());
  found |= suspicious(load<Block>(rest.data()), load<Block>(rest.data() + 1), load<Block>(rest.data() + 2));
  found |= suspicious(load<Block>(rest.data() + sizeof(Block)), load<Block>(rest.data() + sizeof(Block) + 1),
                      load<Block>(rest.data() + sizeof(Block) + 2));
  const Block nothing{};
  return std::memcmp(&found, &nothing, sizeof found) != 0;
}

std::vector<SecretRange> find_secrets(std::string_view payload) {
  std::vector<SecretRange> found;
  Finder(found).find(payload, nullptr, 0);
  std::stable_sort(found.begin(), found.end(),
                   [](const SecretRange& a, const SecretRange& b) { return a.begin < b.begin; });
  std::vector<SecretRange> out;
  for (SecretRange& range : found) {
    if (out.empty() || range.begin >= out.back().end) out.push_back(std::move(range));
  }
  return out;
}

}  // namespace ktape
