// The part of the table of keys that says what a training job does about faults, and what is kept of it.
#include "emulator/scenario/formats.h"
#include "emulator/scenario/table.h"

namespace geomx::scenario {
namespace {

using namespace std::chrono_literals;

constexpr Nanoseconds kDay = 24h;
constexpr int kMillion = 1'000'000;

}  // namespace

Format<Faults> faults() {
  using F = Faults;
  Format<F> format = object(Object<F>{
      "faults",
      {
          optional("on_worker_death", "drop: its party goes on without it; wait: every round waits for it (drop)",
                   &F::on_worker_death, choice({"drop", "wait"})),
          optional("rejoin_timeout", "that a node which is lost, and waited for, may take to come back (600s)",
                   &F::rejoin_timeout, duration(100ms, kDay)),
          optional("heartbeat_interval", "every node beats so often (2s)", &F::heartbeat_interval, duration(1ms, kDay)),
          optional("heartbeat_timeout", "one who is silent for so long is lost (15s); 0s: nobody ever is",
                   &F::heartbeat_timeout, duration(kDay)),
          optional("join_timeout",
                   "that nodes wait for each other to appear (10s, or longer for many nodes on few cores)",
                   &F::join_timeout, duration(100ms, kDay)),
          optional("round_timeout", "that a worker waits for a round (600s)", &F::round_timeout, duration(1s, kDay)),
          optional("resend", "messages are acknowledged, checked, and sent again where they are lost", &F::resend,
                   flag()),
          optional("resend_timeout", "with resend: when nothing has been acknowledged for so long (1s)",
                   &F::resend_timeout, duration(1ms, 1h)),
          optional("drop_messages",
                   "with resend: share of the messages that each node loses, to 90%, to try it out (0%)",
                   &F::drop_messages, probability()),
      }});
  format.write = [write = format.write](const F& from) {
    Json written = write(from);
    return written.empty() ? Json() : written;
  };
  return format;
}

Format<Checkpoint> checkpoint() {
  using C = Checkpoint;
  return switchable<C>(
      {"checkpoint",
       {
           optional("dir", "folder of the checkpoints; left out, checkpoints in the run folder", &C::dir, word("path")),
           optional("every", "rounds from one to the next (10)", &C::every, integer(1, kMillion)),
           optional("resume", "begins from the checkpoints that are in dir", &C::resume, flag()),
       }},
      {});
}

}  // namespace geomx::scenario
