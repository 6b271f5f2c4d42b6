#pragma once

#include <functional>
#include <memory>
#include <string>

#include "ps/sync/fsa.h"
#include "ps/worker/kv_worker.h"
#include "ps/worker/partition.h"

namespace geomx::ps {

// What stands behind a server's store: where values come from, and where the sum of a round goes. An upstream makes a
// party server (upstream_backing.h), an optimizer a global one (optimizer_backing.h); the server does not know which.
//
// One ChunkBacking per chunk; its calls come one at a time, from the receive threads of the server's planes.
class ChunkBacking {
 public:
  virtual ~ChunkBacking() = default;
  // The value that the master worker gives. Throws Error where this is not the place for it.
  virtual void init(const Buffer& value) = 0;
  // Called once, before there is a value: bring one when there is one.
  virtual void fetch() = 0;
  // A round is complete; a new value is to follow.
  virtual void advance(Fsa::Sum sum) = 0;
};

class Backing {
 public:
  // Each new value of a chunk, or the error that came in its place. Called from within the calls above, or later from
  // another thread.
  using Deliver = KvWorker::Answered;

  virtual ~Backing() = default;
  // Before open(): called once when no more values can come, from any thread.
  virtual void on_failure(std::function<void(const std::string& why)> handler) = 0;
  virtual void configure(const proto::OptimizerConfig& config) = 0;  // throws Error
  virtual std::unique_ptr<ChunkBacking> open(const Chunk& chunk, Deliver deliver) = 0;
};

}  // namespace geomx::ps
