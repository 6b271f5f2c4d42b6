#include <utility>

#include "ps/config/error.h"
#include "ps/server/kv_server_state.h"

namespace geomx::ps {

void KvServer::Impl::require_alive() const {
  if (!failure.empty()) throw Error(failure);
}

// With the mutex held: calls `visit` with each entry that cannot exist beside `chunk`.
template <typename Function>
void KvServer::Impl::for_each_conflict(const Chunk& chunk, Function&& visit) {
  auto next = entries.lower_bound(Chunk{chunk.key, 0, 0, 0});
  while (next != entries.end() && next->first.key == chunk.key) {
    const auto current = next++;
    if (conflicts(current->first, chunk)) visit(current);
  }
}

// The entry of a chunk that has a value, here or on its way.
std::shared_ptr<Entry> KvServer::Impl::known(const Chunk& chunk) {
  const std::lock_guard lock(mutex);
  require_alive();
  const auto found = entries.find(chunk);
  if (found == entries.end()) {
    require_no_conflict(chunk);
    throw Error(in_words(chunk) + " has no value yet: init() or pull() comes before push_pull()");
  }
  return found->second;
}

std::shared_ptr<Entry> KvServer::Impl::open(const Chunk& chunk) {
  const std::lock_guard lock(mutex);
  require_alive();
  const auto found = entries.find(chunk);
  if (found != entries.end()) return found->second;
  require_no_conflict(chunk);
  auto entry = std::make_shared<Entry>(chunk, backing.gather(chunk));
  entry->set_backing(
      backing.open(chunk, [server = weak_from_this(), opened = std::weak_ptr(entry)](const Backing::News& news) {
        const auto self = server.lock();
        const auto receiver = opened.lock();
        if (self && receiver) self->deliver(receiver, news);
      }));
  entries.emplace(chunk, entry);
  return entry;
}

void KvServer::Impl::require_no_conflict(const Chunk& chunk) {
  for_each_conflict(chunk, [&](const auto& other) {
    if (!other->second->has_value()) return;  // somebody else's question, which may be the wrong one
    throw Error(conflict_in_words(chunk, other->first));
  });
}

// News, or none, have come from the backing.
void KvServer::Impl::deliver(const std::shared_ptr<Entry>& entry, const Backing::News& news) {
  const Visit visit(*this);
  if (!visit) return;
  if (!news.error.empty()) {
    if (entry->has_value()) return fail(news.error);
    {
      const std::lock_guard lock(mutex);
      entries.erase(entry->chunk());  // the next who asks may ask for something that exists
    }
    for (const Asker& asker : entry->close(news.error)) refuse(asker, news.error);
    return;
  }
  const bool first = !entry->has_value();
  const Entry::Told told = entry->update(news);
  for (std::size_t i = 0; i < told.askers.size(); ++i) {
    answer(told.askers[i], entry->chunk(), told.rounds[i], news.content, news.pulled);
  }
  if (first) refuse_conflicts(entry->chunk());
  if (plane.recorder == nullptr || news.pulled) return;
  std::size_t chunks = 0;
  {
    const std::lock_guard lock(mutex);
    chunks = entries.size();
  }
  plane.recorder->answered(news.round, chunks);
}

void KvServer::Impl::refuse_conflicts(const Chunk& chunk) {
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

}  // namespace geomx::ps
