#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "cli/record/settings.hpp"
#include "yaml/reader.hpp"

namespace ktape::cli {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{4} << 20U;
constexpr std::string_view kFeeds = "feeds";

using yaml::kind_of;

class SettingsReader : private yaml::Reader {
 public:
  using yaml::Reader::Reader;

  Result<SettingsFile> read(const YAML::Node& root) {
    SettingsFile file;
    if (root.IsNull()) return file;
    if (!root.IsMap()) return wrong(root, "", fmt::format("keys with values expected, not {}", kind_of(root)));
    for (const auto& entry : root) {
      if (entry.first.IsScalar() && entry.first.Scalar() == kFeeds) {
        if (!file.feeds.empty()) return wrong(entry.first, kFeeds, "this key was there before");
        if (auto done = read_feeds(entry.second, file.feeds); !done) return tl::unexpected<Error>(done.error());
      } else if (auto done = read_entry(entry.first, entry.second, true, file.all); !done) {
        return tl::unexpected<Error>(done.error());
      }
    }
    return file;
  }

 private:
  Result<void> read_feeds(const YAML::Node& list, std::vector<Settings>& out) {
    if (!list.IsSequence() || list.size() == 0) {
      return wrong(list, kFeeds, fmt::format("a sequence of feeds expected, not {}", kind_of(list)));
    }
    for (const YAML::Node& feed : list) {
      if (!feed.IsMap()) {
        return wrong(feed, kFeeds,
                     fmt::format("a feed is a mapping (channels: ..., symbols: ...), not {}", kind_of(feed)));
      }
      Settings& settings = out.emplace_back();
      for (const auto& entry : feed) {
        if (auto done = read_entry(entry.first, entry.second, false, settings); !done) return done;
      }
    }
    return {};
  }

  Result<void> read_entry(const YAML::Node& name, const YAML::Node& value, bool top, Settings& out) {
    if (!name.IsScalar()) return wrong(name, "", fmt::format("a key is a word, not {}", kind_of(name)));
    const SettingKey* const key = find_setting(name.Scalar());
    if (key == nullptr) {
      return wrong(name, "",
                   fmt::format("unknown key '{}'; the options of `ktape record --help` are the keys", name.Scalar()));
    }
    if (!top && key->scope != SettingScope::Feed) {
      return wrong(name, key->name, "concerns the whole recording, so it cannot stand in a feed");
    }
    if (value.IsNull()) return wrong(name, key->name, "a value expected, not nothing");
    auto setting = read_value(*key, value);
    if (!setting) return tl::unexpected<Error>(setting.error());
    if (!out.emplace(key->name, std::move(*setting)).second) return wrong(name, key->name, "this key was there before");
    return {};
  }

  Result<Setting> read_value(const SettingKey& key, const YAML::Node& node) {
    Setting setting{{}, place(node, key.name)};
    if (node.IsScalar()) {
      setting = from_text(key, node.Scalar(), setting.origin);
    } else if (node.IsSequence() && key.kind == SettingKind::List) {
      for (const YAML::Node& item : node) {
        if (!item.IsScalar())
          return wrong(item, key.name, fmt::format("a list of words expected, not {}", kind_of(item)));
        setting.values.push_back(item.Scalar());
      }
    } else {
      return wrong(node, key.name,
                   fmt::format("{} expected, not {}", key.kind == SettingKind::List ? "a list" : "a single value",
                               kind_of(node)));
    }
    const bool flag = node.IsScalar() && (node.Scalar() == "true" || node.Scalar() == "false");
    if (key.kind == SettingKind::Flag && !flag) {
      return wrong(node, key.name, fmt::format("true or false expected, not '{}'", setting.text()));
    }
    return setting;
  }
};

}  // namespace

Result<SettingsFile> parse_settings(std::string_view text, const std::string& path) {
  const auto root = yaml::parse(text, path);
  if (!root) return tl::unexpected<Error>(root.error());
  return SettingsReader(path).read(*root);
}

Result<SettingsFile> read_settings(const std::string& path) {
  const auto text = yaml::read_text(path, kMaxFileBytes);
  if (!text) return tl::unexpected<Error>(text.error());
  return parse_settings(*text, path);
}

std::string to_yaml(const EffectiveSettings& settings) {
  YAML::Emitter out;
  const auto put = [&out](const Settings& all, SettingScope scope) {
    for (const SettingKey& key : setting_keys()) {
      const auto found = all.find(key.name);
      if (key.scope != scope || found == all.end()) continue;
      out << YAML::Key << std::string(key.name) << YAML::Value;
      if (key.kind != SettingKind::List) {
        out << found->second.text();
        continue;
      }
      out << YAML::Flow << YAML::BeginSeq;
      for (const std::string& value : found->second.values) out << value;
      out << YAML::EndSeq;
    }
  };
  out << YAML::BeginMap;
  put(settings.recording, SettingScope::Recording);
  out << YAML::Key << std::string(kFeeds) << YAML::Value << YAML::BeginSeq;
  for (const Settings& feed : settings.feeds) {
    out << YAML::BeginMap;
    put(feed, SettingScope::Feed);
    out << YAML::EndMap;
  }
  out << YAML::EndSeq << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

}  // namespace ktape::cli
