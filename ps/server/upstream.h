#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "ps/proto/ps.pb.h"
#include "ps/sync/encoded.h"
#include "ps/worker/head_count.h"
#include "ps/worker/kv_worker.h"
#include "ps/worker/partition.h"

namespace geomx::ps {

// The servers above a party: across the WAN (remote_upstream.h), or, for the central party, in the same process
// (local_upstream.h).
//
// Threading: any.
class Upstream {
 public:
  using Answered = KvWorker::Answered;

  virtual ~Upstream() = default;
  // Of the master worker. Throw Error.
  virtual void configure(const proto::OptimizerConfig& optimizer) = 0;
  virtual void init(const Chunk& chunk, const Buffer& value, std::uint64_t round) = 0;
  // `answered` is called once, from within or on another thread.
  virtual void pull(const Chunk& chunk, const Answered& answered) = 0;
  virtual void push_pull(const Chunk& chunk, std::uint64_t round, HeadCount workers, Encoded sum,
                         const Answered& answered) = 0;
  // Whom an answer waits for: KvWorker::tell_whom_it_waits_for().
  using Told = std::function<void(const std::string& whom)>;
  virtual void tell_whom_it_waits_for(const Chunk& chunk, const Told& told) = 0;
  // Called once when no more answers can come; at once where none can already.
  virtual void on_failure(std::function<void(const std::string& why)> handler) = 0;
};

}  // namespace geomx::ps
