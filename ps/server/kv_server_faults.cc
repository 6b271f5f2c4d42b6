#include <algorithm>
#include <chrono>
#include <limits>

#include "ps/config/error.h"
#include "ps/flow/losses.h"
#include "ps/membership/messages.h"
#include "ps/server/kv_server_state.h"

// Workers that are lost, and come back.
namespace geomx::ps {

void KvServer::Impl::lose(NodeId who, const std::string& line) {
  const Visit visit(*this);
  if (!visit || who.role != Role::worker) return;
  carrier.forget(who);
  if (plane.losses) plane.losses->forget(who);
  bool drop = false;
  std::string consequence;
  {
    const std::lock_guard lock(mutex);
    reception.lose(who, Member::Clock::now());
    changed.notify_all();
    if (!opened || !plane.trains) {
      consequence = "nothing waits for it";
    } else if (!goes_on_without_lost()) {
      consequence = "a round that needs it waits for it to come back, for " +
                    seconds_text(plane.rejoin_timeout.count()) + " at most (GEOMX_REJOIN_TIMEOUT)";
    } else {
      drop = true;
      excused.insert(who);
      const std::size_t rest = reception.present();
      consequence = rest == 0 ? "no worker of its party is left, which waits for one to come back"
                              : "its party goes on with " + std::to_string(rest) + " of " +
                                    std::to_string(plane.num_workers) + " workers";
    }
  }
  if (log) log(kNecessary, line + ": " + consequence);
  if (drop) excuse(who, std::numeric_limits<std::uint64_t>::max());
}

void KvServer::Impl::excuse(NodeId who, std::uint64_t until) {
  for (const std::shared_ptr<Entry>& entry : all_entries()) {
    std::string failed;
    {
      const auto turn = entry->turn();
      failed = carry_out(*entry, entry->excuse(Asker{.from = who}.contributor(), until));
    }
    if (!failed.empty()) return fail(failed);
  }
}

// The road to it stands; whether it is the same process will be known when it greets.
void KvServer::Impl::come_back_on_the_road(NodeId who) {
  const Visit visit(*this);
  if (!visit) return;
  const std::string name = plane.member->name_of(who);
  {
    const std::lock_guard lock(mutex);
    if (!reception.find(who)) return;
  }
  if (log) log(kNecessary, name + " is back");
}

// One who was here before has greeted again. The first round that waits for it, from the value before which it is to
// learn; 0: it goes on where it was. On the plane's receive thread, by which all pushes come: meanwhile no round
// begins.
std::uint64_t KvServer::Impl::come_back(NodeId who, bool again, bool was_excused) {
  if (plane.of_parties || !plane.trains || (again && !was_excused)) return 0;
  if (by_mean) {
    throw Error(plane.member->name_of(who) +
                " cannot take part again: with this codec and fsa, workers step their optimizers by themselves, and "
                "what it has missed cannot be had");
  }
  std::uint64_t first = 0;
  for (const std::shared_ptr<Entry>& entry : all_entries()) {
    const std::uint64_t current = entry->current_round();
    if (current == 0) continue;
    // The round that waits for it; or, where none does, the one after all that have begun.
    if (was_excused) {
      first = std::max(first, current + 1);
    } else {
      first = first == 0 ? current : std::min(first, current);
    }
  }
  if (was_excused && first > 0) excuse(who, first);
  if (log && first > 0) {
    log(kNecessary, plane.member->name_of(who) + " takes part again from round " + std::to_string(first));
  }
  return first;
}

std::string KvServer::Impl::overdue() const {
  if (goes_on_without_lost() && (!plane.trains || reception.present() > 0)) return {};
  for (const auto& [who, since] : reception.lost()) {
    if (Member::Clock::now() - since < plane.rejoin_timeout) continue;
    return plane.member->name_of(who) + " was lost and has not come back within " +
           seconds_text(plane.rejoin_timeout.count()) + " (GEOMX_REJOIN_TIMEOUT)";
  }
  return {};
}

}  // namespace geomx::ps
