#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "ps/config/error.h"
#include "ps/server/kv_server_state.h"
#include "ps/server/state_relay.h"
#include "ps/worker/slice.h"

// Whom an answer waits for, for the worker that will not wait for it much longer.
namespace geomx::ps {
namespace {

std::string joined(const std::vector<std::string>& names) {
  constexpr std::size_t kEnough = 8;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kEnough); ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kEnough) text += " and " + std::to_string(names.size() - kEnough) + " more";
  return text;
}

}  // namespace

// Those of this plane; empty: nobody.
std::string KvServer::Impl::awaited_here(const std::shared_ptr<Entry>& entry) {
  const std::lock_guard lock(mutex);
  if (!opened) {
    std::vector<std::string> names;
    for (int rank = 0; rank < plane.num_workers; ++rank) {
      const NodeId worker{Role::worker, static_cast<std::uint32_t>(rank)};
      if (reception.is_awaited(worker)) names.push_back(plane.member->name_of(worker));
    }
    return joined(names);
  }
  if (!entry || entry->waits_for_backing()) return {};
  std::set<NodeId> there = excused;
  for (int rank = 0; rank < plane.num_workers; ++rank) {
    const NodeId worker{Role::worker, static_cast<std::uint32_t>(rank)};
    if (entry->has(Asker{.from = worker}.contributor())) there.insert(worker);
  }
  std::vector<std::string> names = reception.awaited(there);
  if (plane.of_parties && plane.has_stage && !entry->has(Asker::kLocal)) names.emplace_back("the central party");
  return joined(names);
}

void KvServer::Impl::tell_whom_it_waits_for(const Chunk& chunk, const Told& told) {
  std::shared_ptr<Entry> entry;
  bool is_open = false;
  {
    const std::lock_guard lock(mutex);
    const auto found = entries.find(chunk);
    if (found != entries.end()) entry = found->second;
    is_open = opened;
  }
  if (const std::string here = awaited_here(entry); !here.empty()) return told(here);
  if (!is_open) return told("the servers above, or the other parties, to greet it");
  if (entry && entry->waits_for_backing()) backing.tell_whom_it_waits_for(chunk, told);
}

void KvServer::Impl::answer_awaited(const Asker& asker, const proto::Data& question) {
  const auto told = [server = weak_from_this(), asker](const std::string& whom) {
    const auto self = server.lock();
    if (!self) return;
    const Visit visit(*self);
    if (!visit) return;
    Message message;
    message.header.mutable_data()->set_operation(proto::AWAITED);
    message.header.mutable_data()->set_request(asker.request);
    message.header.mutable_data()->set_awaited(whom);
    self->carrier.send(asker.from, std::move(message));
  };
  bool is_open = false;
  {
    const std::lock_guard lock(mutex);
    is_open = opened;
  }
  if (question.slices_size() > 0) return tell_whom_it_waits_for(read_chunk(question), told);
  if (!is_open) return tell_whom_it_waits_for({}, told);
  if (plane.states != nullptr) told(plane.states->awaited());
}

void KvServer::tell_whom_it_waits_for(const Chunk& chunk, const Told& told) {
  const Impl::Visit visit(*impl_);
  if (visit) impl_->tell_whom_it_waits_for(chunk, told);
}

}  // namespace geomx::ps
