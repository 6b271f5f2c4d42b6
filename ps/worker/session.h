#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "ps/config/node_config.h"
#include "ps/transport/transport.h"
#include "ps/worker/kv_worker.h"

namespace geomx::ps {

using TransportFactory = std::function<std::unique_ptr<Transport>()>;
std::unique_ptr<Transport> tcp_transport();  // the one for real: ZeroMQ over TCP

// All that a worker needs of the parameter server: it joins its party on construction, and leaves it on leave().
//
//   Session session(read_environment(), {.order = data_slice});
//   if (session.master()) { session.kv().configure(optimizer); for (...) session.kv().wait(session.kv().init(key,
//   values)); } for (...) session.kv().wait(session.kv().pull(key, weights)); session.barrier("initialised");
//   ... rounds of push_pull and wait ...
//   session.leave();
//
// Threading: one thread. Errors: ps::Error in one line. A Session that is destroyed without leave() tells the servers
// that its worker failed, which ends the job.
class Session {
 public:
  struct Options {
    // The place of this worker's gradients in every sum: unique among all workers, the same in every run of the same
    // job (the data slice index). Left out: the rank, which depends on who registers first.
    std::optional<std::uint32_t> order{};
    std::chrono::duration<double> timeout{60};  // of KvWorker::wait() and of barrier()
  };

  explicit Session(const NodeConfig& config, Options options = {},
                   const TransportFactory& make_transport = tcp_transport);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  int rank() const;         // within the party
  int num_workers() const;  // of the party
  bool master() const;      // the master worker initialises; it trains only where the central party does
  KvWorker& kv();
  void barrier(const std::string& name);  // of the party's workers
  void leave();                           // the orderly end; all handles must have been waited for

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace geomx::ps
