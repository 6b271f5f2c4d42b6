#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ps/config/job_config.h"
#include "ps/config/log.h"
#include "ps/membership/member.h"
#include "ps/server/backing.h"
#include "ps/worker/kv_worker.h"

namespace geomx::ps {

class Losses;
class RoundRecorder;
class Checkpoints;
class StateRelay;

// The answering side of the key-value store, for the workers of one plane: it holds the chunks of its shard, gathers
// what they push, hands what a round comes to to its backing as soon as that chunk's has closed, and answers everybody
// who pushed with what comes back. Chunks do not wait for each other.
//
// With a PartyBacking it is a party's server, with a GlobalBacking a global one, whose workers are party servers. The
// central party's server and the global one share a process, and the first is one more worker of the second
// (local_upstream.h).
//
//   KvServer server({.member = &member, .num_workers = 2}, backing, settings);
//   member.join();
//   check(server.await_workers(deadline), server.settings());
//   server.open(all_workers, settings_of_all);
//   server.wait();
//
// What cannot be (a wrong size, an unknown tensor, a wrong round, bytes that no encoder has written) is refused: the
// asker gets a RESPONSE with `error`, and the store stays as it was. The server fails, and everybody is told why, when
// a gradient is not finite, and when one who has left is still needed for a round.
//
// Of a worker that is lost, the rounds of its party go on without it, or wait for it, as the job says
// (config/fault_config.h); those between parties wait. One who comes back greets again: it pulls, and takes part from
// the first round that it can have learnt from. What a party's workers asked of a server that died they ask of the one
// in its place.
//
// Threading: requests are handled on the receive thread of the plane, and on that of whoever shares the process.
class KvServer {
 public:
  // A round of this server's chunks has closed without the gradients of so many workers, of one chunk at least.
  struct Absence {
    std::uint64_t round = 0;
    std::uint32_t workers = 0;
  };
  struct Plane {
    Member* member = nullptr;  // outlives the server
    int num_workers = 0;
    bool has_master = false;            // worker 0 may configure and initialise
    bool trains = true;                 // all of its workers do, or none
    bool of_parties = false;            // its workers are party servers
    bool has_stage = false;             // a party that trains shares its process
    RoundRecorder* recorder = nullptr;  // of its rounds; outlives the server
    StateRelay* states = nullptr;       // to ESync's state server, where there is a road; outlives the server
    // Whose rank is the shard, where it is not `member`'s: the two planes of a global server's process hold the same
    // chunks, and their schedulers rank it by themselves.
    const Member* sharded_by = nullptr;
    std::shared_ptr<Losses> losses{};                   // where what workers tell of their losses is kept
    Checkpoints* checkpoints = nullptr;                 // where they are written; outlives the server
    std::chrono::duration<double> rejoin_timeout{600};  // that one who is lost, and is waited for, may take
    std::function<void(const Absence&)> on_absence{};   // on a thread that handles requests, in the order of rounds
  };
  // Before the member joins: takes its handlers, which do nothing once the server has gone. The rank in the plane is
  // the shard, unless the plane says otherwise. `backing` outlives the server. `settings`: what this node has been told
  // of the job. `log` hears of refusals, rounds and departures.
  KvServer(const Plane& plane, Backing& backing, Settings settings = {}, Log log = {});
  ~KvServer();
  KvServer(const KvServer&) = delete;
  KvServer& operator=(const KvServer&) = delete;

  // Until all workers have greeted. Who trains. Throws Error at the deadline, naming who is awaited, and when the plane
  // has failed.
  std::vector<proto::Trainee> await_workers(Member::Clock::time_point deadline);
  // Then: what this node and those that have greeted it have been told of the job.
  Settings settings() const;
  int num_parties() const;  // whose servers have greeted
  // Then, once: greets the workers back, who begin. One who believes in another number of workers is refused.
  void open(int all_workers, const Settings& settings);

  // Before open(): the chunks of a checkpoint, to which initial values then change nothing. Throws Error.
  void restore(const std::vector<proto::ChunkState>& chunks);

  // Until every worker has left. Throws Error when the plane or the backing has failed. A job has no deadline; who
  // waits within it has.
  void wait();
  std::uint64_t refused() const;  // requests, so far

  // The end for everybody, and who is to hear of it: once, at once where it has come already.
  void fail(const std::string& why);
  void on_failure(std::function<void(const std::string& why)> handler);

  // For a stage in the same process (upstream.h).
  void configure(const proto::OptimizerConfig& optimizer);
  void init(const Chunk& chunk, const Buffer& value, std::uint64_t round);
  void pull(const Chunk& chunk, const KvWorker::Answered& answered);
  void push_pull(const Chunk& chunk, std::uint64_t round, HeadCount workers, Encoded sum,
                 const KvWorker::Answered& answered);
  using Told = std::function<void(const std::string& whom)>;
  void tell_whom_it_waits_for(const Chunk& chunk, const Told& told);
  // It will push no more.
  void depart(const std::string& name);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with the handlers
};

}  // namespace geomx::ps
