#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "emulator/base/fd.h"
#include "emulator/control/keys.h"
#include "emulator/lab/plan.h"

// The one way to talk to a running lab: the CLI, `run` and the GUI all use this client of the server in the lab process
// (control.proto). Not thread-safe: one client per thread. Every call has a deadline and throws WorkError naming the
// lab when the lab is gone, does not answer or is of another version. After the second the client is of no more use,
// for an answer that came late would be taken for the next one's: every call throws.
namespace geomx::control {

struct ProcessSpec {
  std::string node;
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;  // added to the lab's own,
  bool whole_environment = false;                  // unless this is set: then it is all
  std::string directory;                           // empty: "/"
  int stdin_fd = -1;                               // -1: /dev/null
  int stdout_fd = -1;
  int stderr_fd = -1;
  int metrics_fd = -1;       // the process sees it as descriptor 3
  bool own_session = false;  // stdin_fd is a terminal that becomes its controlling one
};

// Whether a lab's name is "tcp://HOST:PORT".
bool is_remote(const std::string& lab);

using ProcessId = std::uint64_t;  // unique within the lab

struct ProcessExit {
  ProcessId process = 0;
  int status = 0;  // exit code, or 128 + signal
  bool by_signal = false;
  std::string remark{};  // why, where the kernel has killed it for want of memory
};

// Totals since the link came up, in packets of the wire (segments, not super-frames) where the shaper sees them.
struct DirectionCounters {
  std::uint64_t packets = 0;  // delivered
  std::uint64_t bytes = 0;    // delivered: Ethernet frames without FCS
  std::uint64_t dropped_queue = 0;
  std::uint64_t dropped_loss = 0;
  std::uint64_t marked = 0;  // this and the next three: by the wire alone, see shaper/counters.h
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;
  std::uint64_t corrupted = 0;
  std::uint64_t overruns = 0;          // lost to this machine, not to the emulated link: the result is not faithful
  std::uint64_t undelivered = 0;       // wire only: sent to an interface that was down
  std::uint64_t backlog_bytes = 0;     // now
  std::uint64_t busy_nanoseconds = 0;  // time during which packets waited for the rate
  std::uint64_t busy_bytes = 0;        // bytes sent in that time; busy_bytes*8/busy time = "measured.rate"
  std::int64_t delay_nanoseconds =
      -1;  // wire only: mean of (release - end of serialisation) over delivered packets; -1: not measured
  std::int64_t lateness_p99_nanoseconds = -1;  // wire only: how late timers fired; -1: not measured
  std::uint64_t timed_packets = 0;             // wire only: of so many it is known how late they were,
  std::uint64_t late_packets = 0;              // and so many were more than 1 ms
};

struct LinkCounters {
  std::string link;
  DirectionCounters forward;
  DirectionCounters backward;
};

// What has happened to the lab, whoever was the cause: a client or the scenario's events.
struct LabEvent {
  double time = 0;     // seconds since 1970
  std::string kind;    // set, down, up, kill, restart, pause, resume, apply; start, exit: of a node's start command;
                       // failed: an event that could not be
  std::string object;  // the link or the node
  std::string detail;  // "rate=10Mbit"
};

struct CounterSample {
  double time = 0;  // seconds since 1970
  std::vector<LinkCounters> links;
};

// Of the lab's control server itself.
struct ServerStatus {
  std::uint32_t protocol = 0;
  std::uint64_t subscribers = 0;
  std::string address;          // tcp://HOST:PORT where clients with a key may connect; empty: nowhere
  std::uint64_t refused = 0;    // connections to it with a wrong key or none
  std::uint64_t abandoned = 0;  // clients that did not read what they were sent
};

struct LinkChange {
  std::string link{};
  std::string from{};  // the end that the direction leaves; empty: `way`
  lab::Way way = lab::Way::both;
  std::vector<std::string> assignments{};  // "rate=10Mbit", "delay=none"
  std::optional<bool> up{};
  bool rebuild = false;  // see lab::Lab::change_link
};

class Client {
 public:
  // `connected`: to the lab's descriptor socket; `folder`: where its request socket is.
  Client(FileDescriptor connected, const std::string& folder, std::string lab);
  // Finds a running lab by name. Throws InputError (lab unknown: lists those that run; or its name is a remote one).
  static Client connect(const std::string& lab);
  // One that listens at tcp://HOST:PORT. Throws InputError where that is no address.
  static Client connect(const std::string& address, const ClientKey& key);

  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  // How long an answer may take where a call does not say; 30 s at first.
  void set_patience(std::chrono::milliseconds patience);
  // Once `fd` is readable (an eventfd, say; it is not read from) no call waits any more: each throws WorkError, and the
  // client is of no more use. For whoever owns the thread that waits here. -1: none.
  void interrupt_by(int fd);

