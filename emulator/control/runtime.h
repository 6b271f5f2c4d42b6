#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "emulator/base/error.h"
#include "emulator/base/fd.h"

// Where running labs are found: one folder per lab, with its control socket, what `list` prints, and a lock that the
// lab process holds as long as it lives. A folder whose lock is free belongs to nobody (its lab was killed) and is
// removed by whoever sees it next.
namespace geomx::control {

// A lab of that name is running.
class NameTaken : public InputError {
  using InputError::InputError;
};

// $GEOMX_EMU_RUNTIME_DIR where it is set; else /run/geomx-emu for root; else $XDG_RUNTIME_DIR/geomx-emu, or
// /tmp/geomx-emu-UID where that is unset or not ours. Made with mode 0700 where it is missing. Throws WorkError where
// it belongs to somebody else.
std::string runtime_root();

// What `list` says about a lab.
struct LabEntry {
  std::string name;
  pid_t pid = 0;  // of its init, in the pid namespace of who started it
  std::size_t nodes = 0;
  std::size_t links = 0;
  bool attached = true;
  std::int64_t started = 0;  // seconds since 1970
};

// A lab's own folder while it is being started. Move-only.
class RuntimeFolder {
 public:
  // Makes and locks it. Throws NameTaken where a lab of that name runs, InputError where the name is not fit for a
  // file.
  static RuntimeFolder claim(const std::string& lab);
  RuntimeFolder(RuntimeFolder&&) noexcept = default;
  RuntimeFolder& operator=(RuntimeFolder&&) = delete;
  ~RuntimeFolder();  // removes the folder unless it was handed over

  const std::string& path() const { return path_; }
  int listener() const { return listener_.get(); }  // the control socket, listening
  int lock() const { return lock_.get(); }
  void describe(const LabEntry& entry);
  // The lab process lives and has the descriptors: closes them here and leaves the folder to it.
  void hand_over();

 private:
  RuntimeFolder(std::string path, FileDescriptor lock, FileDescriptor listener);
  std::string path_;
  FileDescriptor lock_;
  FileDescriptor listener_;
};

// REQUIRES: the caller holds the folder's lock, or knows that its lab has ended.
void remove_folder(const std::string& path);

// Labs that run, by name; removes the folders of those that do not.
std::vector<LabEntry> running_labs();
std::optional<LabEntry> find_lab(const std::string& lab);

// Connects to a lab's control socket; InputError, with those that run, where there is none.
FileDescriptor connect_to(const std::string& lab);

}  // namespace geomx::control
