#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "ps/proto/checkpoint.pb.h"
#include "ps/proto/ps.pb.h"
#include "ps/sync/encoded.h"
#include "ps/sync/gathering.h"
#include "ps/worker/head_count.h"
#include "ps/worker/partition.h"

namespace geomx::ps {

// What stands behind a server's store: where values come from, when a round closes and what follows from it. A party's
// (party_backing.h) has servers above it, a global one (global_backing.h) holds the weights; the server does not know
// which it has.
//
// One ChunkBacking per chunk; init(), advance() and value() come one at a time.
class ChunkBacking {
 public:
  virtual ~ChunkBacking() = default;
  // The value that the master worker gives, of that round of the global plane (0, unless the training goes on where
  // another job has ended). Throws Error where there is one already.
  virtual void init(const Buffer& value, std::uint64_t round) = 0;
  // Brings a value to pull, when there is one.
  virtual void fetch() = 0;
  // A round is complete; news of it is to follow.
  virtual void advance(Sum sum) = 0;
  // What a contributor pulls now; nothing where it has to be fetched.
  virtual std::optional<Encoded> value(std::uint64_t contributor) = 0;
  // For a checkpoint, of what cannot be had from elsewhere. restore() comes before anything else, and throws Error.
  virtual void save(proto::ChunkState&) const {}
  virtual void restore(const proto::ChunkState&) {}
};

class Backing {
 public:
  // Of a chunk.
  struct News {
    std::string error{};      // not empty: this came in its place, and nothing else is set
    bool pulled = false;      // a value to pull; else the answer to all who have pushed in the round
    std::uint64_t round = 0;  // that has closed, or of the value
    Encoded content{};
    std::uint64_t durable = kDurable;  // nobody will ever have to push to a round up to this one again
  };
  // Called from within the calls above, or later from another thread.
  using Deliver = std::function<void(const News& news)>;

  virtual ~Backing() = default;
  // Before open(): called once when no more news can come, from any thread.
  virtual void on_failure(std::function<void(const std::string& why)> handler) = 0;
  virtual void configure(const proto::OptimizerConfig& config) = 0;  // throws Error
  virtual std::optional<proto::OptimizerConfig> optimizer() const = 0;
  // Values can be had from elsewhere, at any time.
  virtual bool fetches() const = 0;
  // Whom a chunk waits for beyond this server, for people: called once or more, or never. From any thread.
  using Told = std::function<void(const std::string& whom)>;
  virtual void tell_whom_it_waits_for(const Chunk&, const Told&) {}
  virtual std::unique_ptr<Gathering> gather(const Chunk& chunk) const = 0;
  virtual std::shared_ptr<ChunkBacking> open(const Chunk& chunk, Deliver deliver) = 0;
};

}  // namespace geomx::ps
