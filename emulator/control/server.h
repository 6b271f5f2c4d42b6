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
#include "emulator/control/keys.h"
#include "emulator/control/processes.h"
#include "emulator/control/subscriptions.h"
#include "emulator/control/zmq_router.h"
#include "emulator/lab/fidelity.h"
#include "emulator/lab/inspect.h"
#include "emulator/lab/lab.h"

namespace geomx::control {

// The sockets of a lab, made before it had a network namespace of its own.
struct Listeners {
  FileDescriptor descriptors;  // Unix: listening, or to be listened on by init
  FileDescriptor requests;     // Unix, listening
  FileDescriptor tcp{};        // listening; empty: none
  LabKeys keys{};              // of that
};

struct ServerOptions {
  std::string scenario_json;     // for `inspect`
  std::uint64_t open_files = 0;  // what processes get for their soft limit of descriptors
  std::string folder{};          // the lab's, whose entry in `list` follows what the lab becomes; empty: none
  std::string log_folder{};      // of start commands' logs, NODE.log; empty: they have none
};

// Serves every client of a lab from one epoll loop on one thread: requests of both roads (control.proto), the ends of
// processes, clients that go away. Who may connect to the request socket is the business of its folder's mode; to the
// descriptor socket only the lab's own user; over TCP owners of the key.
class Server {
 public:
  Server(lab::Lab& lab, Listeners listeners, ServerOptions options);
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

  // A client of the descriptor socket.
  struct Peer {
    explicit Peer(FileDescriptor socket) : channel(std::move(socket)) {}
    Channel channel;
    Processes::Owner number = 0;
    bool wants_write = false;
  };

  // Who asks: a peer, or by its name a client of the other road. `passed`: the descriptor that goes with the answer.
  struct Caller {
    Peer* peer = nullptr;
    std::string client{};
    FileDescriptor passed{};
  };
  using Work = wire::Answer (Server::*)(Caller&, const wire::Request&);
  struct Handler {
    bool descriptors;  // it goes by the descriptor socket, else by the request socket
    Work work;
  };
  static const std::map<wire::Request::WhatCase, Handler>& handlers();
  wire::Answer answer(Caller& caller, const std::optional<wire::Request>& request);
  wire::Answer handle(Caller& caller, const wire::Request& request);

  std::optional<std::chrono::milliseconds> time_to_sleep();
  void react(int fd, std::uint32_t events);
  void watch(int fd, std::uint32_t events, int operation);
  bool serve_requests();
  void serve_request(const Router::Received& received);

  // Each request's handling.
  wire::Answer spawn(Caller& caller, const wire::Request& request);
  wire::Answer signal(Caller& caller, const wire::Request& request);
  wire::Answer packet_socket(Caller& caller, const wire::Request& request);
  wire::Answer counters(Caller& caller, const wire::Request& request);
  wire::Answer inspect(Caller& caller, const wire::Request& request);
  wire::Answer inspect_link(Caller& caller, const wire::Request& request);
  wire::Answer plan(Caller& caller, const wire::Request& request);
  wire::Answer fidelity(Caller& caller, const wire::Request& request);
  wire::Answer listens(Caller& caller, const wire::Request& request);
  wire::Answer status(Caller& caller, const wire::Request& request);
  wire::Answer subscribe(Caller& caller, const wire::Request& request);
  wire::Answer down(Caller& caller, const wire::Request& request);
  void add_counters(wire::Counters& message);

  // server_descriptors.cc: the descriptor socket and the processes that its clients start
  void accept();
  bool descriptors_left() const;
  void pause_accepting(int error);
  void serve(Peer& peer, std::uint32_t events);
  void report_exit(ProcessId process);
  void flush(Peer& peer);
  void update_interest(Peer& peer);
  void drop(int fd);

  // server_nodes.cc
  void start_routing(const std::string& node);
  void start_node(const std::string& node);
  void run_own(const std::string& node, const std::string& what, const std::vector<std::string>& argv);
  void note_end(const Processes::Ended& ended);

  // server_live.cc: what changes the lab, and what tells of it
  wire::Answer change_link(Caller& caller, const wire::Request& request);
  wire::Answer act_on_node(Caller& caller, const wire::Request& request);
  wire::Answer apply(Caller& caller, const wire::Request& request);
  wire::Answer begin_events(Caller& caller, const wire::Request& request);
  void act(const std::string& node, const std::string& action);
  std::string scenario_now() const;
  void publish(const std::string& kind, const std::string& object, const std::string& detail);
  void perform(const lab::TimedAction& action);
  void send_samples();
  void look();
  void look_before_change(const std::vector<std::string>& links);
  std::optional<Clock::time_point> do_what_is_due();

  lab::Lab& lab_;
  FileDescriptor listener_;
  ServerOptions options_;
  FileDescriptor epoll_;
  Router router_;
  Subscriptions subscriptions_;
  Processes processes_;
  std::map<int, std::unique_ptr<Peer>> peers_;  // of the descriptor socket, by descriptor
  Processes::Owner next_number_ = 1;
  std::vector<lab::Started> started_;  // what the lab itself runs in its nodes
  std::optional<Clock::time_point> resume_accepting_;
  std::vector<lab::TimedAction> timeline_;
  std::size_t next_action_ = 0;
  std::optional<Clock::time_point> events_begun_;
  bool ending_ = false;
  lab::FidelityMonitor monitor_;
  Clock::time_point next_look_{};  // at the network's fidelity
  Clock::time_point last_look_{};
  Clock::duration look_took_{};
};

}  // namespace geomx::control
