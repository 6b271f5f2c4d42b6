#include "ps/worker/session.h"

#include <random>
#include <utility>

#include "ps/config/error.h"
#include "ps/membership/member.h"
#include "ps/transport/faulty.h"
#include "ps/transport/resending.h"
#include "ps/transport/zmq_transport.h"

namespace geomx::ps {
namespace {

using Clock = Member::Clock;

Clock::time_point after(std::chrono::duration<double> duration) {
  return Clock::now() + std::chrono::duration_cast<Clock::duration>(duration);
}

PlaneConfig party_of(const NodeConfig& config, const Session::Options& options) {
  if (!config.local || config.local->role != PlaneRole::worker) {
    throw Error("a " + config.role_name() + " has no session: only workers have");
  }
  PlaneConfig party = *config.local;
  if (options.slice) party.order = *options.slice;
  return party;
}

}  // namespace

TransportFactory tcp_transport(const NodeConfig& config, Log log) {
  ZmqOptions options;
  options.security = config.transport.security;
  options.log = log;
  return [options, log, transport_config = config.transport] {
    std::unique_ptr<Transport> transport = make_zmq_transport(options);
    if (transport_config.drop > 0) {
      transport = make_faulty(std::move(transport), {.seed = std::random_device()(), .drop = transport_config.drop});
    }
    if (transport_config.resend_timeout.count() > 0) {
      transport =
          make_resending(std::move(transport),
                         {.timeout = transport_config.resend_timeout, .silence = transport_config.silence, .log = log});
    }
    return transport;
  };
}

// The member goes last: what its threads call is gone safely before (KvWorker), and its destructor knows whether an
// exception is in flight.
struct Session::Impl {
  Impl(const NodeConfig& config, const Options& the_options, const TransportFactory& make_transport)
      : options(the_options),
        party(party_of(config, the_options)),
        master(config.master_worker),
        member(party, make_transport()),
        kv(member, {.bigarray_bound = config.bigarray_bound, .timeout = options.timeout}),
        guard(options.interrupt, [this](const std::string& why) { member.fail(why, kShortLinger); }) {
    proto::Greeting greeting;
    greeting.set_all_workers(static_cast<std::uint32_t>(config.num_all_workers));
    if (options.slice) {
      proto::Trainee& self = *greeting.add_workers();
      self.set_slice(*options.slice);
      self.set_rounds(options.rounds);
      self.set_steps(options.steps);
    }
    member.join();
    try {
      // The answer comes when the last worker of the last party has joined, too.
      job = kv.greet(greeting, config.job, after(2 * party.join_timeout)).settings.job();
    } catch (const Error& error) {
      // One that cannot come back ends alone.
      if (member.took_place()) {
        member.leave();
      } else {
        member.fail(error.what());
      }
      throw;
    }
  }

  Options options;
  PlaneConfig party;
  bool master;
  JobConfig job;
  Member member;
  KvWorker kv;
  Interrupt::Guard guard;  // goes first
};

Session::Session(const NodeConfig& config, Options options, const TransportFactory& make_transport)
    : impl_(std::make_unique<Impl>(config, options, make_transport ? make_transport : tcp_transport(config))) {}

Session::~Session() = default;

bool Session::master() const {
  return impl_->master;
}
KvWorker& Session::kv() {
  return impl_->kv;
}

const JobConfig& Session::job() const {
  return impl_->job;
}
std::uint64_t Session::rounds() const {
  return impl_->options.rounds > 0 ? impl_->options.rounds : rounds_of(impl_->job.sync, impl_->options.steps);
}

void Session::barrier(const std::string& name) {
  impl_->member.barrier(name, false, true, after(impl_->options.timeout));
}

void Session::leave() {
  impl_->member.leave();
}

void Session::fail(const std::string& why) {
  impl_->member.fail(why);
}

}  // namespace geomx::ps
