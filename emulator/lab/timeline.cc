#include "emulator/lab/timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <random>

#include "emulator/base/error.h"
#include "emulator/shaper/tc.h"

namespace geomx::lab {
namespace {

using scenario::Event;

constexpr std::size_t most_actions = 1'000'000;
constexpr const char* any = "*";

std::string pointer_of(std::size_t event) {
  return fmt::format("/events/{}", event);
}

Way way_of(const Event& event) {
  if (!event.direction) return Way::both;
  return *event.direction == "forward" ? Way::forward : Way::backward;
}

class Maker {
 public:
  Maker(const scenario::Scenario& scenario, const Plan& plan) : scenario_(scenario), plan_(plan) {}

  std::vector<TimedAction> make() {
    std::vector<std::size_t> order(scenario_.events.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    // A ramp starts from what earlier events have made of its link.
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return scenario_.events[a].at < scenario_.events[b].at; });
    for (const std::size_t i : order) {
      try {
        expand(scenario_.events[i], i);
      } catch (const InputError& error) {
        throw InputError(pointer_of(i), error.line());
      }
    }
    std::stable_sort(actions_.begin(), actions_.end(),
                     [](const TimedAction& a, const TimedAction& b) { return a.at < b.at; });
    return std::move(actions_);
  }

 private:
  void add(TimedAction action) {
    if (actions_.size() == most_actions) {
      throw InputError({}, fmt::format("more than {} moments at which something happens", most_actions),
                       "lengthen \"every\"");
    }
    actions_.push_back(std::move(action));
  }

  void add(std::size_t i, Nanoseconds at, ActionKind kind, const std::string& object) {
    add({at, kind, object, Way::both, {}, i});
  }

  void lasting(std::size_t i, const scenario::Lasting& state, ActionKind begin, ActionKind end,
               const std::string& object) {
    const Nanoseconds at = scenario_.events[i].at;
    add(i, at, begin, object);
    if (state.time) add(i, at + *state.time, end, object);
  }

  void expand(const Event& event, std::size_t i) {
    const std::string object = event.link ? *event.link : event.node.value_or("");
    if (event.set) add({event.at, ActionKind::set, object, way_of(event), *event.set, i});
    if (event.ramp) ramp(event, i);
    if (event.down) lasting(i, *event.down, ActionKind::down, ActionKind::up, object);
    if (event.up) add(i, event.at, ActionKind::up, object);
    if (event.kill) lasting(i, *event.kill, ActionKind::kill, ActionKind::restart, object);
    if (event.restart) add(i, event.at, ActionKind::restart, object);
    if (event.pause) lasting(i, *event.pause, ActionKind::pause, ActionKind::resume, object);
    if (event.resume) add(i, event.at, ActionKind::resume, object);
    if (event.random) random(event, i);
    if (!event.flap) return;
    Nanoseconds at = event.at;
    for (int time = 0; time < event.flap->times; ++time) {
      add(i, at, ActionKind::down, object);
      add(i, at + event.flap->down, ActionKind::up, object);
      at += event.flap->down + event.flap->up;
    }
  }

  // What the link is asked to be when `at` comes.
  PlannedLink state_at(const std::string& name, Nanoseconds at) const {
    PlannedLink link = plan_.link(name);
    std::vector<const TimedAction*> before;
    for (const TimedAction& action : actions_) {
      if (action.kind == ActionKind::set && action.object == name && action.at <= at) before.push_back(&action);
    }
    std::stable_sort(before.begin(), before.end(),
                     [](const TimedAction* a, const TimedAction* b) { return a->at < b->at; });
    for (const TimedAction* action : before) link = changed(link, action->way, action->patch);
    return link;
  }

  void ramp(const Event& event, std::size_t i) {
    const scenario::Ramp& ramp = *event.ramp;
    const PlannedLink from = state_at(*event.link, event.at);
    const auto steps = std::max<std::int64_t>(1, ramp.over / ramp.every);
    for (std::int64_t step = 1; step <= steps; ++step) {
      const double fraction = static_cast<double>(step) / static_cast<double>(steps);
      const Nanoseconds at =
          event.at + Nanoseconds(static_cast<std::int64_t>(static_cast<double>(ramp.over.count()) * fraction));
      for (const Way way : {Way::forward, Way::backward}) {
        if (way_of(event) != Way::both && way_of(event) != way) continue;
        TimedAction action{at, ActionKind::set, *event.link, way, {}, i};
        for (const auto& [key, to] : ramp.to) {
          const std::string start = scenario::text_of(from.asked[way == Way::forward ? 0 : 1], key);
          if (start == "null" || to == "null") {
            throw InputError(key, start == "null" ? "the link has none to begin with" : "cannot go to none in steps",
                             "let an event set it");
          }
          action.patch[key] = scenario::between(key, start, to, fraction);
        }
        add(std::move(action));
      }
    }
  }

  std::vector<std::string> candidates(const Event& event) const {
    std::vector<std::string> names;
    if (event.link && *event.link != any) names.push_back(*event.link);
    if (event.node && *event.node != any) names.push_back(*event.node);
    if (!names.empty()) return names;
    if (event.link) {
      for (const PlannedLink& link : plan_.links) {
        if (link.scope == LinkScope::wan) names.push_back(link.name);
      }
    } else {
      for (const PlannedNode& node : plan_.nodes) {
        if (node.kind == scenario::NodeKind::host) names.push_back(node.name);
      }
    }
    if (names.empty()) throw InputError({}, event.link ? "the topology has no links" : "the topology has no hosts");
    return names;
  }

