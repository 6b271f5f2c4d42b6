#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ps/server/backing.h"
#include "ps/sync/gathering.h"
#include "ps/transport/message.h"
#include "ps/worker/kv_worker.h"
#include "ps/worker/partition.h"

namespace geomx::ps {

// One request that is to be answered: of a worker of the server's plane, or of a stage in the same process.
struct Asker {
  NodeId from{};
  std::uint64_t request = 0;
  std::shared_ptr<const KvWorker::Answered> local{};
  std::chrono::steady_clock::time_point arrived{};  // the request

  // Unique, and the order of addition: the stage in the same process comes last.
  static constexpr std::uint64_t kLocal = std::uint64_t{1} << 32;
  std::uint64_t contributor() const { return local ? kLocal : from.rank; }
};

// What a server keeps of one chunk: the open round, and who waits for which news. Sends nothing: it says who is to be
// answered.
//
// Threading: any.
class Entry {
 public:
  struct Value {
    std::uint64_t round = 0;
    Encoded content{};
  };
  struct Pulled {
    std::optional<Value> value;  // the answer; without one, the asker waits
    bool fetch = false;          // the first to wait: the backing is to bring a value
  };
  // Who has pushed to the round that is open; nobody where none has begun.
  struct Open {
    std::uint64_t round = 0;
    std::vector<Asker> arrived;
  };
  // To be answered.
  struct Told {
    std::vector<Asker> askers;
    std::vector<std::uint64_t> rounds;  // of each one's next push, less 1
  };

  Entry(const Chunk& chunk, std::unique_ptr<Gathering> gathering);

  // Before anything else, once.
  void set_backing(std::shared_ptr<ChunkBacking> backing) { backing_ = std::move(backing); }
  // What follows from requests of one chunk happens one after the other: to be held while one is carried out.
  std::unique_lock<std::mutex> turn() { return std::unique_lock(turn_); }
  ChunkBacking& backing() { return *backing_; }
  const Chunk& chunk() const { return chunk_; }
  bool has_value() const { return has_value_; }

  Pulled pull(const Asker& asker);  // throws Error when closed
  // The sum of all, when this was the last. Throws Error (Gathering::add), also when closed.
  std::optional<Sum> push(const Asker& asker, Addend addend);
  Open open_round();
  Told update(const Backing::News& news);
  // Nothing will come any more, for this reason: later requests throw it. Returns who has waited.
  std::vector<Asker> close(const std::string& why);

 private:
  const Chunk chunk_;
  std::shared_ptr<ChunkBacking> backing_;
  std::atomic<bool> has_value_{false};
  std::mutex turn_;
  std::mutex mutex_;
  // Guarded by mutex_:
  bool fetching_ = false;
  std::string closed_;  // why
  std::unique_ptr<Gathering> gathering_;
  std::vector<Asker> pulling_;  // wait for a value
  Open open_;
  std::vector<Asker> pushed_;  // wait for news of the round that has closed
};

// Two chunks that cannot both be pieces of the same tensor, and the line that says so to who asked for one.
bool conflicts(const Chunk& a, const Chunk& b);
std::string conflict_in_words(const Chunk& asked, const Chunk& held);

}  // namespace geomx::ps
