#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ps/flow/carrier.h"
#include "ps/server/entry.h"
#include "ps/server/kv_server.h"
#include "ps/server/reception.h"

// What a KvServer is inside. Requests and the store are in kv_server.cc; how it begins and ends, greetings, departures
// and failure, in kv_server_life.cc.
namespace geomx::ps {

struct KvServer::Impl : std::enable_shared_from_this<KvServer::Impl> {
  Impl(const std::vector<Plane>& the_planes, Backing& the_backing, int the_round_workers, Log the_log);

  const std::vector<Plane> planes;
  std::vector<std::unique_ptr<Carrier>> carriers;  // by plane
  Backing& backing;
  const std::uint32_t round_workers;
  const Log log;
  std::atomic<bool> somebody_left{false};

  std::mutex mutex;
  std::condition_variable changed;
  // Guarded by mutex:
  std::map<Chunk, std::shared_ptr<Entry>> entries;
  Reception reception;
  std::map<std::uint64_t, std::size_t> sums;  // chunks summed in each round that is under way; kept for the log only
  std::string failure;
  int visits = 0;  // threads inside the handlers
  bool closed = false;

  // No handler starts after close(), and close() waits for those that run. A visit may start within a visit.
  class Visit {
   public:
    explicit Visit(Impl& impl) : impl_(impl) {
      const std::lock_guard lock(impl_.mutex);
      inside_ = !impl_.closed;
      if (inside_) ++impl_.visits;
    }
    ~Visit() {
      if (!inside_) return;
      const std::lock_guard lock(impl_.mutex);
      if (--impl_.visits == 0 && impl_.closed) impl_.changed.notify_all();
    }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    explicit operator bool() const { return inside_; }

   private:
    Impl& impl_;
    bool inside_;
  };

  // Answers.
  void respond(const Asker& asker, proto::Data data, const Buffer& frame = {}) const;
  void respond(const Asker& asker, const Entry::News& news) const;
  void refuse(const Asker& asker, const std::string& why) const;
  std::string name_of(const Asker& asker) const { return planes[asker.plane].member->name_of(asker.from); }

  // Requests, on the receive threads of the planes.
  void receive(std::size_t plane, NodeId from, const Message& message);
  void handle(const Asker& asker, const Message& message);
  void require_master(const Asker& asker) const;
  void init(const Asker& asker, const Message& message);
  void pull(const Asker& asker, const Chunk& chunk);
  void push_pull(const Asker& asker, const Message& message);
  void note_sum(std::uint64_t round);

  // The store.
  void require_alive() const;  // with the mutex held
  std::shared_ptr<Entry> known(const Chunk& chunk);
  std::shared_ptr<Entry> open(const Chunk& chunk);
  void require_no_conflict(const Chunk& chunk);  // with the mutex held
  void deliver(const std::shared_ptr<Entry>& entry, const KvWorker::Answer& answer);
  void refuse_conflicts(const Chunk& chunk);
  template <typename Function>
  void for_each_conflict(const Chunk& chunk, Function&& visit);

  // Life.
  void greet(const Asker& asker, const proto::Greeting& greeting);
  std::vector<std::vector<proto::Trainee>> await_workers(Member::Clock::time_point deadline);
  void greet_back(std::uint32_t all_workers);
  void depart(std::size_t plane, NodeId who);
  // Fails where the open round of a chunk needs one who has left.
  void require_contributors(Entry& entry);
  void fail(const std::string& why);
  void wait();
  void close();
};

}  // namespace geomx::ps
