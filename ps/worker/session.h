#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "ps/config/interrupt.h"
#include "ps/config/log.h"
#include "ps/config/node_config.h"
#include "ps/transport/transport.h"
#include "ps/worker/kv_worker.h"

namespace geomx::ps {

using TransportFactory = std::function<std::unique_ptr<Transport>()>;
// The one for real: ZeroMQ over TCP, secured and resending as the configuration says. `log` hears of what is rejected.
TransportFactory tcp_transport(const NodeConfig& config, Log log = {});

struct SessionOptions {
  // Of a worker that trains: the index of its data slice, which no other worker has. Ranks, and with them the order of
  // addition, follow it (PlaneConfig::order), so the same job gives the same bytes in every run.
  std::optional<std::uint64_t> slice{};
  std::uint64_t rounds = 0;                   // for which it will train: as many as all others; or
  std::uint64_t steps = 0;                    // batches
  std::chrono::duration<double> timeout{60};  // of KvWorker::wait() and of barrier()
  Interrupt* interrupt = nullptr;             // ends the session, and with it the job; outlives it
};

// All that a worker needs of the parameter server: it joins its party on construction, and leaves it on leave().
//
//   Session session(read_environment(), {.slice = data_slice, .rounds = rounds});
//   KvWorker& kv = session.kv();
//   if (session.master()) {
//     kv.configure(optimizer);
//     for (...) kv.init(key, values);
//     kv.wait_all();
//   }
//   for (...) kv.pull(key, weights);
//   kv.wait_all();
//   session.barrier("initialised");
//   ... rounds of push_pull and wait ...
//   session.leave();
//
// Threading: one thread. Errors: ps::Error in one line. A Session that is destroyed while an exception is in flight
// tells the party that its worker failed, which ends the job; fail() tells the reason, too.
class Session {
 public:
  using Options = SessionOptions;

  // Without a factory, tcp_transport(config).
  explicit Session(const NodeConfig& config, Options options = {}, const TransportFactory& make_transport = {});
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  bool master() const;  // the master worker initialises; it trains only where the central party does
  KvWorker& kv();
  const JobConfig& job() const;           // as all nodes together have been told it
  std::uint64_t rounds() const;           // for which this worker trains
  void barrier(const std::string& name);  // of the party's workers
  void leave();                           // the orderly end; all handles must have been waited for
  void fail(const std::string& why);      // the end for everybody

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace geomx::ps