  void random(const Event& event, std::size_t i) {
    const scenario::Random& random = *event.random;
    const std::vector<std::string> objects = candidates(event);
    std::mt19937_64 bits(random.seed.value_or(scenario_.seed * 1'000'003 + i));
    const auto draw = [&] { return static_cast<double>(bits() >> 11) * 0x1p-53; };
    const auto pick = [&](std::size_t count) {
      return std::min(count - 1, static_cast<std::size_t>(draw() * static_cast<double>(count)));
    };
    const std::size_t states = (random.down ? 1 : 0) + (random.kill ? 1 : 0) + (random.pause ? 1 : 0);
    for (Nanoseconds at = event.at; at < event.at + random.over; at += random.every) {
      const std::string& object = objects[pick(objects.size())];
      std::size_t which = pick(random.set.size() + states);
      if (which < random.set.size()) {
        const auto& [key, range] = *std::next(random.set.begin(), static_cast<std::ptrdiff_t>(which));
        add({at,
             ActionKind::set,
             object,
             Way::both,
             {{key, scenario::between(key, range.first, range.second, draw())}},
             i});
        continue;
      }
      which -= random.set.size();
      if (random.down) {
        add(i, at, ActionKind::down, object);
        add(i, at + *random.down, ActionKind::up, object);
      } else if (random.kill && which == 0) {
        add(i, at, ActionKind::kill, object);
        add(i, at + *random.kill, ActionKind::restart, object);
      } else {
        add(i, at, ActionKind::pause, object);
        add(i, at + *random.pause, ActionKind::resume, object);
      }
    }
  }

  const scenario::Scenario& scenario_;
  const Plan& plan_;
  std::vector<TimedAction> actions_;
};

// A tc link keeps what is queued as long as the same qdiscs do the work.
bool same_qdiscs(const PlannedLink& link, const PlannedLink& next) {
  const auto same = [&](const shaper::Direction& from, const shaper::Direction& to) {
    return shaper::changeable(shaper::tc_stages(from, link.mtu), shaper::tc_stages(to, next.mtu));
  };
  return same(link.forward, next.forward) && same(link.backward, next.backward);
}

// What an event cannot do to a running link.
void judge_mtu(const Plan& plan, const PlannedLink& link, const PlannedLink& next) {
  if (next.mtu == link.mtu) return;
  if (at_switch(plan, link)) throw InputError(link.name + ": mtu", "all ports of a switch have the same MTU");
  if (outgrows_wire(link, next)) {
    throw InputError(link.name + ": mtu", fmt::format("a wire made for {} cannot grow to {}", link.mtu, next.mtu),
                     "begin with the largest");
  }
}

// The kind that can do both `link`, whose kind is chosen, and what it is to become.
shaper::Kind kind_for(const PlannedLink& link, const PlannedLink& next, const Plan& plan) {
  if (link.shaper == shaper::Kind::wire) return link.shaper;
  const shaper::Kind kind = shaper::choose(next.forward, next.backward, plan.features, plan.choice);
  const bool free_choice = plan.choice == shaper::Choice::auto_ && plan.features.packet_vnet;
  if (kind != shaper::Kind::wire && link.shaper == shaper::Kind::tc && free_choice && !same_qdiscs(link, next)) {
    return shaper::Kind::wire;
  }
  return kind == shaper::Kind::none ? link.shaper : kind;
}

}  // namespace

std::vector<TimedAction> make_timeline(const scenario::Scenario& scenario, const Plan& plan) {
  return Maker(scenario, plan).make();
}

void fit_shapers(Plan& plan) {
  std::map<std::string, PlannedLink> states;
  for (const TimedAction& action : plan.timeline) {
    const bool of_link = action.kind == ActionKind::set || action.kind == ActionKind::down;
    if (!of_link) continue;
    try {
      PlannedLink& planned = plan.links[static_cast<std::size_t>(&plan.link(action.object) - plan.links.data())];
      PlannedLink& state = states.emplace(action.object, planned).first->second;
      if (action.kind == ActionKind::down) {
        if (state.shaper == shaper::Kind::none)
          state.shaper = plan.features.tbf ? shaper::Kind::tc : shaper::Kind::wire;
      } else {
        PlannedLink next = changed(state, action.way, action.patch);
        next.shaper = kind_for(state, next, plan);
        judge_mtu(plan, state, next);
        state = std::move(next);
      }
      planned.shaper = state.shaper;
    } catch (const InputError& error) {
      throw InputError(pointer_of(action.event), error.line());
    }
  }
}

std::string to_string(ActionKind kind) {
  static constexpr const char* names[] = {"set", "down", "up", "kill", "restart", "pause", "resume"};
  return names[static_cast<std::size_t>(kind)];
}

std::string describe(const TimedAction& action) {
  const char* way = action.way == Way::both ? "" : action.way == Way::forward ? " forward" : " backward";
  return fmt::format("{}{}: {}", action.object, way,
                     action.kind == ActionKind::set ? scenario::describe(action.patch) : to_string(action.kind));
}

}  // namespace geomx::lab
