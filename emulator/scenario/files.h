#pragma once

#include <string>

namespace geomx::scenario {

// The whole of a text file of at most 64 MiB. Throws InputError: "PATH: cannot read WHAT: No such file or directory".
// Internal to this folder.
std::string read_text_file(const std::string& path, const std::string& what);

}  // namespace geomx::scenario
