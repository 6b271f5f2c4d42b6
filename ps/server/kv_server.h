#pragma once

#include <memory>
#include <vector>

#include "ps/config/flow_config.h"
#include "ps/config/log.h"
#include "ps/membership/member.h"
#include "ps/server/backing.h"

namespace geomx::ps {

// The answering side of the key-value store: it holds the chunks of its shard, sums the gradients of its workers round
// by round (sync/fsa.h), hands each sum to its backing as soon as that chunk's is complete, and answers everybody who
// pushed with the new value that comes back. Chunks do not wait for each other.
//
// With an UpstreamBacking it is a party server, with an OptimizerBacking a global one; a global server serves two
// planes, the parties' and the central party's.
//
//   KvServer server({{.member = &member, .num_workers = 2}}, backing, 2);
//   member.join();
//   check(server.await_workers(deadline));
//   server.open(all_workers);
//   server.wait();
//
// What cannot be (a wrong size, an unknown tensor, a wrong round) is refused: the asker gets a RESPONSE with `error`,
// and the store stays as it was. The server fails, and everybody is told why, when a gradient is not finite, and when
// one who has left is still needed for a round.
//
// Threading: requests are handled on the receive threads of the planes, which share the work of different chunks.
class KvServer {
 public:
  struct Plane {
    Member* member = nullptr;  // outlives the server
    int num_workers = 0;
    bool has_master = false;  // worker 0 may configure and initialise
    bool trains = true;       // all of its workers do, or none
    bool of_parties = false;  // its workers are party servers
    FlowConfig flow{};        // as its workers have it
  };
  // Before the members join: takes their handlers, which do nothing once the server has gone. The rank in the first
  // plane is the shard. A round has the gradients of `round_workers` workers. `backing` outlives the server.
  // `log` hears of refusals, rounds and departures.
  KvServer(const std::vector<Plane>& planes, Backing& backing, int round_workers, Log log = {});
  ~KvServer();
  KvServer(const KvServer&) = delete;
  KvServer& operator=(const KvServer&) = delete;

  // Until all workers have greeted. Who trains, by plane. Throws Error at the deadline, naming who is awaited, and when
  // a plane has failed.
  std::vector<std::vector<proto::Trainee>> await_workers(Member::Clock::time_point deadline);
  // Then, once: greets the workers back, who begin. One who believes in another number of workers is refused.
  void open(int all_workers);

  // Until every worker of every plane has left. Throws Error when a plane or the backing has failed. A job has no
  // deadline; who waits within it has.
  void wait();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with the handlers
};

}  // namespace geomx::ps
