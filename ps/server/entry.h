#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
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

// What a server keeps of one chunk: the open round, who waits for which news, and what each contributor was answered
// last. Sends nothing: it says who is to be answered.
//
// A request may come twice, from one whose connection broke or who was started again (`renewed`): it is carried out
// once, and answered again.
//
// Threading: any.
class Entry {
 public:
  struct Value {
    std::uint64_t round = 0;
    Encoded content{};
    std::uint64_t durable = 0;  // Backing::News
  };
  struct Reply {
    Asker asker;
    Value value;
    bool pulled = false;
  };
  struct Push {
    Asker asker;
    Addend addend;
  };
  // What follows from something; what is to be done.
  struct Outcome {
    std::vector<Reply> replies{};
    std::optional<Sum> sum{};  // of a round that is complete: for the backing
    bool fetch = false;        // the first to wait for a value: the backing is to bring one
    std::vector<Push> held{};  // can be carried out now
  };
  // Who has pushed to the round that is open; nobody where none has begun.
  struct Open {
    std::uint64_t round = 0;
    std::vector<Asker> arrived;
  };

  // `recovers`: this server has taken the place of one whose workers are in the middle of a round. What they push is
  // held until there is a value, and what they have learnt in rounds that it cannot know of is passed over.
  Entry(const Chunk& chunk, std::unique_ptr<Gathering> gathering, bool recovers = false);

  // Before anything else, once.
  void set_backing(std::shared_ptr<ChunkBacking> backing) { backing_ = std::move(backing); }
  // What follows from requests of one chunk happens one after the other: to be held while one is carried out.
  std::unique_lock<std::recursive_mutex> turn() { return std::unique_lock(turn_); }
  ChunkBacking& backing() { return *backing_; }
  const Chunk& chunk() const { return chunk_; }
  bool has_value() const { return has_value_; }

  // All throw Error when closed.
  // `wanted`: the value of that round, when it is there, after which the asker takes part; 0: the one that is there.
  Outcome pull(const Asker& asker, std::uint64_t wanted = 0);
  Outcome push(const Asker& asker, Addend addend, bool renewed = false);  // throws Error (Gathering::add), too
  // No round before `until` waits for the contributor.
  Outcome excuse(std::uint64_t contributor, std::uint64_t until);

  // For a checkpoint: between two rounds, in its turn. restore() comes before anything else, and throws Error.
  std::uint64_t closings();  // rounds that have closed, of all contributors together
  proto::ChunkState save();
  void restore(const proto::ChunkState& state);

  Open open_round();
  // Whether its gradient is in the round that is open.
  bool has(std::uint64_t contributor);
  // A round has closed, and what it has come to is awaited from the backing; so is a first value.
  bool waits_for_backing();
  // Of the round that is open, or closing; 0 where there is no value yet.
  std::uint64_t current_round();
  Outcome update(const Backing::News& news);
  // Nothing will come any more, for this reason: later requests throw it. Returns who has waited.
  std::vector<Asker> close(const std::string& why);

 private:
  struct Waiting {
    Asker asker;
    std::uint64_t wanted = 0;
  };
  struct Answered {
    std::uint64_t request = 0;
    Value value;
  };

  Sum close_round();
  void wait_for(const Asker& asker, std::uint64_t wanted, Outcome& outcome);
  std::optional<Value> value_now(std::uint64_t contributor, std::uint64_t round);
  bool answer_again(const Push& push, bool renewed, Outcome& outcome);
  void pass_over(std::uint64_t round, Outcome& outcome);

  const Chunk chunk_;
  const bool recovers_;
  std::shared_ptr<ChunkBacking> backing_;
  std::atomic<bool> has_value_{false};
  std::recursive_mutex turn_;  // news may come from within a request, and hold others
  std::mutex mutex_;
  // Guarded by mutex_:
  bool fetching_ = false;
  std::uint64_t closings_ = 0;
  std::string closed_;  // why
  std::unique_ptr<Gathering> gathering_;
  std::vector<Asker> pulling_;    // wait for a value
  std::vector<Waiting> waiting_;  // for that of a round
  std::vector<Push> held_;
  Open open_;
  Open pushed_;                             // wait for news of the round that has closed
  std::map<std::uint64_t, Answered> last_;  // by contributor
  std::optional<Value> last_round_;         // of whoever was the last
};

// Two chunks that cannot both be pieces of the same tensor, and the line that says so to who asked for one.
bool conflicts(const Chunk& a, const Chunk& b);
std::string conflict_in_words(const Chunk& asked, const Chunk& held);

}  // namespace geomx::ps
