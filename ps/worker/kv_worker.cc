#include "ps/worker/kv_worker.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <map>
#include <mutex>
#include <sstream>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ps/config/error.h"

namespace geomx::ps {
namespace {

using Clock = Member::Clock;
using Handle = KvWorker::Handle;

// What is done with an answer that is no refusal, on the receive thread. Throws Error where it cannot be used.
using Accept = std::function<void(const proto::Data& data, const Buffer& frame)>;

// One message that is out and not yet answered. It belongs to a handle that somebody will wait for, or has its own
// listener.
struct Part {
  NodeId server;
  Chunk chunk;
  Handle handle = 0;
  Accept accept;
  KvWorker::Answered answered;
};

// What a handle stands for.
struct Pending {
  std::size_t unanswered = 0;  // parts
  std::string error;
  std::optional<std::uint32_t> key;  // whose round the answers bring
  std::uint64_t round = 0;
};

Buffer borrowed(std::span<const float> values) {
  return {nullptr, values.data(), values.size_bytes()};
}

void add_slice(const Chunk& chunk, proto::Data& data) {
  proto::Slice& slice = *data.add_slices();
  slice.set_key(chunk.key);
  slice.set_offset(chunk.offset);
  slice.set_length(chunk.length);
  slice.set_total(chunk.total);
}

void require_size(const Chunk& chunk, const Buffer& frame) {
  if (frame.size() == chunk.length * sizeof(float)) return;
  throw Error("the answer has " + std::to_string(frame.size()) + " bytes, not " +
              std::to_string(chunk.length * sizeof(float)));
}

std::string in_seconds(std::chrono::duration<double> duration) {
  std::ostringstream text;
  text << duration.count() << " s";
  return text.str();
}

}  // namespace

struct KvWorker::Impl {
  Impl(Member& the_member, Options the_options) : member(the_member), options(the_options) {}

  Member& member;
  const Options options;

  mutable std::mutex mutex;
  std::condition_variable changed;
  // Guarded by mutex:
  std::vector<NodeId> servers;  // by shard; empty until greet()
  std::unordered_map<std::uint64_t, Part> parts;
  std::map<Handle, Pending> pending;
  std::map<std::uint32_t, std::uint64_t> rounds;  // of the values that wait() has brought
  std::uint64_t last_request = 0;
  Handle last_handle = 0;
  Handle accepting = 0;  // whose memory the receive thread is writing to
  int handling = 0;      // threads inside receive() or fail()
  bool closed = false;
  std::string failure;
  std::function<void(const std::string&)> failure_handler;

  // The member's threads
  // ------------------------------------------------------------------------------------------------

  void receive(NodeId from, const Message& message) {
    const proto::Data& data = message.header.data();
    if (data.operation() != proto::RESPONSE) return;
    Part part;
    {
      const std::lock_guard lock(mutex);
      const auto found = parts.find(data.request());
      // An answer that nobody waits for any more: its deadline has passed.
      if (closed || found == parts.end() || found->second.server != from) return;
      part = std::move(found->second);
      parts.erase(found);
      accepting = part.handle;
      ++handling;
    }
    std::string error = data.error();
    const Buffer frame = message.frames.empty() ? Buffer() : message.frames.front();
    if (error.empty()) {
      try {
        if (part.accept) part.accept(data, frame);
      } catch (const Error& refused) {
        error = refused.what();
      }
    }
    if (!error.empty() && part.handle != 0) error = member.name_of(from) + ": " + error;
    if (part.answered) part.answered({error, data.round(), frame});
    const std::lock_guard lock(mutex);
    accepting = 0;
    --handling;
    if (const auto found = pending.find(part.handle); found != pending.end()) {
      Pending& handle = found->second;
      --handle.unanswered;
      handle.round = std::max<std::uint64_t>(handle.round, data.round());
      if (handle.error.empty()) handle.error = std::move(error);
    }
    changed.notify_all();
  }

  void fail(const std::string& why) {
    std::vector<Answered> listeners;
    {
      const std::lock_guard lock(mutex);
      if (closed || !failure.empty()) return;
      failure = why;
      ++handling;
      for (auto& [request, part] : parts) {
        if (part.answered) listeners.push_back(std::move(part.answered));
      }
      std::erase_if(parts, [](const auto& entry) { return entry.second.handle == 0; });
      if (failure_handler)
        listeners.push_back([handler = failure_handler](const Answer& answer) { handler(answer.error); });
    }
    for (const Answered& listener : listeners) listener({why, 0, {}});
    const std::lock_guard lock(mutex);
    --handling;
    changed.notify_all();
  }

  void close() {
    std::unique_lock lock(mutex);
    closed = true;
    changed.wait(lock, [&] { return handling == 0; });
  }

  // The caller's thread
  // -------------------------------------------------------------------------------------------------

  NodeId server_of(const Chunk& chunk) const {
    const std::lock_guard lock(mutex);
    if (servers.empty()) throw Error("greet() comes before the first tensor");
    return servers[shard_of(chunk, static_cast<std::uint32_t>(servers.size()))];
  }

