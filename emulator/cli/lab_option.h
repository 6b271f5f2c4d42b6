#pragma once

#include <string>

#include "emulator/control/client.h"

namespace CLI {
class App;
}

namespace geomx::cli {

// A lab that may run elsewhere: LAB is its name, or tcp://HOST:PORT where it has been brought up with --listen.
struct LabOption {
  std::string name;
  std::string key_file;
};
void add_lab(CLI::App& command, LabOption& option);  // LAB and --key
control::Client connect(const LabOption& option);

}  // namespace geomx::cli
