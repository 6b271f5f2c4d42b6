#include "emulator/cli/lab_option.h"

#include <CLI/CLI.hpp>

#include "emulator/base/error.h"
#include "emulator/control/keys.h"

namespace geomx::cli {

void add_lab(CLI::App& command, LabOption& option) {
  command.add_option("LAB", option.name, "The lab's name, or tcp://HOST:PORT of one that listens there")->required();
  command.add_option("--key", option.key_file, "For tcp://: the client.key out of that lab's folder")
      ->type_name("FILE");
}

control::Client connect(const LabOption& option) {
  if (!control::is_remote(option.name)) return control::Client::connect(option.name);
  if (option.key_file.empty()) throw InputError(option.name, "needs a key", "--key FILE: the lab's client.key");
  return control::Client::connect(option.name, control::read_key(option.key_file));
}

}  // namespace geomx::cli
