#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ps/flow/carrier.h"
#include "ps/server/entry.h"
#include "ps/server/kv_server.h"
#include "ps/server/reception.h"
#include "ps/server/round_recorder.h"

// What a KvServer is inside. Requests are in kv_server.cc, the store in kv_server_store.cc; how it begins and ends,
// greetings, departures and failure, in kv_server_life.cc.
namespace geomx::ps {

struct KvServer::Impl : std::enable_shared_from_this<KvServer::Impl> {
  Impl(const Plane& the_plane, Backing& the_backing, Settings the_settings, Log the_log);

  const Plane plane;
  Carrier carrier;
  Backing& backing;
  const Log log;
  std::atomic<bool> somebody_left{false};
  std::atomic<std::uint64_t> refused{0};  // requests

  std::mutex mutex;
  std::condition_variable changed;
  // Guarded by mutex:
  std::map<Chunk, std::shared_ptr<Entry>> entries;
  Reception reception;
  Settings settings;
  std::map<std::uint64_t, std::size_t> sums;  // chunks summed in each round that is under way; kept for the log only
  std::string failure;
  std::function<void(const std::string&)> failure_handler;
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
  void respond(const Asker& asker, proto::Data data, const Buffer& frame = {});
  void answer(const Asker& asker, const Chunk& chunk, std::uint64_t round, const Encoded& content, bool pulled);
  void refuse(const Asker& asker, const std::string& why);
  std::string name_of(const Asker& asker) const;
  std::string contributor_name(std::uint64_t contributor) const;

  // Requests, on the plane's receive thread.
  void receive(NodeId from, const Message& message);
  void handle(const Asker& asker, const Message& message);
  void report(const Asker& asker, proto::State state);
  void require_master(const Asker& asker) const;
  void init(const Asker& asker, const Message& message);
  void push_pull(const Asker& asker, const Message& message);
  // On that of a stage in the same process, too.
  void pull(const Asker& asker, const Chunk& chunk);
  void push_pull(const Asker& asker, const Chunk& chunk, Addend addend);
  void note_sum(std::uint64_t round);

  // The store.
  void require_alive() const;  // with the mutex held
  std::shared_ptr<Entry> known(const Chunk& chunk);
  std::shared_ptr<Entry> open(const Chunk& chunk);
  void require_no_conflict(const Chunk& chunk);  // with the mutex held
  void deliver(const std::shared_ptr<Entry>& entry, const Backing::News& news);
  void refuse_conflicts(const Chunk& chunk);
  template <typename Function>
  void for_each_conflict(const Chunk& chunk, Function&& visit);

  // Life.
  void greet(const Asker& asker, const proto::Greeting& greeting);
  std::vector<proto::Trainee> await_workers(Member::Clock::time_point deadline);
  void greet_back(std::uint32_t all_workers, const Settings& of_all);
  void depart(NodeId who);
  // Who is missed now that somebody has left.
  void require_all();
  // Fails where the open round of a chunk needs one who has left.
  void require_contributors(Entry& entry);
  void fail(const std::string& why);
  void wait();
  void close();
};

}  // namespace geomx::ps
