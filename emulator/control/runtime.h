#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "emulator/base/error.h"
#include "emulator/base/fd.h"

// Where running labs are found: one folder per lab, with its control sockets, what `list` prints, and a lock that the
// lab process holds as long as it lives. A folder whose lock is free belongs to nobody (its lab was killed) and is
// removed by whoever sees it next; one without a lock's file is none of ours and is left alone.
namespace geomx::control {

// In a lab's folder: what its nodes' start commands print, unless it goes elsewhere. NODE.log.
inline constexpr const char* kLogFolder = "logs";

// A lab of that name is running.
class NameTaken : public InputError {
  using InputError::InputError;
};

// $GEOMX_EMU_RUNTIME_DIR/geomx-emu where that is set; else /run/geomx-emu for root; else $XDG_RUNTIME_DIR/geomx-emu, or
// /tmp/geomx-emu-UID where that is unset or not ours. Made with mode 0700 where it is missing, and not changed where it
// is there. Throws WorkError where it belongs to somebody else, or somebody else may write to it.
std::string runtime_root();

// What `list` says about a lab.
struct LabEntry {
  std::string name;
  pid_t pid = 0;  // of its init, as this process sees it; 0: not in its pid namespace, or only just starting
  std::size_t nodes = 0;
  std::size_t links = 0;
  bool attached = true;
  std::int64_t started = 0;  // seconds since 1970
  std::string run_folder{};  // of the run that the lab is for; empty: it is for none
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
  int listener() const { return listener_.get(); }  // the descriptor socket, bound
  int requests() const { return requests_.get(); }  // the request socket, listening
  int lock() const { return lock_.get(); }
  void describe(const LabEntry& entry);  // its pid apart, which is asked of the socket
  // The lab's tree has the sockets: closes them here, so that a connection stands only while the lab process lives.
  void close_listeners();
  // The lab process lives and has the descriptors: closes them here and leaves the folder to it.
  void hand_over();

 private:
  RuntimeFolder(std::string path, FileDescriptor lock);
  std::string path_;
  FileDescriptor lock_;
  FileDescriptor listener_;
  FileDescriptor requests_;
};

// Whether `lock` is (still) the lock of that folder.
bool is_lock_of(int lock, const std::string& folder);

// REQUIRES: the caller holds the folder's lock, or knows that its lab has ended.
void remove_folder(const std::string& path);

// Puts other numbers of nodes and links into the entry of the lab in `folder`. Throws WorkError.
void update_entry(const std::string& folder, std::size_t nodes, std::size_t links);

// Waits until nothing of a lab that has ended is left: removes its folder, and what it has made outside of its process
// tree unless somebody else is doing that. Throws WorkError where some of it is left after `timeout`.
void finish(const std::string& lab, std::chrono::nanoseconds timeout);

// Labs that run, by name; removes the folders of those that do not.
std::vector<LabEntry> running_labs();

// The folder of a lab that runs; InputError, with those that do, where there is none of that name.
std::string folder_of(const std::string& lab);
// Connects to its descriptor socket.
FileDescriptor connect_to(const std::string& lab, const std::string& folder);

}  // namespace geomx::control
