#include "ps/worker/kv_worker.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "ps/codec/choice.h"
#include "ps/config/error.h"
#include "ps/worker/kv_worker_state.h"
#include "ps/worker/slice.h"

namespace geomx::ps {
namespace {

using Clock = Member::Clock;

Buffer borrowed(std::span<const float> values) {
  return {nullptr, values.data(), values.size_bytes()};
}

std::string in_seconds(std::chrono::duration<double> duration) {
  std::ostringstream text;
  text << duration.count() << " s";
  return text.str();
}

}  // namespace

NodeId KvWorker::Impl::server_of(const Chunk& chunk) const {
  const std::lock_guard lock(mutex);
  if (servers.empty()) throw Error("greet() comes before the first tensor");
  return servers[shard_of(chunk, static_cast<std::uint32_t>(servers.size()))];
}

KvWorker::Handle KvWorker::Impl::open(std::size_t part_count, std::optional<std::uint32_t> key) {
  const std::lock_guard lock(mutex);
  const Handle handle = ++last_handle;
  pending[handle] = {.unanswered = part_count, .error = {}, .key = key};
  return handle;
}

// The receive thread may answer before this returns.
void KvWorker::Impl::post(Part part, proto::Data data, Buffer frame) {
  const NodeId server = part.server;
  std::uint64_t request = 0;
  {
    const std::lock_guard lock(mutex);
    if (!failure.empty()) throw Error(failure);
    request = ++last_request;
    part.sent = Clock::now();
    parts.emplace(request, std::move(part));
  }
  Message message;
  data.set_request(request);
  *message.header.mutable_data() = std::move(data);
  if (frame.size() > 0) message.frames.push_back(std::move(frame));
  try {
    carrier.send(server, std::move(message));
  } catch (...) {
    const std::lock_guard lock(mutex);
    parts.erase(request);
    throw;
  }
}

// Nothing is written to the handle's memory after this.
void KvWorker::Impl::abandon(Handle handle) {
  std::unique_lock lock(mutex);
  std::erase_if(parts, [&](const auto& entry) { return entry.second.handle == handle; });
  abandoning = handle;
  changed.wait(lock, [&] { return !accepting.contains(handle); });
  abandoning = 0;
  pending.erase(handle);
}

void KvWorker::Impl::wait(Handle handle, Clock::time_point deadline, const std::string& allowed) {
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

std::string KvWorker::Impl::unanswered(Handle handle, const std::string& allowed) const {
  for (const auto& [request, part] : parts) {
    if (part.handle != handle) continue;
    std::string line = "no answer from " + member.name_of(part.server);
    if (part.chunk.total > 0) line.append(" about ").append(in_words(part.chunk));
    return line.append(" within ").append(allowed);
  }
  return "no answer within " + allowed;
}

// The same question to every server; waits for the answers.
void KvWorker::Impl::ask_every_server(const Ask& ask, Clock::time_point deadline, const std::string& allowed) {
  const auto count = static_cast<std::uint32_t>(member.num_servers());
  const Handle handle = open(count, std::nullopt);
  try {
    for (std::uint32_t rank = 0; rank < count; ++rank) {
      Part part{.server = {Role::server, rank}, .chunk = {}, .handle = handle, .accept = {}, .answered = {}};
      proto::Data data;
      ask(rank, part, data);
      post(std::move(part), std::move(data), {});
    }
  } catch (...) {
    abandon(handle);
    throw;
  }
  wait(handle, deadline, allowed);
}

// One message per chunk, each with its piece of `send` and answered into its piece of `receive` (either may be
// absent).
KvWorker::Handle KvWorker::Impl::exchange(proto::Operation operation, std::uint32_t key, std::uint64_t round,
                                          const float* send, float* receive, std::uint64_t total) {
  const std::vector<Chunk> chunks = chunks_of(key, total, static_cast<std::uint64_t>(options.bigarray_bound),
                                              job.flow.p3.enabled ? job.flow.p3.slice : 0);
  const Handle handle = open(chunks.size(), receive != nullptr ? std::optional(key) : std::nullopt);
  try {
    for (const Chunk& chunk : chunks) {
      proto::Data data;
      data.set_operation(operation);
      data.set_round(round);
      Buffer frame;
      if (operation == proto::PUSH_PULL) {
        const Encoded gradient = packed(chunk, send + chunk.offset);
        data.set_workers(1);
        if (loss && job.flow.dgt.adapts) data.set_loss(*loss);
        write_slice(chunk, gradient.format, data);
        frame = gradient.bytes;
      } else if (send != nullptr) {
        write_slice(chunk, Format::fp32, data);
        frame = borrowed({send + chunk.offset, chunk.length});
      } else {
        write_slice(chunk, data);
      }
      Part part{.server = server_of(chunk), .chunk = chunk, .handle = handle, .accept = {}, .answered = {}};
      if (receive != nullptr) {
        part.accept = [chunk, into = receive + chunk.offset](const proto::Data& answer, const Buffer& value) {
          const Encoded encoded = read_slice(answer, value, chunk.length);
          decode(encoded.format, encoded.span(), {into, chunk.length});
        };
      }
      post(std::move(part), std::move(data), std::move(frame));
    }
  } catch (...) {
    abandon(handle);
    throw;
  }
  return handle;
}

// What is pushed of one chunk.
Encoded KvWorker::Impl::packed(const Chunk& chunk, const float* values) {
  auto packer = packers.find(chunk);
  if (packer == packers.end()) {
    packer =
        packers.try_emplace(chunk, encoder_for(job.codec, chunk.total, Link::lan, Direction::push), chunk.length).first;
  }
  return packer->second.pack(borrowed({values, chunk.length}));
}

void KvWorker::Impl::exchange_chunk(const Chunk& chunk, proto::Data data, Buffer frame, const Answered& answered) {
  try {
    Part part{.server = server_of(chunk), .chunk = chunk, .handle = 0, .accept = {}, .answered = answered};
    if (data.slices_size() == 0) write_slice(chunk, data);
    post(std::move(part), std::move(data), std::move(frame));
  } catch (const Error& error) {
    answered({error.what(), 0, {}, {}});
  }
}

KvWorker::KvWorker(Member& member, Options options) : impl_(std::make_shared<Impl>(member, options)) {
  member.on_data([impl = impl_](NodeId from, const Message& message) { impl->carrier.receive(from, message); });
  member.on_match([impl = impl_](const proto::Match& match) { impl->carrier.take_match(match); });
  member.on_failure([impl = impl_](const std::string& why) { impl->fail(why); });
}

KvWorker::~KvWorker() {
  impl_->close();
  impl_->carrier.stop();
}

KvWorker::Greeted KvWorker::greet(proto::Greeting greeting, const Settings& settings, Clock::time_point deadline) {
  settings.write(greeting);
  const auto count = static_cast<std::uint32_t>(impl_->member.num_servers());
  const auto allowed = std::chrono::ceil<std::chrono::seconds>(deadline - Clock::now());
  std::vector<proto::Greeting> answers(count);  // by server rank
  impl_->ask_every_server(
      [&](std::uint32_t rank, Impl::Part& part, proto::Data& data) {
        data.set_operation(proto::GREET);
        *data.mutable_greeting() = greeting;
        part.accept = [&answer = answers[rank]](const proto::Data& received, const Buffer&) {
          answer = received.greeting();
        };
      },
      deadline, in_seconds(allowed));
  std::vector<NodeId> servers(count, kScheduler);
  for (std::uint32_t rank = 0; rank < count; ++rank) {
    const std::uint32_t shard = answers[rank].shard();
    if (shard >= count || servers[shard] != kScheduler) {
      throw Error("server " + std::to_string(rank) + " says that it holds shard " + std::to_string(shard) + " of " +
                  std::to_string(count) + ", which is taken or does not exist");
    }
    servers[shard] = {Role::server, rank};
  }
  Greeted greeted{answers.empty() ? 0 : static_cast<int>(answers.front().all_workers()), settings};
  for (std::uint32_t rank = 0; rank < count; ++rank) {
    greeted.settings.take(answers[rank], impl_->member.name_of({Role::server, rank}), "this node");
  }
  impl_->job = greeted.settings.job();
  Carrier::Helpers helpers = impl_->options.flow;
  if (!answers.empty()) helpers.contributors = answers.front().contributors();
  impl_->carrier.use(impl_->job.flow, helpers);
  const std::lock_guard lock(impl_->mutex);
  impl_->servers = std::move(servers);
  return greeted;
}

void KvWorker::configure(const proto::OptimizerConfig& optimizer) {
  impl_->ask_every_server(
      [&](std::uint32_t, Impl::Part&, proto::Data& data) {
        data.set_operation(proto::CONFIGURE);
        *data.mutable_optimizer() = optimizer;
      },
      impl_->soon(), in_seconds(impl_->options.timeout));
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

std::optional<proto::OptimizerConfig> KvWorker::optimizer() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->optimizer;
}

std::optional<RoadTimes> KvWorker::take_road_times() {
  const std::lock_guard lock(impl_->mutex);
  return impl_->roads.take();
}

void KvWorker::tell_loss(double loss) {
  impl_->loss = loss;
}

std::uint32_t KvWorker::report(const proto::State& state) {
  std::uint32_t steps = 1;
  const Handle handle = impl_->open(1, std::nullopt);
  try {
    Impl::Part part{.server = {Role::server, 0}, .chunk = {}, .handle = handle, .accept = {}, .answered = {}};
    part.accept = [&](const proto::Data& data, const Buffer&) {
      steps = std::max<std::uint32_t>(data.state().steps(), 1);
    };
    proto::Data data;
    data.set_operation(proto::STATE);
    *data.mutable_state() = state;
    impl_->post(std::move(part), std::move(data), {});
  } catch (...) {
    impl_->abandon(handle);
    throw;
  }
  wait(handle);
  return steps;
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

void KvWorker::pull_chunk(const Chunk& chunk, const Answered& answered) {
  proto::Data data;
  data.set_operation(proto::PULL);
  impl_->exchange_chunk(chunk, std::move(data), {}, answered);
}

void KvWorker::push_pull_chunk(const Chunk& chunk, std::uint64_t round, std::uint32_t workers, Encoded sum,
                               const Answered& answered) {
  proto::Data data;
  data.set_operation(proto::PUSH_PULL);
  data.set_round(round);
  data.set_workers(workers);
  write_slice(chunk, sum.format, data);
  impl_->exchange_chunk(chunk, std::move(data), std::move(sum.bytes), answered);
}

}  // namespace geomx::ps
