#include "ps/server/kv_server.h"

#include <utility>

#include "ps/config/error.h"
#include "ps/server/kv_server_state.h"
#include "ps/sync/sum.h"

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

// The floats of a request.
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
  return frame;
}

}  // namespace

KvServer::Impl::Impl(const std::vector<Plane>& the_planes, Backing& the_backing, int the_round_workers, Log the_log)
    : planes(the_planes),
      backing(the_backing),
      round_workers(static_cast<std::uint32_t>(the_round_workers)),
      log(std::move(the_log)),
      reception([&] {
        std::vector<Reception::Plane> to_greet;
        for (const Plane& plane : planes) {
          to_greet.push_back({static_cast<std::size_t>(plane.num_workers), plane.trains, plane.of_parties});
        }
        return to_greet;
      }()) {
  for (std::size_t i = 0; i < planes.size(); ++i) {
    carriers.push_back(make_carrier(*planes[i].member, planes[i].flow,
                                    [this, i](NodeId from, const Message& message) { receive(i, from, message); }));
  }
}

// Answers -------------------------------------------------------------------------------------------------------------

void KvServer::Impl::respond(const Asker& asker, proto::Data data, const Buffer& frame) const {
  Message message;
  data.set_operation(proto::RESPONSE);
  data.set_request(asker.request);
  *message.header.mutable_data() = std::move(data);
  if (frame.size() > 0) message.frames.push_back(frame);
  carriers[asker.plane]->send(asker.from, std::move(message), asker.key);
}

void KvServer::Impl::respond(const Asker& asker, const Entry::News& news) const {
  proto::Data data;
  data.set_round(news.round);
  respond(asker, std::move(data), news.value);
}

void KvServer::Impl::refuse(const Asker& asker, const std::string& why) const {
  proto::Data data;
  data.set_error(why);
  respond(asker, std::move(data));
}

// Requests ------------------------------------------------------------------------------------------------------------

void KvServer::Impl::receive(std::size_t plane, NodeId from, const Message& message) {
  const Visit visit(*this);
  if (!visit) return;
  const proto::Data& data = message.header.data();
  const Asker asker{plane, from, data.request(), data.slices_size() > 0 ? data.slices(0).key() : 0};
  try {
    handle(asker, message);
  } catch (const Error& error) {
    if (log) log(kNecessary, "refused " + name_of(asker) + ": " + error.what());
    refuse(asker, error.what());
  }
}

void KvServer::Impl::handle(const Asker& asker, const Message& message) {
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

void KvServer::Impl::require_master(const Asker& asker) const {
  if (planes[asker.plane].has_master && asker.from == NodeId{Role::worker, 0}) return;
  throw Error("only the master worker, in the central party, sets the optimizer and initial values");
}

void KvServer::Impl::init(const Asker& asker, const Message& message) {
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

void KvServer::Impl::pull(const Asker& asker, const Chunk& chunk) {
  const std::shared_ptr<Entry> entry = open(chunk);
  const Entry::Pulled pulled = entry->pull(asker);
  if (pulled.news) respond(asker, *pulled.news);
  if (pulled.fetch) entry->backing().fetch();
}

void KvServer::Impl::push_pull(const Asker& asker, const Message& message) {
  const proto::Data& data = message.header.data();
  if (!planes[asker.plane].trains) throw Error("the central party does not train (DMLC_ENABLE_CENTRAL_WORKER is 0)");
  const Chunk chunk = chunk_of(data);
  const std::shared_ptr<Entry> entry = known(chunk);
  const Buffer gradient = values_of(chunk, message);
  if (!all_finite(gradient.as<float>())) {
    const std::string why = name_of(asker) + " has sent a gradient of " + in_words(chunk) + " for round " +
                            std::to_string(data.round()) +
                            " that is not finite: the training diverges (--learning-rate)";
    fail(why);
    throw Error(why);
  }
  try {
    if (auto sum = entry->push(asker, data.round(), data.workers(), gradient)) {
      note_sum(sum->round);
      entry->backing().advance(std::move(*sum));
      return;
    }
  } catch (const Error& error) {
    throw Error(in_words(chunk) + ": " + error.what());
  }
  if (somebody_left) require_contributors(*entry);
}

void KvServer::Impl::note_sum(std::uint64_t round) {
  if (!log) return;
  {
    const std::lock_guard lock(mutex);
    if (++sums[round] < entries.size()) return;
    sums.erase(sums.begin(), sums.upper_bound(round));
  }
  log(kDetails, "round " + std::to_string(round) + " is summed");
}

// The store -----------------------------------------------------------------------------------------------------------

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

void KvServer::Impl::require_no_conflict(const Chunk& chunk) {
  for_each_conflict(chunk, [&](const auto& other) {
    if (!other->second->has_value()) return;  // somebody else's question, which may be the wrong one
    throw Error(conflict_in_words(chunk, other->first));
  });
}

// A value, or none, has come from the backing.
void KvServer::Impl::deliver(const std::shared_ptr<Entry>& entry, const KvWorker::Answer& answer) {
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
