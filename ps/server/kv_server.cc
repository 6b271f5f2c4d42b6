#include "ps/server/kv_server.h"

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "ps/config/error.h"
#include "ps/server/entry.h"

namespace geomx::ps {
namespace {

Chunk chunk_of(const proto::Data& data) {
  if (data.slices_size() != 1) {
    throw Error("a request with " + std::to_string(data.slices_size()) + " slices, where 1 is wanted");
  }
  const proto::Slice& slice = data.slices(0);
  const Chunk chunk{slice.key(), slice.offset(), slice.length(), slice.total()};
  if (chunk.length > chunk.total || chunk.offset > chunk.total - chunk.length) {
    throw Error(in_words(chunk) + " lies outside of its tensor");
  }
  return chunk;
}

// The floats of a request, in memory aligned for them: a small frame may lie anywhere in the receiver's buffer.
Buffer values_of(const Chunk& chunk, const Message& message) {
  const std::size_t expected_frames = chunk.length > 0 ? 1 : 0;
  if (message.frames.size() != expected_frames) {
    throw Error(in_words(chunk) + ": " + std::to_string(message.frames.size()) + " frames, where " +
                std::to_string(expected_frames) + " is wanted");
  }
  if (message.frames.empty()) return {};
  const Buffer& frame = message.frames.front();
  if (frame.size() != chunk.length * sizeof(float)) {
    throw Error(in_words(chunk) + ": " + std::to_string(frame.size()) + " bytes, where " +
                std::to_string(chunk.length * sizeof(float)) + " are wanted");
  }
  // NOLINTNEXTLINE(performance-no-int-to-ptr): a pointer's alignment is a question about its bits
  const bool aligned = reinterpret_cast<std::uintptr_t>(frame.data()) % alignof(float) == 0;
  return aligned ? frame : Buffer::copy_of(frame.data(), frame.size());
}

struct Greeter {
  Asker asker;
  proto::Greeting greeting;
  bool counted = false;
};

}  // namespace

struct KvServer::Impl : std::enable_shared_from_this<KvServer::Impl> {
  Impl(const std::vector<Plane>& the_planes, Backing& the_backing, int the_round_workers)
      : planes(the_planes), backing(the_backing), round_workers(static_cast<std::uint32_t>(the_round_workers)) {
    for (std::size_t i = 0; i < planes.size(); ++i) {
      if (planes[i].num_workers == 0) left.insert(i);
    }
  }

  const std::vector<Plane> planes;
  Backing& backing;
  const std::uint32_t round_workers;

  std::mutex mutex;
  std::condition_variable changed;
  // Guarded by mutex:
  std::map<Chunk, std::shared_ptr<Entry>> entries;
  std::optional<Census> census;   // from open() on
  std::vector<Greeter> greeters;  // who have not been greeted back
  std::set<std::size_t> left;     // planes
  std::string failure;
  int visits = 0;  // threads inside the handlers
  bool closed = false;

  std::atomic<std::uint64_t> refused{0};

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
      --impl_.visits;
      impl_.changed.notify_all();
    }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    explicit operator bool() const { return inside_; }

