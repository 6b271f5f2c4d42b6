#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <string>

#include "emulator/control/client.h"
#include "emulator/scenario/scenario.h"

// Whether a command that has been started is up yet, by what its `ready` says. Never waits: it is asked again and
// again.
namespace geomx::run {

class Readiness {
 public:
  // `log`: where the command's output goes. `directory`: where a relative file lies.
  Readiness(scenario::Ready wanted, std::string node, std::filesystem::path log,
            const std::filesystem::path& directory);

  // The command is about to be started: what is in the log and the file by now does not count.
  void begin();
  // Once true it stays so, until begin(). Throws what `client` throws.
  bool seen(control::Client& client);
  std::string what_is_missing() const;  // "nothing listens on TCP port 5201"

 private:
  bool printed();
  bool touched() const;

  scenario::Ready wanted_;
  std::string node_;
  std::filesystem::path log_;
  std::filesystem::path file_;
  bool seen_ = false;
  std::uintmax_t read_ = 0;            // bytes of the log
  std::string rest_;                   // the end of them: as much as may be the beginning of the text
  std::optional<struct stat> before_;  // the file at begin()
};

}  // namespace geomx::run
