#pragma once

#include <string>

namespace geomx::cli {

// This process's arguments, as a shell would take them back: what a folder of results keeps, to explain itself.
std::string command_line();

}  // namespace geomx::cli
