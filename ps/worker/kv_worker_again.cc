#include <algorithm>
#include <utility>

#include "ps/config/error.h"
#include "ps/worker/kv_worker_state.h"

// A server that was lost is back: what it has not answered is asked again. All on the member's receive thread.
namespace geomx::ps {

void KvWorker::Impl::greet_again(NodeId server) {
  std::optional<proto::Greeting> again;
  std::vector<std::pair<std::uint64_t, Part>> unanswered;
  {
    const std::lock_guard lock(mutex);
    if (closed || !failure.empty() || server.role != Role::server) return;
    again = greeting;
    if (!again) {  // the first greeting has not been answered: it is all that can be unanswered
      for (const auto& [request, part] : parts) {
        if (part.server == server) unanswered.emplace_back(request, part);
      }
    }
  }
  for (auto& [request, part] : unanswered) send(server, request, std::move(part.data), std::move(part.frame));
  if (!again) return;
  proto::Data data;
  data.set_operation(proto::GREET);
  *data.mutable_greeting() = *std::move(again);
  Part part{.server = server, .chunk = {}, .handle = 0, .accept = {}, .answered = {}};
  part.accept = [this, server](const proto::Data& answer, const Buffer&) {
    carrier.remember(server);
    ask_again(server, answer.greeting().again());
  };
  try {
    post(std::move(part), std::move(data), {});
  } catch (const Error&) {
    // The plane has failed meanwhile: everybody has been told.
  }
}

// `anew`: another process is in the server's place.
void KvWorker::Impl::ask_again(NodeId server, bool anew) {
  std::vector<std::pair<std::uint64_t, Part>> unanswered;
  std::vector<Chunk> first;
  {
    const std::lock_guard lock(mutex);
    const auto shards = static_cast<std::uint32_t>(servers.size());
    for (const auto& [chunk, pushes] : kept) {
      if (anew && !pushes.empty() && servers[shard_of(chunk, shards)] == server) first.push_back(chunk);
    }
    for (const auto& [request, part] : parts) {
      if (part.server != server || part.data.operation() == proto::GREET) continue;
      // Behind what was pushed before.
      if (std::find(first.begin(), first.end(), part.chunk) == first.end()) unanswered.emplace_back(request, part);
    }
  }
  for (auto& [request, part] : unanswered) send(server, request, std::move(part.data), std::move(part.frame));
  for (const Chunk& chunk : first) push_again(chunk, server, 0);
}

// What was pushed of a chunk after a round, one by one: each when the one before is answered.
void KvWorker::Impl::push_again(const Chunk& chunk, NodeId server, std::uint64_t after) {
  std::optional<Kept> next;
  std::vector<std::pair<std::uint64_t, Part>> unanswered;
  {
    const std::lock_guard lock(mutex);
    for (const Kept& push : kept[chunk]) {
      if (!next && push.data.round() > after) next = push;
    }
    for (const auto& [request, part] : parts) {
      if (!next && part.server == server && part.chunk == chunk) unanswered.emplace_back(request, part);
    }
  }
  for (auto& [request, part] : unanswered) send(server, request, std::move(part.data), std::move(part.frame));
  if (!next) return;
  Part part{.server = server, .chunk = chunk, .handle = 0, .accept = {}, .answered = {}};
  part.answered = [this, chunk, server, round = next->data.round()](const Answer& answer) {
    if (answer.error.empty()) return push_again(chunk, server, round);
    fail(answer.error);
  };
  try {
    post(std::move(part), std::move(next->data), std::move(next->frame));
  } catch (const Error&) {
    // The plane has failed meanwhile: everybody has been told.
  }
}

void KvWorker::Impl::keep(Part& part, std::uint64_t durable) {
  const std::uint64_t round = part.data.round();
  if (durable >= round) {
    if (kept.empty()) return;
  }
  const auto found = kept.find(part.chunk);
  if (found != kept.end()) {
    std::deque<Kept>& pushes = found->second;
    while (!pushes.empty() && pushes.front().data.round() <= durable) pushes.pop_front();
    if (!pushes.empty() && pushes.back().data.round() >= round) return;  // it was pushed again
  }
  if (durable >= round) return;
  // Borrowed memory is the caller's again when the push is answered.
  if (!part.frame.owned()) part.frame = Buffer::copy_of(part.frame.data(), part.frame.size());
  kept[part.chunk].push_back({part.data, part.frame});
}

}  // namespace geomx::ps
