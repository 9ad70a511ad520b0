#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "import/archive.hpp"

// One reader per format. Internal to this folder.
namespace ktape {

Result<std::unique_ptr<Archive>> open_cbcap(std::string text, Dialect dialect);
Result<std::unique_ptr<Archive>> open_cryptofeed(std::string text, Dialect dialect);
Result<std::unique_ptr<Archive>> open_json_lines(std::string_view text, Dialect dialect);
Result<std::unique_ptr<Archive>> open_json(std::string_view text, Dialect dialect);

Result<std::unique_ptr<Archive>> open_kraken_trades(std::string text, const ArchiveOptions& options);

}  // namespace ktape
