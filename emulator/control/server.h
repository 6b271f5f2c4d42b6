#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "emulator/base/fd.h"
#include "emulator/control/channel.h"
#include "emulator/control/control.pb.h"
#include "emulator/control/processes.h"
#include "emulator/lab/inspect.h"
#include "emulator/lab/lab.h"

namespace geomx::control {

struct ServerOptions {
  std::string scenario_json;     // for `inspect`
  std::uint64_t open_files = 0;  // what processes get for their soft limit of descriptors
  std::string folder{};          // the lab's, whose entry in `list` follows what the lab becomes; empty: none
  std::string log_folder{};      // of start commands' logs, NODE.log; empty: they have none
};

// Serves every client of a lab from one epoll loop on one thread: requests, the ends of processes, clients that go
// away. Only the lab's own user is listened to.
class Server {
 public:
  Server(lab::Lab& lab, FileDescriptor listener, ServerOptions options);
  ~Server();

  // Returns when a client has asked for the lab's end and has been answered. Throws SystemError where the loop itself
  // fails. An error in one client's request is that client's answer; any other that concerns one client or process is
  // logged, and the lab goes on. Without descriptors left to accept clients with, they wait.
  void run();
  // Starts what the lab itself runs in its nodes: routing daemons first, and when these have found their ways, the
  // start commands. Throws SystemError where one cannot be started, WorkError where a router finds no way.
  void start_nodes();
  // The plan's timeline counts from now on, once; what it does is done by run().
  void begin_events();

 private:
  using Clock = std::chrono::steady_clock;

  struct Peer {
    explicit Peer(FileDescriptor socket) : channel(std::move(socket)) {}
    Channel channel;
    Processes::Owner number = 0;
    bool wants_write = false;
    bool unsent = false;  // something has been queued outside an answer
    bool subscribed = false;
    std::chrono::milliseconds interval{0};  // of samples; 0: none
    Clock::time_point next_sample{};
  };

  std::optional<std::chrono::milliseconds> time_to_sleep();
  void react(int fd, std::uint32_t events);
  void watch(int fd, std::uint32_t events, int operation);
  void accept();
  void pause_accepting(int error);
  void serve(Peer& peer, std::uint32_t events);
  // `passed`: the descriptor that goes with the answer, if any.
  wire::Answer handle(Peer& peer, const wire::Request& request, FileDescriptor& passed);
  wire::Answer spawn(Peer& peer, const wire::Spawn& request);
  void report_exit(ProcessId process);
  void send(Peer& peer, const wire::Answer& answer);
  void flush(Peer& peer);
  void update_interest(Peer& peer);
  void add_counters(wire::Counters& message);
  // server_nodes.cc
  void start_routing(const std::string& node);
  void start_node(const std::string& node);
  void run_own(const std::string& node, const std::string& what, const std::vector<std::string>& argv);
  void note_end(const Processes::Ended& ended);
  // server_live.cc
  wire::Answer change_link(const wire::ChangeLink& request);
  void act_on_node(const std::string& node, const std::string& action);
  wire::Answer apply(const wire::Apply& request);
  std::string scenario_now() const;
  void publish(const std::string& kind, const std::string& object, const std::string& detail);
  void perform(const lab::TimedAction& action);
  void send_samples();
  std::optional<Clock::time_point> do_what_is_due();
  void drop(int fd);

  lab::Lab& lab_;
  FileDescriptor listener_;
  ServerOptions options_;
  FileDescriptor epoll_;
  Processes processes_;
  std::map<int, std::unique_ptr<Peer>> peers_;  // by descriptor
  Processes::Owner next_number_ = 1;
  std::vector<lab::Started> started_;  // what the lab itself runs in its nodes
  std::optional<Clock::time_point> resume_accepting_;
  std::vector<lab::TimedAction> timeline_;
  std::size_t next_action_ = 0;
  std::optional<Clock::time_point> events_begun_;
  bool ending_ = false;
};

}  // namespace geomx::control
