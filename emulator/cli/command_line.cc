#include "emulator/cli/command_line.h"

#include <fstream>

namespace geomx::cli {

std::string command_line() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::string line;
  for (std::string argument; std::getline(file, argument, '\0');) {
    const bool plain = !argument.empty() && argument.find_first_of(" \t\n\"'\\$*?[]{}()<>|&;`!#~") == std::string::npos;
    if (!line.empty()) line += ' ';
    if (plain) {
      line += argument;
      continue;
    }
    line += '\'';
    for (const char c : argument) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += '\'';
  }
  return line;
}

}  // namespace geomx::cli
