#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "ps/flow/carrier.h"
#include "ps/server/entry.h"
#include "ps/server/kv_server.h"
#include "ps/server/reception.h"
#include "ps/server/round_recorder.h"

// What a KvServer is inside. Requests are in kv_server.cc, the store in kv_server_store.cc; how it begins and ends,
// greetings, departures and failure, in kv_server_life.cc; who is lost and comes back, in kv_server_faults.cc; who is
// awaited, in kv_server_awaited.cc.
namespace geomx::ps {

struct KvServer::Impl : std::enable_shared_from_this<KvServer::Impl> {
  Impl(const Plane& the_plane, Backing& the_backing, Settings the_settings, Log the_log);

  const Plane plane;
  Carrier carrier;
  Backing& backing;
  const Log log;
  std::atomic<bool> somebody_left{false};
  std::atomic<std::uint64_t> refused{0};  // requests
  std::atomic<bool> somebody_returned{false};
  std::atomic<bool> restored{false};
  std::atomic<bool> saved_first{false};

  std::mutex mutex;
  std::condition_variable changed;
  // Guarded by mutex:
  std::map<Chunk, std::shared_ptr<Entry>> entries;
  Reception reception;
  Settings settings;
  struct Summed {
    std::size_t chunks = 0;
    std::uint32_t absent = 0;  // workers, of the chunk that lacks most
  };
  std::map<std::uint64_t, Summed> sums;  // of each round that is under way; kept for who wants to hear only
  std::string failure;
  std::function<void(const std::string&)> failure_handler;
  std::set<NodeId> excused;       // lost workers for which rounds do not wait
  bool opened = false;            // workers are greeted back at once
  std::uint32_t all_workers = 0;  // then
  Settings of_all;                // then
  FaultConfig faults;             // then
  bool by_mean = false;           // then: workers step by themselves, and who was away can not
  int visits = 0;                 // threads inside the handlers
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
  void answer(const Chunk& chunk, const Entry::Reply& reply);
  void refuse(const Asker& asker, const std::string& why);
  std::string name_of(const Asker& asker) const;
  std::string contributor_name(std::uint64_t contributor) const;

  // Requests, on the plane's receive thread.
  void receive(NodeId from, const Message& message);
  void handle(const Asker& asker, const Message& message);
  void report(const Asker& asker, proto::State state);
  std::string awaited_here(const std::shared_ptr<Entry>& entry);
  void answer_awaited(const Asker& asker, const proto::Data& question);
  void tell_whom_it_waits_for(const Chunk& chunk, const Told& told);
  void require_master(const Asker& asker) const;
  bool has_come_back(NodeId who);
  void init(const Asker& asker, const Message& message);
  void push_pull(const Asker& asker, const Message& message);
  std::string pushed(Entry& entry, Entry::Push push, bool renewed);
  std::string carry_out(Entry& entry, Entry::Outcome outcome);
  void restore(const std::vector<proto::ChunkState>& chunks);
  void save_first();
  void save(Entry& entry);
  bool recovers() const { return plane.member->took_place() && backing.fetches(); }
  // On that of a stage in the same process, too.
  void pull(const Asker& asker, const Chunk& chunk, std::uint64_t wanted);
  void push_pull(const Asker& asker, const Chunk& chunk, Addend addend, bool not_first = false);
  void note_sum(const Sum& sum);

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
  void begin(std::uint32_t workers, const Settings& told);
  void greet_back(std::uint64_t first_round);
  std::vector<std::shared_ptr<Entry>> all_entries();
  void excuse(NodeId who, std::uint64_t until);
  std::uint64_t come_back(NodeId who, bool again, bool was_lost);
  void lose(NodeId who, const std::string& line);
  void come_back_on_the_road(NodeId who);
  std::string overdue() const;  // who has been lost for too long; with the mutex held
  bool goes_on_without_lost() const { return !plane.of_parties && (faults.drop_workers || !plane.trains); }
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