  Handle open(std::size_t part_count, std::optional<std::uint32_t> key) {
    const std::lock_guard lock(mutex);
    const Handle handle = ++last_handle;
    pending[handle] = {.unanswered = part_count, .error = {}, .key = key};
    return handle;
  }

  // The receive thread may answer before this returns.
  void post(Part part, proto::Data data, Buffer frame) {
    const NodeId server = part.server;
    std::uint64_t request = 0;
    {
      const std::lock_guard lock(mutex);
      if (!failure.empty()) throw Error(failure);
      request = ++last_request;
      parts.emplace(request, std::move(part));
    }
    Message message;
    data.set_request(request);
    *message.header.mutable_data() = std::move(data);
    if (frame.size() > 0) message.frames.push_back(std::move(frame));
    try {
      member.send(server, std::move(message));
    } catch (...) {
      const std::lock_guard lock(mutex);
      parts.erase(request);
      throw;
    }
  }

  // Nothing is written to the handle's memory after this.
  void abandon(Handle handle) {
    std::unique_lock lock(mutex);
    std::erase_if(parts, [&](const auto& entry) { return entry.second.handle == handle; });
    changed.wait(lock, [&] { return accepting != handle; });
    pending.erase(handle);
  }

  void wait(Handle handle, Clock::time_point deadline, const std::string& allowed) {
    std::string error;
    {
      std::unique_lock lock(mutex);
      const auto found = pending.find(handle);
      if (found == pending.end()) return;  // has been waited for
      Pending& state = found->second;
      const bool settled = changed.wait_until(
          lock, deadline, [&] { return state.unanswered == 0 || !state.error.empty() || !failure.empty(); });
      if (!state.error.empty()) {
        error = state.error;
      } else if (state.unanswered == 0) {
        if (state.key) rounds[*state.key] = state.round;
        pending.erase(found);
        return;
      } else {
        error = settled ? failure : unanswered(handle, allowed);
      }
    }
    abandon(handle);
    throw Error(error);
  }

  // With the mutex held.
  std::string unanswered(Handle handle, const std::string& allowed) const {
    for (const auto& [request, part] : parts) {
      if (part.handle != handle) continue;
      std::string line = "no answer from " + member.name_of(part.server);
      if (part.chunk.total > 0) line.append(" about ").append(in_words(part.chunk));
      return line.append(" within ").append(allowed);
    }
    return "no answer within " + allowed;
  }

  // One message per chunk, each with its piece of `send` and answered into its piece of `receive` (either may be
  // absent).
  Handle exchange(proto::Operation operation, std::uint32_t key, std::uint64_t round, const float* send, float* receive,
                  std::uint64_t total) {
    const std::vector<Chunk> chunks = chunks_of(key, total, static_cast<std::uint64_t>(options.bigarray_bound));
    const Handle handle = open(chunks.size(), receive != nullptr ? std::optional(key) : std::nullopt);
    try {
      for (const Chunk& chunk : chunks) {
        proto::Data data;
        data.set_operation(operation);
        data.set_round(round);
        if (operation == proto::PUSH_PULL) data.set_workers(1);
        add_slice(chunk, data);
        Part part{.server = server_of(chunk), .chunk = chunk, .handle = handle, .accept = {}, .answered = {}};
        if (receive != nullptr) {
          part.accept = [chunk, into = receive + chunk.offset](const proto::Data&, const Buffer& frame) {
            require_size(chunk, frame);
            if (frame.size() > 0) std::memcpy(into, frame.data(), frame.size());
          };
        }
        post(std::move(part), std::move(data),
             send != nullptr ? borrowed({send + chunk.offset, chunk.length}) : Buffer());
      }
    } catch (...) {
      abandon(handle);
      throw;
    }
    return handle;
  }

  void exchange_chunk(const Chunk& chunk, proto::Data data, Buffer frame, const Answered& answered) {
    try {
      Part part{.server = server_of(chunk), .chunk = chunk, .handle = 0, .accept = {}, .answered = answered};
      part.accept = [chunk](const proto::Data&, const Buffer& value) { require_size(chunk, value); };
      add_slice(chunk, data);
      post(std::move(part), std::move(data), std::move(frame));
    } catch (const Error& error) {
      answered({error.what(), 0, {}});
    }
  }

