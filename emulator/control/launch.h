#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "emulator/base/fd.h"
#include "emulator/control/client.h"
#include "emulator/lab/plan.h"
#include "emulator/sandbox/lab_process.h"

namespace geomx::control {

struct LaunchOptions {
  bool detach = false;        // false: the lab dies with the calling process, however that ends
  std::string scenario_json;  // kept for `inspect`
  std::string log_folder{};   // where the nodes' start commands write NODE.log; empty: in the lab's own folder
  std::string run_folder{};   // that the lab's run writes to, for `list`; empty: no run
  bool begin_events = false;  // the scenario's events happen from the moment the lab is up; else on a client's request
  std::string listen{};       // tcp://HOST:PORT: clients with the lab's key may connect there too; port 0: any
  // Called on the caller's thread while the lab comes up: step number, number of steps, what is being done.
  std::function<void(int, int, const std::string&)> progress;
  // Once it is readable (a signalfd, say; it is not read from) the lab that comes up is ended and Stopped thrown.
  int stop_fd = -1;
};

using sandbox::Stopped;

// How a lab's process tree came to its end.
enum class LabEnd {
  by_request,  // 'geomx-emu down', or another client's request
  failed,      // an error in the lab process, which it has written to its standard error
  killed,      // by a signal
};
// "the lab has been ended by 'geomx-emu down'"
const char* to_string(LabEnd end);

// What a lab has been given to listen on over TCP.
struct Address {
  std::string address{};   // tcp://HOST:PORT; empty: nothing
  std::string key_file{};  // the client's key, in the lab's folder
};

// A lab's process tree. Destruction of an attached one kills the lab and waits until it is gone.
class RunningLab {
 public:
  RunningLab(FileDescriptor pidfd, Client client, bool detached, std::chrono::nanoseconds up, Address address = {});
  // One that somebody else has started. Throws InputError where none of that name runs.
  static RunningLab attach(const std::string& lab);
  RunningLab(RunningLab&&) noexcept;
  RunningLab& operator=(RunningLab&&) = delete;
  ~RunningLab();

  Client& client() { return client_; }
  const Address& address() const { return address_; }
  int pidfd() const { return pidfd_.get(); }  // readable when the lab process has ended
  std::chrono::nanoseconds up_time() const { return up_; }
  // How it has ended, for the lab's starter, until stop(); none: it has not.
  std::optional<LabEnd> end() const;
  // Ends the lab: by request, and where it does not answer within 5 s, by SIGKILL. Returns how long that took. Throws
  // WorkError where it has not ended then: it hangs, and lies out of this process's sight, in another pid namespace.
  std::chrono::nanoseconds stop();

 private:
  FileDescriptor pidfd_;  // none where the lab's init is out of sight
  Client client_;
  bool detached_;
  std::chrono::nanoseconds up_;
  Address address_;
};

// Forks the lab process (pid 2 of a pid namespace of its own; a user namespace too where the caller is not root),
// applies the plan in it and starts its control server under the lab's runtime folder. Throws WorkError with the failed
// step, or Stopped; then nothing is left behind. A lab of that name running already is a NameTaken (runtime.h).
RunningLab launch(const lab::Plan& plan, const LaunchOptions& options);

}  // namespace geomx::control
