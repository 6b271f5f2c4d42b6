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

// How long before the deadline of a wait the servers are asked whom they wait for.
constexpr std::chrono::milliseconds kQuestion{1000};

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
    part.data = data;
    part.frame = frame;
    parts.emplace(request, std::move(part));
  }
  try {
    send(server, request, std::move(data), std::move(frame));
  } catch (...) {
    const std::lock_guard lock(mutex);
    parts.erase(request);
    throw;
  }
}

void KvWorker::Impl::send(NodeId server, std::uint64_t request, proto::Data data, Buffer frame) {
  Message message;
  data.set_request(request);
  *message.header.mutable_data() = std::move(data);
  if (frame.size() > 0) message.frames.push_back(std::move(frame));
  carrier.send(server, std::move(message));
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
    const auto has_settled = [&] { return state.unanswered == 0 || !state.error.empty() || !failure.empty(); };
    // Whom the servers wait for has to be here by the deadline.
    const auto now = Clock::now();
    bool settled =
        changed.wait_until(lock, deadline - std::min<Clock::duration>(kQuestion, (deadline - now) / 2), has_settled);
    if (!settled) {
      lock.unlock();
      ask_whom_it_waits_for(handle);
      lock.lock();
      settled = changed.wait_until(lock, deadline, has_settled);
    }
    if (!state.error.empty()) {
      error = state.error;
    } else if (state.unanswered == 0) {
      if (state.key) {
        rounds[*state.key] = state.round;
        oldest_rounds[*state.key] = std::min(state.round, state.oldest_round);
      }
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
    line.append(" within ").append(allowed);
    return part.awaited.empty() ? line : line.append("; it waits for ").append(part.awaited);
  }
  return "no answer within " + allowed;
}

void KvWorker::Impl::ask_whom_it_waits_for(Handle handle) {
  std::uint64_t request = 0;
  Part first;
  {
    const std::lock_guard lock(mutex);
    const auto found = std::ranges::find_if(parts, [&](const auto& part) { return part.second.handle == handle; });
    if (found == parts.end()) return;
    request = found->first;
    first.server = found->second.server;
    first.chunk = found->second.chunk;
  }
  ask_whom_it_waits_for(request, first.server, first.chunk);
}

