#pragma once

#include <string>

namespace geomx::cli {

// Writes `text` to the file at `path`, or to standard output where `path` is empty or "-". Throws SystemError.
void write_output(const std::string& path, const std::string& text);

}  // namespace geomx::cli