  Clock::time_point soon() const { return Clock::now() + std::chrono::duration_cast<Clock::duration>(options.timeout); }
};

KvWorker::KvWorker(Member& member, Options options) : impl_(std::make_shared<Impl>(member, options)) {
  member.on_data([impl = impl_](NodeId from, const Message& message) { impl->receive(from, message); });
  member.on_failure([impl = impl_](const std::string& why) { impl->fail(why); });
}

KvWorker::~KvWorker() {
  impl_->close();
}

int KvWorker::greet(Clock::time_point deadline) {
  const auto count = static_cast<std::uint32_t>(impl_->member.num_servers());
  const auto allowed = std::chrono::ceil<std::chrono::seconds>(deadline - Clock::now());
  std::vector<proto::Greeting> greetings(count);  // by server rank
  const Handle handle = impl_->open(count, std::nullopt);
  try {
    for (std::uint32_t rank = 0; rank < count; ++rank) {
      proto::Data data;
      data.set_operation(proto::GREET);
      data.mutable_greeting()->set_all_workers(static_cast<std::uint32_t>(impl_->options.num_all_workers));
      data.mutable_greeting()->set_party_workers(static_cast<std::uint32_t>(impl_->options.party_workers));
      data.mutable_greeting()->set_party_servers(static_cast<std::uint32_t>(impl_->options.party_servers));
      Part part{.server = {Role::server, rank}, .chunk = {}, .handle = handle, .accept = {}, .answered = {}};
      part.accept = [&greeting = greetings[rank]](const proto::Data& answer, const Buffer&) {
        greeting = answer.greeting();
      };
      impl_->post(std::move(part), std::move(data), {});
    }
  } catch (...) {
    impl_->abandon(handle);
    throw;
  }
  impl_->wait(handle, deadline, in_seconds(allowed));
  std::vector<NodeId> servers(count, kScheduler);
  for (std::uint32_t rank = 0; rank < count; ++rank) {
    const std::uint32_t shard = greetings[rank].shard();
    if (shard >= count || servers[shard] != kScheduler) {
      throw Error("server " + std::to_string(rank) + " says that it holds shard " + std::to_string(shard) + " of " +
                  std::to_string(count) + ", which is taken or does not exist");
    }
    servers[shard] = {Role::server, rank};
  }
  const std::lock_guard lock(impl_->mutex);
  impl_->servers = std::move(servers);
  return greetings.empty() ? 0 : static_cast<int>(greetings.front().all_workers());
}

void KvWorker::configure(const proto::OptimizerConfig& optimizer) {
  const auto count = static_cast<std::uint32_t>(impl_->member.num_servers());
  const Handle handle = impl_->open(count, std::nullopt);
  try {
    for (std::uint32_t rank = 0; rank < count; ++rank) {
      proto::Data data;
      data.set_operation(proto::CONFIGURE);
      *data.mutable_optimizer() = optimizer;
      impl_->post({.server = {Role::server, rank}, .chunk = {}, .handle = handle, .accept = {}, .answered = {}},
                  std::move(data), {});
    }
  } catch (...) {
    impl_->abandon(handle);
    throw;
  }
  wait(handle);
}

KvWorker::Handle KvWorker::init(std::uint32_t key, std::span<const float> value) {
  return impl_->exchange(proto::INIT, key, 0, value.data(), nullptr, value.size());
}

KvWorker::Handle KvWorker::pull(std::uint32_t key, std::span<float> value) {
  return impl_->exchange(proto::PULL, key, 0, nullptr, value.data(), value.size());
}

KvWorker::Handle KvWorker::push_pull(std::uint32_t key, std::span<const float> gradient, std::span<float> value) {
  if (gradient.size() != value.size()) {
    throw Error("tensor " + std::to_string(key) + ": a gradient of " + std::to_string(gradient.size()) +
                " elements for a value of " + std::to_string(value.size()));
  }
  std::uint64_t round = 0;
  {
    const std::lock_guard lock(impl_->mutex);
    round = impl_->rounds[key] + 1;
  }
  return impl_->exchange(proto::PUSH_PULL, key, round, gradient.data(), value.data(), value.size());
}

void KvWorker::on_failure(std::function<void(const std::string&)> handler) {
  std::string failure;
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->failure.empty()) {
      impl_->failure_handler = std::move(handler);
      return;
    }
    failure = impl_->failure;
  }
  handler(failure);
}

bool KvWorker::done(Handle handle) const {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->pending.find(handle);
  return found == impl_->pending.end() || found->second.unanswered == 0 || !found->second.error.empty() ||
         !impl_->failure.empty();
}

void KvWorker::wait(Handle handle) {
  impl_->wait(handle, impl_->soon(), in_seconds(impl_->options.timeout));
}

void KvWorker::wait_all() {
  std::vector<Handle> handles;
  {
    const std::lock_guard lock(impl_->mutex);
    for (const auto& [handle, state] : impl_->pending) handles.push_back(handle);
  }
  for (const Handle handle : handles) wait(handle);
}

std::uint64_t KvWorker::round() const {
  const std::lock_guard lock(impl_->mutex);
  if (impl_->rounds.empty()) return 0;
  return std::min_element(impl_->rounds.begin(), impl_->rounds.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->second;
}

void KvWorker::pull_chunk(const Chunk& chunk, const Answered& answered) {
  proto::Data data;
  data.set_operation(proto::PULL);
  impl_->exchange_chunk(chunk, std::move(data), {}, answered);
}

void KvWorker::push_pull_chunk(const Chunk& chunk, std::uint64_t round, std::uint32_t workers, Buffer sum,
                               const Answered& answered) {
  proto::Data data;
  data.set_operation(proto::PUSH_PULL);
  data.set_round(round);
  data.set_workers(workers);
  impl_->exchange_chunk(chunk, std::move(data), std::move(sum), answered);
}

}  // namespace geomx::ps
