#include <algorithm>
#include <chrono>
#include <utility>

#include "ps/config/error.h"
#include "ps/membership/messages.h"
#include "ps/server/census.h"
#include "ps/server/kv_server_state.h"

namespace geomx::ps {

// The beginning -------------------------------------------------------------------------------------------------------

void KvServer::Impl::greet(const Asker& asker, const proto::Greeting& greeting) {
  const std::lock_guard lock(mutex);
  require_alive();
  reception.greet({asker, name_of(asker), greeting});
  if (reception.complete()) changed.notify_all();
}

std::vector<std::vector<proto::Trainee>> KvServer::Impl::await_workers(Member::Clock::time_point deadline) {
  const auto start = Member::Clock::now();
  std::unique_lock lock(mutex);
  changed.wait_until(lock, deadline, [&] { return reception.complete() || !failure.empty(); });
  if (!failure.empty()) throw Error(failure);
  std::vector<std::vector<proto::Trainee>> trainees;
  for (std::size_t plane = 0; plane < planes.size(); ++plane) {
    for (int rank = 0; rank < planes[plane].num_workers; ++rank) {
      const NodeId worker{Role::worker, static_cast<std::uint32_t>(rank)};
      if (reception.has_greeted(plane, worker)) continue;
      throw Error("no greeting from " + planes[plane].member->name_of(worker) + " within " +
                  seconds_text(std::chrono::duration<double>(deadline - start).count()));
    }
    trainees.push_back(reception.trainees(plane));
  }
  return trainees;
}

void KvServer::Impl::greet_back(std::uint32_t all_workers) {
  std::vector<Reception::Guest> waiting;
  {
    const std::lock_guard lock(mutex);
    waiting = reception.take_waiting();
  }
  for (const Reception::Guest& guest : waiting) {
    const std::string difference = compare_all_workers(guest.greeting.all_workers(), all_workers);
    if (!difference.empty()) {
      refuse(guest.asker, difference);
      continue;
    }
    proto::Data data;
    data.mutable_greeting()->set_shard(planes.front().member->self().rank);
    data.mutable_greeting()->set_all_workers(all_workers);
    respond(guest.asker, std::move(data));
  }
}

// The end -------------------------------------------------------------------------------------------------------------

void KvServer::Impl::depart(std::size_t plane, NodeId who) {
  const Visit visit(*this);
  if (!visit) return;
  carriers[plane]->forget(who);
  const std::string name = planes[plane].member->name_of(who);
  std::vector<std::shared_ptr<Entry>> all;
  {
    const std::lock_guard lock(mutex);
    reception.depart(plane, who, name);
    somebody_left = true;
    for (const auto& [chunk, entry] : entries) all.push_back(entry);
    changed.notify_all();
  }
  if (log) log(kDetails, name + " has left");
  for (const std::shared_ptr<Entry>& entry : all) require_contributors(*entry);
}

void KvServer::Impl::require_contributors(Entry& entry) {
  const Entry::Open open = entry.open_round();
  if (open.arrived.empty()) return;
  std::string name;
  {
    const std::lock_guard lock(mutex);
    name = reception.missing(open.arrived);
  }
  if (name.empty()) return;
  fail(name + " has left, but round " + std::to_string(open.round) + " of " + in_words(entry.chunk()) +
       " still needs its gradient (--epoch, --rounds and --batch-size must be the same for all workers)");
}

void KvServer::Impl::fail(const std::string& why) {
  const Visit visit(*this);
  if (!visit) return;
  std::vector<std::shared_ptr<Entry>> all;
  std::vector<Asker> waiting;
  {
    const std::lock_guard lock(mutex);
    if (!failure.empty()) return;
    failure = why;
    for (const Reception::Guest& guest : reception.take_waiting()) waiting.push_back(guest.asker);
    for (const auto& [chunk, entry] : entries) all.push_back(entry);
    changed.notify_all();
  }
  for (const std::shared_ptr<Entry>& entry : all) {
    const std::vector<Asker> askers = entry->close(why);
    waiting.insert(waiting.end(), askers.begin(), askers.end());
  }
  for (const Asker& asker : waiting) refuse(asker, why);
}

void KvServer::Impl::wait() {
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return reception.all_have_left() || !failure.empty(); });
  if (!failure.empty()) throw Error(failure);
}

void KvServer::Impl::close() {
  std::unique_lock lock(mutex);
  closed = true;
  changed.wait(lock, [&] { return visits == 0; });
}

// The server ----------------------------------------------------------------------------------------------------------

KvServer::KvServer(const std::vector<Plane>& planes, Backing& backing, int round_workers, Log log)
    : impl_(std::make_shared<Impl>(planes, backing, round_workers, std::move(log))) {
  for (std::size_t i = 0; i < planes.size(); ++i) {
    Member& member = *planes[i].member;
    member.on_data(
        [impl = impl_, i](NodeId from, const Message& message) { impl->carriers[i]->receive(from, message); });
    member.on_departed([impl = impl_, i](NodeId who) { impl->depart(i, who); });
    member.on_failure([impl = impl_](const std::string& why) { impl->fail(why); });
  }
  backing.on_failure([server = std::weak_ptr(impl_)](const std::string& why) {
    if (const auto impl = server.lock()) impl->fail(why);
  });
}

KvServer::~KvServer() {
  impl_->close();
}

std::vector<std::vector<proto::Trainee>> KvServer::await_workers(Member::Clock::time_point deadline) {
  return impl_->await_workers(deadline);
}

void KvServer::open(int all_workers) {
  impl_->greet_back(static_cast<std::uint32_t>(all_workers));
}

void KvServer::wait() {
  impl_->wait();
}

}  // namespace geomx::ps
