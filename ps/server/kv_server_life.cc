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
  settings.take(greeting, name_of(asker), plane.member->name_of(plane.member->self()));
  reception.greet({asker, name_of(asker), greeting});
  if (reception.complete()) changed.notify_all();
}

std::vector<proto::Trainee> KvServer::Impl::await_workers(Member::Clock::time_point deadline) {
  const auto start = Member::Clock::now();
  std::unique_lock lock(mutex);
  changed.wait_until(lock, deadline, [&] { return reception.complete() || !failure.empty(); });
  if (!failure.empty()) throw Error(failure);
  for (int rank = 0; rank < plane.num_workers; ++rank) {
    const NodeId worker{Role::worker, static_cast<std::uint32_t>(rank)};
    if (reception.has_greeted(worker)) continue;
    throw Error("no greeting from " + plane.member->name_of(worker) + " within " +
                seconds_text(std::chrono::duration<double>(deadline - start).count()));
  }
  return reception.trainees();
}

void KvServer::Impl::greet_back(std::uint32_t all_workers, const Settings& of_all) {
  carrier.use(of_all.job().flow, {.log = log, .losses = {}});
  std::vector<Reception::Guest> waiting;
  std::size_t contributors = 0;
  {
    const std::lock_guard lock(mutex);
    waiting = reception.take_waiting();
    contributors = plane.of_parties ? reception.parties() : reception.trainees().size();
  }
  for (const Reception::Guest& guest : waiting) {
    const std::string difference = compare_all_workers(guest.greeting.all_workers(), all_workers);
    if (!difference.empty()) {
      refuse(guest.asker, difference);
      continue;
    }
    proto::Data data;
    const Member& sharded_by = plane.sharded_by != nullptr ? *plane.sharded_by : *plane.member;
    data.mutable_greeting()->set_shard(sharded_by.self().rank);
    data.mutable_greeting()->set_all_workers(all_workers);
    data.mutable_greeting()->set_contributors(static_cast<std::uint32_t>(contributors));
    of_all.write(*data.mutable_greeting());
    respond(guest.asker, std::move(data));
  }
}

// The end -------------------------------------------------------------------------------------------------------------

void KvServer::Impl::depart(NodeId who) {
  const Visit visit(*this);
  if (!visit) return;
  carrier.forget(who);
  const std::string name = plane.member->name_of(who);
  {
    const std::lock_guard lock(mutex);
    reception.depart(who, name);
    changed.notify_all();
  }
  if (log) log(kDetails, name + " has left");
  require_all();
}

void KvServer::Impl::require_all() {
  somebody_left = true;
  std::vector<std::shared_ptr<Entry>> all;
  {
    const std::lock_guard lock(mutex);
    for (const auto& [chunk, entry] : entries) all.push_back(entry);
  }
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
  std::function<void(const std::string&)> handler;
  {
    const std::lock_guard lock(mutex);
    if (!failure.empty()) return;
    failure = why;
    handler = failure_handler;
    for (const Reception::Guest& guest : reception.take_waiting()) waiting.push_back(guest.asker);
    for (const auto& [chunk, entry] : entries) all.push_back(entry);
    changed.notify_all();
  }
  for (const std::shared_ptr<Entry>& entry : all) {
    const std::vector<Asker> askers = entry->close(why);
    waiting.insert(waiting.end(), askers.begin(), askers.end());
  }
  for (const Asker& asker : waiting) refuse(asker, why);
  if (handler) handler(why);
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

KvServer::KvServer(const Plane& plane, Backing& backing, Settings settings, Log log)
    : impl_(std::make_shared<Impl>(plane, backing, std::move(settings), std::move(log))) {
  Member& member = *plane.member;
  member.on_data([impl = impl_](NodeId from, const Message& message) { impl->carrier.receive(from, message); });
  member.on_departed([impl = impl_](NodeId who) { impl->depart(who); });
  member.on_failure([impl = impl_](const std::string& why) { impl->fail(why); });
  backing.on_failure([server = std::weak_ptr(impl_)](const std::string& why) {
    if (const auto impl = server.lock()) impl->fail(why);
  });
}

KvServer::~KvServer() {
  impl_->close();
  impl_->carrier.stop();
}

std::vector<proto::Trainee> KvServer::await_workers(Member::Clock::time_point deadline) {
  return impl_->await_workers(deadline);
}

Settings KvServer::settings() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->settings;
}

int KvServer::num_parties() const {
  const std::lock_guard lock(impl_->mutex);
  return static_cast<int>(impl_->reception.parties());
}

void KvServer::open(int all_workers, const Settings& settings) {
  impl_->greet_back(static_cast<std::uint32_t>(all_workers), settings);
}

std::uint64_t KvServer::refused() const {
  return impl_->refused.load();
}

void KvServer::wait() {
  impl_->wait();
}

void KvServer::fail(const std::string& why) {
  impl_->fail(why);
}

void KvServer::on_failure(std::function<void(const std::string& why)> handler) {
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

void KvServer::depart(const std::string& name) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->reception.depart_local(name);
  }
  impl_->require_all();
}

}  // namespace geomx::ps