   private:
    Impl& impl_;
    bool inside_;
  };

  // Answers
  // -------------------------------------------------------------------------------------------------------------

  void respond(const Asker& asker, proto::Data data, const Buffer& frame = {}) const {
    Message message;
    data.set_operation(proto::RESPONSE);
    data.set_request(asker.request);
    *message.header.mutable_data() = std::move(data);
    if (frame.size() > 0) message.frames.push_back(frame);
    planes[asker.plane].member->send(asker.from, std::move(message));
  }

  void respond(const Asker& asker, const Entry::News& news) const {
    proto::Data data;
    data.set_round(news.round);
    respond(asker, std::move(data), news.value);
  }

  void refuse(const Asker& asker, const std::string& why) {
    ++refused;
    proto::Data data;
    data.set_error(why);
    respond(asker, std::move(data));
  }

  // Requests
  // ------------------------------------------------------------------------------------------------------------

  void receive(std::size_t plane, NodeId from, const Message& message) {
    const Visit visit(*this);
    if (!visit) return;
    const Asker asker{plane, from, message.header.data().request()};
    try {
      handle(asker, message);
    } catch (const Error& error) {
      refuse(asker, error.what());
    }
  }

  void handle(const Asker& asker, const Message& message) {
    const proto::Data& data = message.header.data();
    switch (data.operation()) {
      case proto::GREET:
        return greet(asker, data.greeting());
      case proto::CONFIGURE:
        require_master(asker);
        backing.configure(data.optimizer());
        return respond(asker, proto::Data());
      case proto::INIT:
        return init(asker, message);
      case proto::PULL:
        return pull(asker, chunk_of(data));
      case proto::PUSH_PULL:
        return push_pull(asker, message);
      default:
        throw Error("operation " + std::to_string(data.operation()) + " is not one of a server");
    }
  }

  void require_master(const Asker& asker) const {
    if (planes[asker.plane].has_master && asker.from == NodeId{Role::worker, 0}) return;
    throw Error("only the master worker, in the central party, sets the optimizer and initial values");
  }

  // With the mutex held.
  void require_alive() const {
    if (!failure.empty()) throw Error(failure);
  }

  void greet(const Asker& asker, const proto::Greeting& greeting) {
    {
      const std::lock_guard lock(mutex);
      require_alive();
      greeters.push_back({asker, greeting});
    }
    greet_back();
  }

  // Nobody is greeted back before the census is right: the job starts as a whole or not at all.
  void greet_back() {
    std::vector<Greeter> ready;
    std::string disagreement;
    std::uint32_t all_workers = 0;
    {
      const std::lock_guard lock(mutex);
      if (!census) return;
      for (Greeter& greeter : greeters) {
        if (std::exchange(greeter.counted, true) || !planes[greeter.asker.plane].of_parties) continue;
        census->count(greeter.greeting.party_workers(), greeter.greeting.party_servers());
      }
      if (!census->complete()) return;
      disagreement = census->disagreement();
      if (disagreement.empty()) ready.swap(greeters);
      all_workers = static_cast<std::uint32_t>(census->all_workers());
    }
    if (!disagreement.empty()) return fail(disagreement);
    for (const Greeter& greeter : ready) {
      const std::string difference = Census::compare(greeter.greeting.all_workers(), all_workers);
      if (!difference.empty()) {
        refuse(greeter.asker, difference);
        continue;
      }
      proto::Data data;
      data.mutable_greeting()->set_shard(planes.front().member->self().rank);
      data.mutable_greeting()->set_all_workers(all_workers);
      respond(greeter.asker, std::move(data));
    }
  }

  void init(const Asker& asker, const Message& message) {
    require_master(asker);
    const Chunk chunk = chunk_of(message.header.data());
    const Buffer values = values_of(chunk, message);
    const std::shared_ptr<Entry> entry = open(chunk);
    try {
      entry->backing().init(values);
    } catch (const Error& error) {
      throw Error(in_words(chunk) + ": " + error.what());
    }
    respond(asker, proto::Data());
  }

  void pull(const Asker& asker, const Chunk& chunk) {
    const std::shared_ptr<Entry> entry = open(chunk);
    const Entry::Pulled pulled = entry->pull(asker);
    if (pulled.news) respond(asker, *pulled.news);
    if (pulled.fetch) entry->backing().fetch();
  }

  void push_pull(const Asker& asker, const Message& message) {
    const proto::Data& data = message.header.data();
    if (!planes[asker.plane].trains) throw Error("the central party does not train (DMLC_ENABLE_CENTRAL_WORKER is 0)");
    const Chunk chunk = chunk_of(data);
    const std::shared_ptr<Entry> entry = known(chunk);
    const Buffer gradient = values_of(chunk, message);
    try {
      if (auto sum = entry->push(asker, data.round(), data.workers(), gradient)) {
        entry->backing().advance(std::move(*sum));
      }
    } catch (const Error& error) {
      throw Error(in_words(chunk) + ": " + error.what());
    }
  }

  // The store
  // -----------------------------------------------------------------------------------------------------------

  // The entry of a chunk that has a value, here or on its way.
  std::shared_ptr<Entry> known(const Chunk& chunk) {
    const std::lock_guard lock(mutex);
    require_alive();
    const auto found = entries.find(chunk);
    if (found == entries.end()) {
      require_no_conflict(chunk);
      throw Error(in_words(chunk) + " has no value yet: init() or pull() comes before push_pull()");
    }
    return found->second;
  }

  std::shared_ptr<Entry> open(const Chunk& chunk) {
    const std::lock_guard lock(mutex);
    require_alive();
    const auto found = entries.find(chunk);
    if (found != entries.end()) return found->second;
    require_no_conflict(chunk);
    auto entry = std::make_shared<Entry>(chunk, round_workers);
    entry->set_backing(
        backing.open(chunk, [server = weak_from_this(), opened = std::weak_ptr(entry)](const KvWorker::Answer& answer) {
          const auto self = server.lock();
          const auto receiver = opened.lock();
          if (self && receiver) self->deliver(receiver, answer);
        }));
    entries.emplace(chunk, entry);
    return entry;
  }

  // With the mutex held: calls `visit` with each entry that cannot exist beside `chunk`.
  template <typename Function>
  void for_each_conflict(const Chunk& chunk, Function&& visit) {
    auto next = entries.lower_bound(Chunk{chunk.key, 0, 0, 0});
    while (next != entries.end() && next->first.key == chunk.key) {
      const auto current = next++;
      if (conflicts(current->first, chunk)) visit(current);
    }
  }

  void require_no_conflict(const Chunk& chunk) {
    for_each_conflict(chunk, [&](const auto& other) {
      if (!other->second->has_value()) return;  // somebody else's question, which may be the wrong one
      throw Error(conflict_in_words(chunk, other->first));
    });
  }

  // A value, or none, has come from the backing.
  void deliver(const std::shared_ptr<Entry>& entry, const KvWorker::Answer& answer) {
    const Visit visit(*this);
    if (!visit) return;
    if (!answer.error.empty() && entry->has_value()) return fail(answer.error);
    if (!answer.error.empty()) {
      const std::lock_guard lock(mutex);
      entries.erase(entry->chunk());  // the next who asks may ask for something that exists
    }
    const bool first = answer.error.empty() && !entry->has_value();
    const Entry::News news{answer.round, answer.value};
    for (const Asker& asker : answer.error.empty() ? entry->update(news) : entry->close(answer.error)) {
      if (answer.error.empty()) {
        respond(asker, news);
      } else {
        refuse(asker, answer.error);
      }
    }
    if (first) refuse_conflicts(entry->chunk());
  }

  void refuse_conflicts(const Chunk& chunk) {
    std::vector<std::shared_ptr<Entry>> wrong;
    {
      const std::lock_guard lock(mutex);
      for_each_conflict(chunk, [&](const auto& other) {
        wrong.push_back(other->second);
        entries.erase(other);
      });
    }
    for (const std::shared_ptr<Entry>& entry : wrong) {
      const std::string why = conflict_in_words(entry->chunk(), chunk);
      for (const Asker& asker : entry->close(why)) refuse(asker, why);
    }
  }

  // The end
  // -------------------------------------------------------------------------------------------------------------

  void workers_left(std::size_t plane) {
    const std::lock_guard lock(mutex);
    left.insert(plane);
    changed.notify_all();
  }

  void fail(const std::string& why) {
    const Visit visit(*this);
    if (!visit) return;
    std::vector<std::shared_ptr<Entry>> all;
    std::vector<Asker> waiting;
    {
      const std::lock_guard lock(mutex);
      if (!failure.empty()) return;
      failure = why;
      for (const Greeter& greeter : greeters) waiting.push_back(greeter.asker);
      greeters.clear();
      for (const auto& [chunk, entry] : entries) all.push_back(entry);
      changed.notify_all();
    }
    for (const std::shared_ptr<Entry>& entry : all) {
      const std::vector<Asker> askers = entry->close(why);
      waiting.insert(waiting.end(), askers.begin(), askers.end());
    }
    for (const Asker& asker : waiting) refuse(asker, why);
  }

  void wait() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return left.size() == planes.size() || !failure.empty(); });
    if (!failure.empty()) throw Error(failure);
  }

  void close() {
    std::unique_lock lock(mutex);
    closed = true;
    changed.wait(lock, [&] { return visits == 0; });
  }
};

KvServer::KvServer(const std::vector<Plane>& planes, Backing& backing, int round_workers)
    : impl_(std::make_shared<Impl>(planes, backing, round_workers)) {
  for (std::size_t i = 0; i < planes.size(); ++i) {
    Member& member = *planes[i].member;
    member.on_data([impl = impl_, i](NodeId from, const Message& message) { impl->receive(i, from, message); });
    member.on_workers_left([impl = impl_, i] { impl->workers_left(i); });
    member.on_failure([impl = impl_](const std::string& why) { impl->fail(why); });
  }
  backing.on_failure([server = std::weak_ptr(impl_)](const std::string& why) {
    if (const auto impl = server.lock()) impl->fail(why);
  });
}

void KvServer::open(const Census& census) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->census = census;
  }
  impl_->greet_back();
}

KvServer::~KvServer() {
  impl_->close();
}

void KvServer::wait() {
  impl_->wait();
}
std::uint64_t KvServer::refused() const {
  return impl_->refused;
}

}  // namespace geomx::ps
