#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ps/server/backing.h"
#include "ps/sync/fsa.h"
#include "ps/transport/message.h"
#include "ps/worker/partition.h"

namespace geomx::ps {

// One request that is to be answered.
struct Asker {
  std::size_t plane = 0;  // of the server's
  NodeId from;
  std::uint64_t request = 0;
  std::uint32_t key = 0;  // of the tensor that it is about
};

// What a server keeps of one chunk: the current value, the open round, and who waits for which. Sends nothing: it says
// who is to be answered.
//
// Threading: any.
class Entry {
 public:
  struct News {
    std::uint64_t round = 0;
    Buffer value;
  };
  struct Pulled {
    std::optional<News> news;  // the answer; without one, the asker waits
    bool fetch = false;        // the first to ask: the backing is to bring a value
  };

  Entry(const Chunk& chunk, std::uint32_t round_workers);

  // Before anything else, once.
  void set_backing(std::unique_ptr<ChunkBacking> backing) { backing_ = std::move(backing); }
  ChunkBacking& backing() { return *backing_; }
  const Chunk& chunk() const { return chunk_; }
  bool has_value() const { return has_value_; }

  Pulled pull(const Asker& asker);  // throws Error when closed
  // A gradient, the sum of those of `workers`. The sum of all, when this was the last. Throws Error (Fsa::add), also
  // when closed.
  std::optional<Fsa::Sum> push(const Asker& asker, std::uint64_t round, std::uint32_t workers, Buffer gradient);
  // Who has pushed to the round that is open; nobody where none has begun.
  struct Open {
    std::uint64_t round = 0;
    std::vector<Asker> arrived;
  };
  Open open_round();
  // A new value; opens the next round. Returns who has waited for it.
  std::vector<Asker> update(const News& news);
  // Nothing will come any more, for this reason: later requests throw it. Returns who has waited.
  std::vector<Asker> close(const std::string& why);

 private:
  const Chunk chunk_;
  std::unique_ptr<ChunkBacking> backing_;
  std::atomic<bool> has_value_{false};
  std::mutex mutex_;
  // Guarded by mutex_:
  bool fetching_ = false;
  std::string closed_;  // why
  News news_;
  Fsa fsa_;
  std::vector<Asker> waiting_;
  Open open_;
};

// Two chunks that cannot both be pieces of the same tensor, and the line that says so to who asked for one.
bool conflicts(const Chunk& a, const Chunk& b);
std::string conflict_in_words(const Chunk& asked, const Chunk& held);

}  // namespace geomx::ps
