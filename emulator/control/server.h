#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "emulator/base/fd.h"
#include "emulator/control/channel.h"
#include "emulator/control/control.pb.h"
#include "emulator/control/processes.h"
#include "emulator/lab/lab.h"

namespace geomx::control {

struct ServerOptions {
  std::string scenario_json;  // for `inspect`
};

// Serves every client of a lab from one epoll loop on one thread: requests, the ends of processes, clients that go
// away. Only the lab's own user is listened to.
class Server {
 public:
  Server(lab::Lab& lab, FileDescriptor listener, ServerOptions options);
  ~Server();

  // Returns when a client has asked for the lab's end and has been answered. Throws SystemError where the loop itself
  // fails; an error in one client's request is that client's answer.
  void run();

 private:
  struct Peer {
    explicit Peer(FileDescriptor socket) : channel(std::move(socket)) {}
    Channel channel;
    Processes::Owner number = 0;
    bool wants_write = false;
  };

  void watch(int fd, std::uint32_t events, int operation);
  void accept();
  void serve(Peer& peer, std::uint32_t events);
  wire::Answer handle(Peer& peer, const wire::Request& request);
  wire::Answer spawn(Peer& peer, const wire::Spawn& request);
  void report_exit(ProcessId process);
  void send(Peer& peer, const wire::Answer& answer);
  void update_interest(Peer& peer);
  void drop(int fd);

  lab::Lab& lab_;
  FileDescriptor listener_;
  ServerOptions options_;
  FileDescriptor epoll_;
  Processes processes_;
  std::map<int, std::unique_ptr<Peer>> peers_;  // by descriptor
  Processes::Owner next_number_ = 1;
  bool ending_ = false;
};

}  // namespace geomx::control
