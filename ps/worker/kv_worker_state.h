#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "ps/flow/carrier.h"
#include "ps/sync/packer.h"
#include "ps/worker/kv_worker.h"
#include "ps/worker/road_clock.h"

// What a KvWorker is inside. The caller's side, requests and waiting, is in kv_worker.cc; the receive thread's, answers
// and failure, in kv_worker_receive.cc.
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
  };

  // What a handle stands for.
  struct Pending {
    std::size_t unanswered = 0;  // parts
    std::string error;
    std::optional<std::uint32_t> key;  // whose round the answers bring
    std::uint64_t round = 0;
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
  std::optional<double> loss;

  mutable std::mutex mutex;
  std::condition_variable changed;
  // Guarded by mutex:
  std::vector<NodeId> servers;  // by shard; empty until greet()
  std::optional<proto::OptimizerConfig> optimizer;
  std::unordered_map<std::uint64_t, Part> parts;
  RoadClock roads;
  std::map<Handle, Pending> pending;
  std::map<std::uint32_t, std::uint64_t> rounds;  // of the values that wait() has brought
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

  // The caller's thread.
  NodeId server_of(const Chunk& chunk) const;
  Handle open(std::size_t part_count, std::optional<std::uint32_t> key);
  void post(Part part, proto::Data data, Buffer frame);
  void abandon(Handle handle);
  void wait(Handle handle, Clock::time_point deadline, const std::string& allowed);
  std::string unanswered(Handle handle, const std::string& allowed) const;  // with the mutex held
  using Ask = std::function<void(std::uint32_t rank, Part& part, proto::Data& data)>;
  void ask_every_server(const Ask& ask, Clock::time_point deadline, const std::string& allowed);
  Handle exchange(proto::Operation operation, std::uint32_t key, std::uint64_t round, const float* send, float* receive,
                  std::uint64_t total);
  Encoded packed(const Chunk& chunk, const float* values);
  void exchange_chunk(const Chunk& chunk, proto::Data data, Buffer frame, const Answered& answered);
  Clock::time_point soon() const { return Clock::now() + std::chrono::duration_cast<Clock::duration>(options.timeout); }
};

}  // namespace geomx::ps
