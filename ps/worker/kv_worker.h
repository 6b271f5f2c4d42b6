#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "ps/config/job_config.h"
#include "ps/flow/carrier.h"
#include "ps/membership/member.h"
#include "ps/sync/encoded.h"
#include "ps/worker/head_count.h"
#include "ps/worker/partition.h"
#include "ps/worker/placeholder.h"
#include "ps/worker/road_clock.h"

namespace geomx::ps {

// The asking side of the key-value store: a worker of its party, and, inside a party server, a worker of the global
// plane. Tensors are float arrays named by small integers (keys), cut into chunks that are spread over the servers
// (partition.h). Several may be in flight; each call returns a handle at once.
//
//   KvWorker worker(member, options);
//   member.join(deadline);
//   worker.greet(greeting, deadline);
//   auto handle = worker.push_pull(key, gradient, weights);   // round trip: gradient up, new value down
//   worker.wait(handle);
//
// Threading: calls from one thread (forward() from any); completion happens on the member's receive thread.
//
// Faults. A server that is lost and comes back, as the same process or as another one, is greeted again and asked again
// what it has not answered. It answers a push once more where it has taken it already. One that was restored from a
// checkpoint is first told again what was pushed to it since, which this keeps (proto::Data.durable).
//
// Gradients travel as the job's codec for the LAN says. Answers are decoded as they come.
//
// Memory: fp32 is not copied on the way out, so the caller's arrays must stay, `gradient` unchanged and `value` unread,
// until wait() has returned. Should wait() throw, `gradient` must stay until the member has gone: the transport may
// still be reading it.
class KvWorker {
 public:
  using Handle = std::uint64_t;

  struct Options {
    long bigarray_bound = 1'000'000;  // elements; tensors at least this long are split over all servers
    // Of wait(); the error names the server that is awaited, and whom that waits for.
    std::chrono::duration<double> timeout{60};
    Carrier::Helpers flow{};
  };

  // Before member.join(): the worker takes the member's data and failure handlers, which do nothing once it has gone.
  KvWorker(Member& member, Options options);
  ~KvWorker();
  KvWorker(const KvWorker&) = delete;
  KvWorker& operator=(const KvWorker&) = delete;

  // After member.join(), once, before anything else: says who trains and what this node has been told of the job, and
  // learns which server holds what. Waits until all workers of the job have greeted. Throws Error when a server
  // disagrees.
  struct Greeted {
    int all_workers = 0;  // the servers' DMLC_NUM_ALL_WORKER
    Settings settings;    // what any node has been told
    // Of a worker in the place of one that died: the first round in which it takes part, where a server says so.
    std::uint64_t first_round = 0;
  };
  Greeted greet(proto::Greeting greeting, const Settings& settings, Member::Clock::time_point deadline);

  void configure(const proto::OptimizerConfig& optimizer);  // master worker; waits
  // Master worker. `round`: of the global plane, that the value is of, from which the rounds go on.
  Handle init(std::uint32_t key, std::span<const float> value, std::uint64_t round = 0);
  Handle pull(std::uint32_t key, std::span<float> value);  // waits at the server until it is initialised
  // `value` becomes what the job's algorithm answers a push with: the new value, or the mean of all gradients
  // (sync/answer.h). replica.h hides the difference.
  // After the first pulls: the round whose value they have brought, from which all keys go on. More than 0 where the
  // job has been running before.
  std::uint64_t begin_rounds();
  // Of the value of `key` that was waited for last. Rounds may be passed over: while this worker was away, the others
  // may have gone on without it.
  std::uint64_t round_of(std::uint32_t key) const;
  // One who was away while a round was under way may have had some of its answers before, and the others, of a later
  // round, after it: then a part of the value of `key` is of this earlier round, or all of it is, and another key's is
  // not. It pulls what the later round has brought before it goes on.
  std::uint64_t oldest_round_of(std::uint32_t key) const;
  Handle pull(std::uint32_t key, std::span<float> value, std::uint64_t round);
  Handle push_pull(std::uint32_t key, std::span<const float> gradient, std::span<float> value);
  // The same for a tensor without values.
  Handle init(std::uint32_t key, Placeholder value);
  Handle pull(std::uint32_t key, Placeholder value);
  Handle pull(std::uint32_t key, Placeholder value, std::uint64_t round);
  Handle push_pull(std::uint32_t key, Placeholder tensor);
  void wait(Handle handle);  // throws Error at the deadline, when the server refused, or when the plane has failed
  void wait_all();

  // The job's, as the master worker has configured it: known with the first value that was pulled.
  std::optional<proto::OptimizerConfig> optimizer() const;

  // What the exchanges that were answered since the last call were waiting for; nothing where there were none.
  std::optional<RoadTimes> take_road_times();

  // Of the last batch: goes up with the next gradients, where DGT adapts to it.
  void tell_loss(double loss);

  // Reports to ESync's state server, and waits for its answer: how many steps to make in the next round.
  std::uint32_t report(const proto::State& state);

  // For a server that stands between: asks for one chunk, or sends the sum of `workers` gradients of it up for `round`.
  // `answered` is called once, on the receive thread or on the thread that finds out that the plane has failed.
  struct Answer {
    std::string error{};  // not empty: refused or failed, and nothing else is set
    std::uint64_t round = 0;
    Encoded value{};
    std::optional<proto::OptimizerConfig> optimizer{};  // with a value that was pulled
    std::uint64_t durable = kDurable;                   // no round up to this one will be asked for again
  };
  using Answered = std::function<void(Answer)>;
  void pull_chunk(const Chunk& chunk, const Answered& answered);
  void push_pull_chunk(const Chunk& chunk, std::uint64_t round, HeadCount workers, Encoded sum,
                       const Answered& answered);

  // Whom a chunk waits for that has been asked for, or pushed: `told` is called at once with the server's name, and,
  // when that has answered the same question, with whom it waits for in turn. Not at all where nothing is awaited.
  void tell_whom_it_waits_for(const Chunk& chunk, const std::function<void(const std::string& whom)>& told);

  // Called once when the plane can no longer work; at once where it cannot already.
  void on_failure(std::function<void(const std::string& why)> handler);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with the member's handlers
};

}  // namespace geomx::ps
