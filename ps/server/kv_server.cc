#include "ps/server/kv_server.h"

#include <algorithm>
#include <utility>

#include "ps/config/error.h"
#include "ps/flow/losses.h"
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

void KvServer::Impl::answer(const Asker& asker, const Chunk& chunk, std::uint64_t round, const Encoded& content,
                            bool pulled) {
  const auto optimizer = pulled ? backing.optimizer() : std::nullopt;
  if (asker.local) return (*asker.local)({{}, round, content, optimizer});
  proto::Data data;
  data.set_round(round);
  write_slice(chunk, content.format, data);
  if (optimizer) *data.mutable_optimizer() = *optimizer;
  respond(asker, std::move(data), content.bytes);
}

void KvServer::Impl::refuse(const Asker& asker, const std::string& why) {
  if (asker.local) return (*asker.local)({why, 0, {}, {}});
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
    case proto::STATE:
      return report(asker, data.state());
    case proto::CONFIGURE:
      require_master(asker);
      backing.configure(data.optimizer());
      return respond(asker, proto::Data());
    case proto::INIT:
      return init(asker, message);
    case proto::PULL:
      return pull(asker, read_chunk(data));
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

void KvServer::Impl::init(const Asker& asker, const Message& message) {
  require_master(asker);
  const Chunk chunk = read_chunk(message.header.data());
  const Encoded values = read_values(chunk, message);
  if (values.format != Format::fp32) throw Error(in_words(chunk) + ": initial values are fp32");
  const std::shared_ptr<Entry> entry = open(chunk);
  try {
    const auto turn = entry->turn();
    entry->backing().init(values.bytes);
  } catch (const Error& error) {
    throw Error(in_words(chunk) + ": " + error.what());
  }
  respond(asker, proto::Data());
}

void KvServer::Impl::pull(const Asker& asker, const Chunk& chunk) {
  const std::shared_ptr<Entry> entry = open(chunk);
  const auto turn = entry->turn();
  const Entry::Pulled pulled = entry->pull(asker);
  if (pulled.value) answer(asker, chunk, pulled.value->round, pulled.value->content, true);
  if (pulled.fetch) entry->backing().fetch();
}

void KvServer::Impl::push_pull(const Asker& asker, const Message& message) {
  const proto::Data& data = message.header.data();
  if (!plane.trains) throw Error("the central party does not train (DMLC_ENABLE_CENTRAL_WORKER is 0)");
  if (plane.losses && data.has_loss()) plane.losses->note(asker.from, data.loss());
  const Chunk chunk = read_chunk(data);
  push_pull(asker, chunk,
            {.contributor = asker.contributor(),
             .round = data.round(),
             .workers = data.workers(),
             .values = read_values(chunk, message),
             .contributors = std::max<std::uint32_t>(data.contributors(), 1)});
}

void KvServer::Impl::push_pull(const Asker& asker, const Chunk& chunk, Addend addend) {
  const std::shared_ptr<Entry> entry = known(chunk);
  const std::uint64_t round = addend.round;
  std::optional<std::uint64_t> diverged;
  if (plane.recorder != nullptr) plane.recorder->came();
  try {
    const auto turn = entry->turn();
    if (auto sum = entry->push(asker, std::move(addend))) {
      if (!sum->diverged) {
        note_sum(sum->round);
        entry->backing().advance(*std::move(sum));
        return;
      }
      diverged = sum->diverged;
    }
  } catch (const Error& error) {
    throw Error(in_words(chunk) + ": " + error.what());
  }
  if (diverged) {
    return fail(contributor_name(*diverged) + " has sent a gradient of " + in_words(chunk) + " for round " +
                std::to_string(round) + " that is not finite: the training diverges (--learning-rate)");
  }
  if (somebody_left) require_contributors(*entry);
}

void KvServer::Impl::note_sum(std::uint64_t round) {
  if (plane.recorder != nullptr) plane.recorder->gathered(round);
  if (!log) return;
  {
    const std::lock_guard lock(mutex);
    if (++sums[round] < entries.size()) return;
    sums.erase(sums.begin(), sums.upper_bound(round));
  }
  log(kDetails, "round " + std::to_string(round) + " is summed");
}

// For a stage in the same process -------------------------------------------------------------------------------------

void KvServer::configure(const proto::OptimizerConfig& optimizer) {
  impl_->backing.configure(optimizer);
}

void KvServer::init(const Chunk& chunk, const Buffer& value) {
  const std::shared_ptr<Entry> entry = impl_->open(chunk);
  const auto turn = entry->turn();
  entry->backing().init(value);
}

void KvServer::pull(const Chunk& chunk, const KvWorker::Answered& answered) {
  const Impl::Visit visit(*impl_);
  if (!visit) return;
  const Asker asker{.local = std::make_shared<const KvWorker::Answered>(answered)};
  try {
    impl_->pull(asker, chunk);
  } catch (const Error& error) {
    impl_->refuse(asker, error.what());
  }
}

void KvServer::push_pull(const Chunk& chunk, std::uint64_t round, std::uint32_t workers, Encoded sum,
                         const KvWorker::Answered& answered) {
  const Impl::Visit visit(*impl_);
  if (!visit) return;
  const Asker asker{.local = std::make_shared<const KvWorker::Answered>(answered)};
  try {
    impl_->push_pull(
        asker, chunk,
        {.contributor = asker.contributor(), .round = round, .workers = workers, .values = std::move(sum)});
  } catch (const Error& error) {
    impl_->refuse(asker, error.what());
  }
}

}  // namespace geomx::ps
