#include "ps/server/kv_server.h"

#include <algorithm>
#include <utility>

#include "ps/config/error.h"
#include "ps/flow/losses.h"
#include "ps/server/checkpoint.h"
#include "ps/server/kv_server_state.h"
#include "ps/server/state_relay.h"
#include "ps/worker/slice.h"

namespace geomx::ps {

KvServer::Impl::Impl(const Plane& the_plane, Backing& the_backing, Settings the_settings, Log the_log)
    : plane(the_plane),
      carrier(*plane.member, [this](NodeId from, const Message& message) { receive(from, message); }),
      backing(the_backing),
      log(std::move(the_log)),
      reception({static_cast<std::size_t>(plane.num_workers), plane.trains, plane.of_parties}),
      settings(std::move(the_settings)) {}

// Answers -------------------------------------------------------------------------------------------------------------

void KvServer::Impl::respond(const Asker& asker, proto::Data data, const Buffer& frame) {
  Message message;
  data.set_operation(proto::RESPONSE);
  data.set_request(asker.request);
  stamp(data, asker.arrived);
  *message.header.mutable_data() = std::move(data);
  if (frame.size() > 0) message.frames.push_back(frame);
  carrier.send(asker.from, std::move(message));
}

void KvServer::Impl::answer(const Chunk& chunk, const Entry::Reply& reply) {
  const auto optimizer = reply.pulled ? backing.optimizer() : std::nullopt;
  const Entry::Value& value = reply.value;
  const std::uint64_t durable =
      plane.checkpoints != nullptr ? plane.checkpoints->durable(chunk, reply.asker.contributor()) : value.durable;
  if (reply.asker.local) return (*reply.asker.local)({{}, value.round, value.content, optimizer, durable});
  proto::Data data;
  data.set_round(value.round);
  data.set_durable(durable);
  write_slice(chunk, value.content.format, data);
  if (optimizer) *data.mutable_optimizer() = *optimizer;
  respond(reply.asker, std::move(data), value.content.bytes);
}

void KvServer::Impl::refuse(const Asker& asker, const std::string& why) {
  if (asker.local) return (*asker.local)({.error = why});
  proto::Data data;
  data.set_error(why);
  respond(asker, std::move(data));
}

std::string KvServer::Impl::name_of(const Asker& asker) const {
  return contributor_name(asker.contributor());
}

std::string KvServer::Impl::contributor_name(std::uint64_t contributor) const {
  if (contributor == Asker::kLocal) return "the central party";
  return plane.member->name_of({Role::worker, static_cast<std::uint32_t>(contributor)});
}

// Requests ------------------------------------------------------------------------------------------------------------

void KvServer::Impl::receive(NodeId from, const Message& message) {
  const Visit visit(*this);
  if (!visit) return;
  const Asker asker{.from = from, .request = message.header.data().request(), .arrived = Member::Clock::now()};
  try {
    handle(asker, message);
  } catch (const std::exception& error) {  // Error, or what the standard library throws of absurd lengths
    ++refused;
    if (log) log(kNecessary, "refused " + name_of(asker) + ": " + error.what());
    refuse(asker, error.what());
  }
}

void KvServer::Impl::handle(const Asker& asker, const Message& message) {
  const proto::Data& data = message.header.data();
  switch (data.operation()) {
    case proto::GREET:
      return greet(asker, data.greeting());
    case proto::AWAITED:
      return answer_awaited(asker, data);
    case proto::STATE:
      return report(asker, data.state());
    case proto::CONFIGURE:
      require_master(asker);
      backing.configure(data.optimizer());
      return respond(asker, proto::Data());
    case proto::INIT:
      return init(asker, message);
    case proto::PULL:
      return pull(asker, read_chunk(data), data.round());
    case proto::PUSH_PULL:
      return push_pull(asker, message);
    default:
      throw Error("operation " + std::to_string(data.operation()) + " is not one of a server");
  }
}

void KvServer::Impl::report(const Asker& asker, proto::State state) {
  if (plane.states == nullptr) throw Error("this server has no road to a state server");
  {
    const std::lock_guard lock(mutex);
    state.set_worker(reception.slice_of(asker.from));
  }
  plane.states->ask(std::move(state), [server = weak_from_this(), asker](const proto::State& answered) {
    const auto self = server.lock();
    if (!self) return;
    const Visit visit(*self);
    if (!visit) return;
    proto::Data data;
    *data.mutable_state() = answered;
    self->respond(asker, std::move(data));
  });
}

void KvServer::Impl::require_master(const Asker& asker) const {
  if (plane.has_master && asker.from == NodeId{Role::worker, 0}) return;
  throw Error("only the master worker, in the central party, sets the optimizer and initial values");
}

bool KvServer::Impl::has_come_back(NodeId who) {
  const std::lock_guard lock(mutex);
  return reception.has_come_back(who);
}

void KvServer::Impl::init(const Asker& asker, const Message& message) {
  require_master(asker);
  const Chunk chunk = read_chunk(message.header.data());
  const Encoded values = read_values(chunk, message);
  if (values.format != Format::fp32) throw Error(in_words(chunk) + ": initial values are fp32");
  const std::shared_ptr<Entry> entry = open(chunk);
  try {
    const auto turn = entry->turn();
    // A master worker that was started again, or that talks to a server that was, says nothing new.
    if (!entry->has_value() || !has_come_back(asker.from)) {
      entry->backing().init(values.bytes, message.header.data().round());
    }
  } catch (const Error& error) {
    throw Error(in_words(chunk) + ": " + error.what());
  }
  respond(asker, proto::Data());
}

void KvServer::Impl::pull(const Asker& asker, const Chunk& chunk, std::uint64_t wanted) {
  const std::shared_ptr<Entry> entry = open(chunk);
  std::string failed;
  {
    const auto turn = entry->turn();
    failed = carry_out(*entry, entry->pull(asker, wanted));
  }
  if (!failed.empty()) fail(failed);
}

void KvServer::Impl::push_pull(const Asker& asker, const Message& message) {
  const proto::Data& data = message.header.data();
  if (!plane.trains) throw Error("the central party does not train (DMLC_ENABLE_CENTRAL_WORKER is 0)");
  if (plane.losses && data.has_loss()) plane.losses->note(asker.from, data.loss());
  const Chunk chunk = read_chunk(data);
  const std::set<std::uint64_t> summed(data.summed().begin(), data.summed().end());
  if (!summed.empty() &&
      (!summed.contains(asker.from.rank) || *summed.rbegin() >= static_cast<std::uint64_t>(plane.num_workers))) {
    throw Error("a sum of gradients without its sender's, or of workers that do not exist");
  }
  push_pull(asker, chunk,
            {.contributor = asker.contributor(),
             .round = data.round(),
             .workers = data.workers(),
             .absent = data.absent(),
             .values = read_values(chunk, message),
             .contributors = std::max<std::uint32_t>(data.contributors(), 1),
             .summed = summed},
            data.not_first());
}

void KvServer::Impl::push_pull(const Asker& asker, const Chunk& chunk, Addend addend, bool not_first) {
  const std::shared_ptr<Entry> entry = recovers() ? open(chunk) : known(chunk);
  if (plane.recorder != nullptr) plane.recorder->came();
  if (plane.checkpoints != nullptr && !saved_first.exchange(true)) save_first();
  bool renewed = not_first;
  if (!asker.local && somebody_returned) renewed = renewed || has_come_back(asker.from);
  std::string failed;
  {
    const auto turn = entry->turn();
    failed = pushed(*entry, {asker, std::move(addend)}, renewed);
  }
  if (!failed.empty()) return fail(failed);
  if (somebody_left) require_contributors(*entry);
}

// In the entry's turn, as the next one. What fails the server.
std::string KvServer::Impl::pushed(Entry& entry, Entry::Push push, bool renewed) {
  try {
    return carry_out(entry, entry.push(push.asker, std::move(push.addend), renewed));
  } catch (const Error& error) {
    throw Error(in_words(entry.chunk()) + ": " + error.what());
  }
}

std::string KvServer::Impl::carry_out(Entry& entry, Entry::Outcome outcome) {
  for (const Entry::Reply& reply : outcome.replies) answer(entry.chunk(), reply);
  if (outcome.sum && outcome.sum->diverged) {
    return contributor_name(*outcome.sum->diverged) + " has sent a gradient of " + in_words(entry.chunk()) +
           " for round " + std::to_string(outcome.sum->round) +
           " that is not finite: the training diverges (--learning-rate)";
  }
  if (outcome.sum) {
    note_sum(*outcome.sum);
    entry.backing().advance(*std::move(outcome.sum));
  }
  if (outcome.fetch) entry.backing().fetch();
  std::string failed;
  for (Entry::Push& push : outcome.held) {
    if (failed.empty()) failed = pushed(entry, std::move(push), true);
  }
  return failed;
}

void KvServer::Impl::note_sum(const Sum& sum) {
  if (plane.recorder != nullptr) plane.recorder->gathered(sum.round);
  if (!log && !plane.on_absence) return;
  std::uint32_t absent = 0;
  {
    const std::lock_guard lock(mutex);
    Summed& summed = sums[sum.round];
    summed.absent = absent = std::max(summed.absent, sum.absent);
    if (++summed.chunks < entries.size()) return;
    sums.erase(sums.begin(), sums.upper_bound(sum.round));
  }
  if (log) log(kDetails, "round " + std::to_string(sum.round) + " is summed");
  if (plane.on_absence && absent > 0) plane.on_absence({sum.round, absent});
}

// For a stage in the same process -------------------------------------------------------------------------------------

void KvServer::configure(const proto::OptimizerConfig& optimizer) {
  impl_->backing.configure(optimizer);
}

void KvServer::init(const Chunk& chunk, const Buffer& value, std::uint64_t round) {
  const std::shared_ptr<Entry> entry = impl_->open(chunk);
  const auto turn = entry->turn();
  if (!entry->has_value() || !impl_->restored) entry->backing().init(value, round);
}

void KvServer::pull(const Chunk& chunk, const KvWorker::Answered& answered) {
  const Impl::Visit visit(*impl_);
  if (!visit) return;
  const Asker asker{.local = std::make_shared<const KvWorker::Answered>(answered)};
  try {
    impl_->pull(asker, chunk, 0);
  } catch (const Error& error) {
    impl_->refuse(asker, error.what());
  }
}

void KvServer::push_pull(const Chunk& chunk, std::uint64_t round, HeadCount workers, Encoded sum,
                         const KvWorker::Answered& answered) {
  const Impl::Visit visit(*impl_);
  if (!visit) return;
  const Asker asker{.local = std::make_shared<const KvWorker::Answered>(answered)};
  try {
    impl_->push_pull(asker, chunk,
                     {.contributor = asker.contributor(),
                      .round = round,
                      .workers = workers.workers,
                      .absent = workers.absent,
                      .values = std::move(sum)});
  } catch (const Error& error) {
    impl_->refuse(asker, error.what());
  }
}

}  // namespace geomx::ps
