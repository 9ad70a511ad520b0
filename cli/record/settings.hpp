#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

// What `ktape record` can be told, on its command line or in a file, before it is known to make sense.
namespace ktape::cli {

enum class SettingKind : std::uint8_t {
  Word,
  List,  // words with commas between; in a file also a sequence
  Flag,  // an option without a value; in a file true or false
};

// Whom a setting concerns.
enum class SettingScope : std::uint8_t {
  Recording,
  Feed,  // may also stand in each entry of `feeds`
};

// When it has a meaning.
enum class SettingUse : std::uint8_t {
  Always,
  Asking,     // where the recorder itself asks for what is recorded
  Listening,  // where it stands between others and the exchange (--listen)
};

struct SettingKey {
  std::string_view name;  // of the option, without "--", and of the key in a file
  SettingKind kind;
  SettingScope scope;
  std::string_view standard;  // the value that it has if nobody sets it, in spot-v2; empty: none
  std::string_view help;
  SettingUse use = SettingUse::Always;
};

// In the order in which they are shown.
std::span<const SettingKey> setting_keys();
const SettingKey* find_setting(std::string_view name);

struct Setting {
  std::vector<std::string> values;  // one, but for lists
  std::string origin;               // for errors: "--depth", "kraken.yaml:3: depth"

  std::string text() const;  // the values with commas between
};
using Settings = std::map<std::string, Setting, std::less<>>;

// As the command line gives a value; lists are split.
Setting from_text(const SettingKey& key, std::string_view value, std::string origin);

struct SettingsFile {
  Settings all;                 // of the top level
  std::vector<Settings> feeds;  // of the entries of `feeds`
};

// Reads YAML. An error names the file, the line, the key and the value. `path` is for those errors only.
Result<SettingsFile> parse_settings(std::string_view yaml, const std::string& path);
Result<SettingsFile> read_settings(const std::string& path);

// What holds in the end: each feed with all its settings, and those of the recording.
struct EffectiveSettings {
  Settings recording;
  std::vector<Settings> feeds;  // at least one
};

// The command line wins over the file, an entry of `feeds` over the top level, and everything over the standard.
// Naming symbols takes the place of all-symbols, and the other way round. With `listen` there are no standards for what
// has a meaning only where the recorder itself asks.
EffectiveSettings effective(const Settings& command_line, const SettingsFile& file);

// The same as a file that parse_settings() reads.
std::string to_yaml(const EffectiveSettings& settings);

}  // namespace ktape::cli
