#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ps/flow/carrier.h"
#include "ps/sync/packer.h"
#include "ps/worker/kv_worker.h"
#include "ps/worker/road_clock.h"

// What a KvWorker is inside. The caller's side, requests and waiting, is in kv_worker.cc; the receive thread's, answers
// and failure, in kv_worker_receive.cc; servers that come back, in kv_worker_again.cc.
namespace geomx::ps {

struct KvWorker::Impl {
  using Clock = Member::Clock;

  // What is done with an answer that is no refusal, on the receive thread. Throws Error where it cannot be used.
  using Accept = std::function<void(const proto::Data& data, const Buffer& frame)>;

  // One message that is out and not yet answered. It belongs to a handle that somebody will wait for, or has its own
  // listener.
  struct Part {
    NodeId server;
    Chunk chunk;
    Handle handle = 0;
    Accept accept;
    Answered answered;
    Clock::time_point sent{};  // filled in by post()
    // Whom its server waits for, as it says; and who wants to hear it.
    std::string awaited{};
    std::function<void(const std::string& whom)> on_awaited{};
    // What was sent: to be sent again, should the server be lost.
    proto::Data data{};
    Buffer frame{};
  };
  // What was pushed and answered, to a server that would have to be told again.
  struct Kept {
    proto::Data data;
    Buffer frame;
  };

  // What a handle stands for.
  struct Pending {
    std::size_t unanswered = 0;  // parts
    std::string error;
    std::optional<std::uint32_t> key;  // whose round the answers bring
    std::uint64_t round = 0;           // the latest
    std::uint64_t oldest_round = kDurable;
  };

  // What exchange() is about: where the values that are sent come from, and where an answer's go. Both are null of a
  // placeholder.
  struct Tensor {
    std::uint64_t length = 0;  // elements
    const float* send = nullptr;
    float* receive = nullptr;
    bool placeholder() const { return send == nullptr && receive == nullptr; }
  };

  Impl(Member& the_member, Options the_options)
      : member(the_member),
        options(the_options),
        carrier(member, [this](NodeId from, const Message& message) { receive(from, message); }) {}

  Member& member;
  const Options options;
  Carrier carrier;

  // Of the caller's thread:
  JobConfig job;                    // from greet() on
  std::map<Chunk, Packer> packers;  // of what is pushed
  Buffer filler;                    // of placeholders; as long as the longest chunk so far
  std::map<Chunk, Encoded> packed_fillers;
  std::optional<double> loss;

  mutable std::mutex mutex;
  std::condition_variable changed;
  // Guarded by mutex:
  std::vector<NodeId> servers;  // by shard; empty until greet()
  std::optional<proto::OptimizerConfig> optimizer;
  RoadClock roads;
  std::map<std::uint64_t, Part> parts;  // by request: in the order in which they were sent
  std::map<Chunk, std::deque<Kept>> kept;
  std::optional<proto::Greeting> greeting;  // once it is answered
  std::uint64_t first_round = 0;
  std::map<Handle, Pending> pending;
  std::map<std::uint32_t, std::uint64_t> rounds;         // of the values that wait() has brought
  std::map<std::uint32_t, std::uint64_t> oldest_rounds;  // of parts of them
  std::uint64_t last_request = 0;
  Handle last_handle = 0;
  std::multiset<Handle> accepting;  // whose memory is being written to, by the threads that deliver answers
  Handle abandoning = 0;            // for whose last write somebody waits
  int handling = 0;                 // threads inside receive() or fail()
  bool closed = false;
  std::string failure;
  std::function<void(const std::string&)> failure_handler;

  // The member's threads.
  void receive(NodeId from, const Message& message);
  void fail(const std::string& why);
  void close();

  void keep(Part& part, std::uint64_t durable);  // with the mutex held
  // A server is back.
  void greet_again(NodeId server);
  void ask_again(NodeId server, bool anew);
  void push_again(const Chunk& chunk, NodeId server, std::uint64_t after);
  void send(NodeId server, std::uint64_t request, proto::Data data, Buffer frame);

  // The caller's thread.
  NodeId server_of(const Chunk& chunk) const;
  Handle open(std::size_t part_count, std::optional<std::uint32_t> key);
  void post(Part part, proto::Data data, Buffer frame);
  void abandon(Handle handle);
  // Asks the server of the first part that is not answered whom it waits for.
  void ask_whom_it_waits_for(Handle handle);
  void ask_whom_it_waits_for(std::uint64_t request, NodeId server, const Chunk& chunk);
  void take_awaited(NodeId from, const proto::Data& data);
  void wait(Handle handle, Clock::time_point deadline, const std::string& allowed);
  std::string unanswered(Handle handle, const std::string& allowed) const;  // with the mutex held
  using Ask = std::function<void(std::uint32_t rank, Part& part, proto::Data& data)>;
  void ask_every_server(const Ask& ask, Clock::time_point deadline, const std::string& allowed);
  Handle exchange(proto::Operation operation, std::uint32_t key, std::uint64_t round, const Tensor& tensor);
  Handle first_pull(std::uint32_t key, const Tensor& tensor);
  Handle push_pull(std::uint32_t key, const Tensor& tensor);
  Encoded packed(const Chunk& chunk, const float* values);
  Buffer filler_of(std::uint64_t length);
  Encoded packed_filler(const Chunk& chunk);
  void exchange_chunk(const Chunk& chunk, proto::Data data, Buffer frame, const Answered& answered);
  Clock::time_point soon() const { return Clock::now() + std::chrono::duration_cast<Clock::duration>(options.timeout); }
};

}  // namespace geomx::ps