  // Processes and sockets are for clients on the lab's own machine: descriptors do not travel over TCP. InputError.
  ProcessId spawn(const ProcessSpec& spec);    // the descriptors may be closed after the call
  void signal(ProcessId process, int signal);  // to its process group; no error where it has ended already
  // Waits for the next end of a process that this client spawned; nothing by the deadline: nullopt.
  std::optional<ProcessExit> next_exit(std::chrono::milliseconds timeout);
  std::vector<LinkCounters> counters();
  std::string inspect();  // the JSON document of `inspect --json`: plan, kernel's state, shapers asked and read back
  // Carried out when it returns; see lab.h for what each does and refuses. change_link returns what could not be had
  // exactly, one line each; inspect_link what the link is now: the JSON object of `inspect --json`.
  std::vector<std::string> change_link(const LinkChange& change);
  std::string inspect_link(const std::string& link);
  void act_on_node(const std::string& node, const std::string& action);  // kill, restart, pause, resume
  // What has to be done to become that scenario, and without `dry_run` does it.
  std::vector<std::string> apply(const std::string& scenario_json, bool dry_run);
  // The scenario's events happen from now on; nothing where they do already.
  void begin_events();

  // From now on every event of the lab, and with an interval above 0 all counters that often, can be fetched. Whoever
  // does not fetch them soon loses samples, and after some thousands of events the connection.
  void subscribe(std::chrono::milliseconds interval);
  // Waits for the next one; nothing by the deadline: nullopt.
  std::optional<LabEvent> next_event(std::chrono::milliseconds timeout);
  std::optional<CounterSample> next_sample(std::chrono::milliseconds timeout);

  // The JSON document of `plan --json`, of the lab as it is now; the kernel is not asked.
  std::string plan(std::chrono::milliseconds patience = std::chrono::seconds(30));
  // How true the lab's network is, now and since it came up: the JSON document of lab::fidelity_json, as of the last
  // second or, with `at_once`, of this moment.
  std::string fidelity(bool at_once = false);
  // Whether anything in the node listens on that TCP port, at any address.
  bool listens(const std::string& node, int port);
  // An AF_PACKET socket (SOCK_RAW) in a node's network namespace. It sees nothing until it is bound, and keeps the
  // namespace alive as long as it is open. InputError for an unknown node.
  FileDescriptor packet_socket(const std::string& node);
  ServerStatus status();
  // Asks the lab to end; returns when it has said that it will, or has ended.
  void down(std::chrono::milliseconds patience = std::chrono::seconds(5));
  // Waits until the lab process has ended, or has closed the connection; false: not within `timeout`.
  bool wait_end(std::chrono::milliseconds timeout);

  // The lab's init; none where it cannot be ended from here (lab_socket.h, open_init).
  FileDescriptor open_lab() const;
  const std::string& lab() const;
  // Whether calls make sense still: false once the lab has gone, or one has thrown for want of an answer.
  bool usable() const;
  // Becomes readable when an exit, an event or a sample can be fetched or the lab has gone; now and then for nothing.
  int fd() const;

 private:
  struct Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace geomx::control
