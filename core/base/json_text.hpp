#pragma once

#include <string>
#include <string_view>

namespace ktape {

// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD, so that the line stays JSON.
void append_json_string(std::string& out, std::string_view text);

// Whether append_json_string() keeps every byte of it.
bool is_utf8(std::string_view text);

}  // namespace ktape