void KvWorker::Impl::ask_whom_it_waits_for(std::uint64_t request, NodeId server, const Chunk& chunk) {
  Message message;
  proto::Data& data = *message.header.mutable_data();
  data.set_operation(proto::AWAITED);
  data.set_request(request);
  if (chunk.total > 0) write_slice(chunk, data);
  carrier.send(server, std::move(message));
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

// One message per chunk, each with its piece of what is sent and answered into its piece of what is received.
KvWorker::Handle KvWorker::Impl::exchange(proto::Operation operation, std::uint32_t key, std::uint64_t round,
                                          const Tensor& tensor) {
  const std::vector<Chunk> chunks = chunks_of(key, tensor.length, static_cast<std::uint64_t>(options.bigarray_bound),
                                              job.flow.p3.enabled ? job.flow.p3.slice : 0);
  const bool receives = operation != proto::INIT;
  const Handle handle = open(chunks.size(), receives ? std::optional(key) : std::nullopt);
  try {
    for (const Chunk& chunk : chunks) {
      proto::Data data;
      data.set_operation(operation);
      data.set_round(round);
      Buffer frame;
      if (operation == proto::PUSH_PULL) {
        const Encoded gradient =
            tensor.placeholder() ? packed_filler(chunk) : packed(chunk, tensor.send + chunk.offset);
        data.set_workers(1);
        if (loss && job.flow.dgt.adapts) data.set_loss(*loss);
        write_slice(chunk, gradient.format, data);
        frame = gradient.bytes;
      } else if (operation == proto::INIT) {
        write_slice(chunk, Format::fp32, data);
        frame = tensor.placeholder() ? filler_of(chunk.length) : borrowed({tensor.send + chunk.offset, chunk.length});
      } else {
        write_slice(chunk, data);
      }
      Part part{.server = server_of(chunk), .chunk = chunk, .handle = handle, .accept = {}, .answered = {}};
      if (receives) {
        float* const into = tensor.placeholder() ? nullptr : tensor.receive + chunk.offset;
        part.accept = [chunk, into](const proto::Data& answer, const Buffer& value) {
          const Encoded encoded = read_slice(answer, value, chunk.length);
          if (into != nullptr) decode(encoded.format, encoded.span(), {into, chunk.length});
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

KvWorker::Handle KvWorker::Impl::first_pull(std::uint32_t key, const Tensor& tensor) {
  std::uint64_t wanted = 0;
  {
    const std::lock_guard lock(mutex);
    if (first_round > 0 && rounds[key] == 0) wanted = first_round - 1;
  }
  return exchange(proto::PULL, key, wanted, tensor);
}

KvWorker::Handle KvWorker::Impl::push_pull(std::uint32_t key, const Tensor& tensor) {
  std::uint64_t round = 0;
  {
    const std::lock_guard lock(mutex);
    round = rounds[key] + 1;
  }
  return exchange(proto::PUSH_PULL, key, round, tensor);
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

Buffer KvWorker::Impl::filler_of(std::uint64_t length) {
  if (filler.size() < length * sizeof(float)) filler = make_filler(length);
  return filler.first(length * sizeof(float));
}

// What goes up of any chunk of that length, of a tensor of that length: packed once, for it is always the same.
Encoded KvWorker::Impl::packed_filler(const Chunk& chunk) {
  const Chunk like{.key = 0, .offset = 0, .length = chunk.length, .total = chunk.total};
  auto found = packed_fillers.find(like);
  if (found == packed_fillers.end()) {
    Packer packer(encoder_for(job.codec, chunk.total, Link::lan, Direction::push), chunk.length);
    found = packed_fillers.emplace(like, packer.pack(filler_of(chunk.length))).first;
  }
  return found->second;
}

void KvWorker::Impl::exchange_chunk(const Chunk& chunk, proto::Data data, Buffer frame, const Answered& answered) {
  try {
    Part part{.server = server_of(chunk), .chunk = chunk, .handle = 0, .accept = {}, .answered = answered};
    if (data.slices_size() == 0) write_slice(chunk, data);
    post(std::move(part), std::move(data), std::move(frame));
  } catch (const Error& error) {
    answered({.error = error.what()});
  }
}

KvWorker::KvWorker(Member& member, Options options) : impl_(std::make_shared<Impl>(member, options)) {
  member.on_data([impl = impl_](NodeId from, const Message& message) { impl->carrier.receive(from, message); });
  member.on_match([impl = impl_](const proto::Match& match) { impl->carrier.take_match(match); });
  member.on_failure([impl = impl_](const std::string& why) { impl->fail(why); });
  member.on_lost([impl = impl_](NodeId who, const std::string&) { impl->carrier.forget(who); });
  member.on_returned([impl = impl_](NodeId who) { impl->greet_again(who); });
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
  for (const proto::Greeting& answer : answers) {
    greeted.first_round = std::max<std::uint64_t>(greeted.first_round, answer.first_round());
  }
  impl_->first_round = greeted.first_round;
  impl_->greeting = std::move(greeting);
  impl_->greeting->set_again(true);
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

KvWorker::Handle KvWorker::init(std::uint32_t key, std::span<const float> value, std::uint64_t round) {
  return impl_->exchange(proto::INIT, key, round, {value.size(), value.data(), nullptr});
}
KvWorker::Handle KvWorker::init(std::uint32_t key, Placeholder value) {
  return impl_->exchange(proto::INIT, key, 0, {value.length});
}

KvWorker::Handle KvWorker::pull(std::uint32_t key, std::span<float> value) {
  return impl_->first_pull(key, {value.size(), nullptr, value.data()});
}
KvWorker::Handle KvWorker::pull(std::uint32_t key, Placeholder value) {
  return impl_->first_pull(key, {value.length});
}

std::uint64_t KvWorker::begin_rounds() {
  const std::lock_guard lock(impl_->mutex);
  std::uint64_t round = impl_->first_round > 0 ? impl_->first_round - 1 : kDurable;
  if (impl_->first_round == 0) {
    for (const auto& [key, brought] : impl_->rounds) round = std::min(round, brought);
  }
  if (round == kDurable) round = 0;  // nothing was pulled
  for (auto& [key, brought] : impl_->rounds) brought = impl_->oldest_rounds[key] = round;
  return round;
}

std::uint64_t KvWorker::round_of(std::uint32_t key) const {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->rounds.find(key);
  return found == impl_->rounds.end() ? 0 : found->second;
}

std::uint64_t KvWorker::oldest_round_of(std::uint32_t key) const {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->oldest_rounds.find(key);
  return found == impl_->oldest_rounds.end() ? 0 : found->second;
}

KvWorker::Handle KvWorker::pull(std::uint32_t key, std::span<float> value, std::uint64_t round) {
  return impl_->exchange(proto::PULL, key, round, {value.size(), nullptr, value.data()});
}
KvWorker::Handle KvWorker::pull(std::uint32_t key, Placeholder value, std::uint64_t round) {
  return impl_->exchange(proto::PULL, key, round, {value.length});
}

KvWorker::Handle KvWorker::push_pull(std::uint32_t key, std::span<const float> gradient, std::span<float> value) {
  if (gradient.size() != value.size()) {
    throw Error("tensor " + std::to_string(key) + ": a gradient of " + std::to_string(gradient.size()) +
                " elements for a value of " + std::to_string(value.size()));
  }
  return impl_->push_pull(key, {value.size(), gradient.data(), value.data()});
}
KvWorker::Handle KvWorker::push_pull(std::uint32_t key, Placeholder tensor) {
  return impl_->push_pull(key, {tensor.length});
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

void KvWorker::tell_whom_it_waits_for(const Chunk& chunk, const std::function<void(const std::string&)>& told) {
  std::uint64_t request = 0;
  NodeId server{};
  {
    const std::lock_guard lock(impl_->mutex);
    for (auto& [number, part] : impl_->parts) {
      if (!(part.chunk == chunk) || part.chunk.total == 0) continue;
      request = number;
      server = part.server;
      part.on_awaited = [told, name = impl_->member.name_of(server)](const std::string& whom) {
        told(name + ", which waits for " + whom);
      };
      break;
    }
  }
  if (request == 0) return;
  told(impl_->member.name_of(server));
  impl_->ask_whom_it_waits_for(request, server, chunk);
}

void KvWorker::pull_chunk(const Chunk& chunk, const Answered& answered) {
  proto::Data data;
  data.set_operation(proto::PULL);
  impl_->exchange_chunk(chunk, std::move(data), {}, answered);
}

void KvWorker::push_pull_chunk(const Chunk& chunk, std::uint64_t round, HeadCount workers, Encoded sum,
                               const Answered& answered) {
  proto::Data data;
  data.set_operation(proto::PUSH_PULL);
  data.set_round(round);
  data.set_workers(workers.workers);
  data.set_absent(workers.absent);
  write_slice(chunk, sum.format, data);
  impl_->exchange_chunk(chunk, std::move(data), std::move(sum.bytes), answered);
}

}  // namespace geomx::ps
