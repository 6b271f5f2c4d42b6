#include <fmt/format.h>

#include <algorithm>

#include "emulator/scenario/judge.h"
#include "emulator/scenario/names.h"
#include "emulator/scenario/suggest.h"

namespace geomx::scenario {
namespace {

constexpr const char* kAny = "*";
constexpr Nanoseconds kShortestStep = std::chrono::milliseconds(1);

struct Action {
  const char* key;
  bool given;
  bool of_link;
  bool of_node;
};

std::vector<Action> actions_of(const Event& event) {
  return {{"set", event.set.has_value(), true, false},   {"ramp", event.ramp.has_value(), true, false},
          {"down", event.down.has_value(), true, false}, {"up", event.up, true, false},
          {"flap", event.flap.has_value(), true, false}, {"kill", event.kill.has_value(), false, true},
          {"restart", event.restart, false, true},       {"pause", event.pause.has_value(), false, true},
          {"resume", event.resume, false, true},         {"random", event.random.has_value(), true, true}};
}

void judge_names(const Event& event, const std::string& pointer, const std::vector<std::string>& links,
                 const std::vector<std::string>& nodes, Judge& judge) {
  const auto known = [&](const std::string& name, const std::vector<std::string>& among, const char* kind) {
    if ((name == kAny && event.random) || std::find(among.begin(), among.end(), name) != among.end()) return;
    judge.add(fmt::format("{}/{}", pointer, kind), fmt::format("there is no {} \"{}\"", kind, name),
              suggestion(name, among));
  };
  if (event.link) known(*event.link, links, "link");
  if (event.node) known(*event.node, nodes, "node");
}

void judge_random(const Event& event, const std::string& pointer, Judge& judge) {
  const Random& random = *event.random;
  const bool of_link = !random.set.empty() || random.down;
  const bool of_node = random.kill || random.pause;
  const bool nothing = !of_link && !of_node && !judge.unread_within(pointer);
  if ((event.link && of_node) || (event.node && of_link) || nothing) {
    judge.add(pointer, event.node ? "a node takes \"kill\" and \"pause\"" : "a link takes \"set\" and \"down\"",
              "name at least one thing that may happen to it");
  }
  if (random.every < kShortestStep) judge.add(pointer + "/every", "is below 1 ms", "write 1ms or more");
}

}  // namespace

void judge_events(const Scenario& scenario, Judge& judge) {
  const std::vector<std::string> links = link_names(scenario);
  const std::vector<std::string> nodes = node_names(scenario);
  for (std::size_t i = 0; i < scenario.events.size(); ++i) {
    const Event& event = scenario.events[i];
    const std::string pointer = fmt::format("/events/{}", i);
    if (event.link.has_value() == event.node.has_value()) {
      judge.add(pointer, "an event is of a link or of a node", "name one of them");
      continue;
    }
    judge_names(event, pointer, links, nodes, judge);
    int given = 0;
    for (const Action& action : actions_of(event)) {
      if (!action.given) continue;
      ++given;
      if (event.link ? action.of_link : action.of_node) continue;
      judge.add(fmt::format("{}/{}", pointer, action.key),
                fmt::format("does not happen to a {}", event.link ? "link" : "node"), "");
    }
    if (given == 0 && !judge.unread_within(pointer)) {
      judge.add(pointer, "says nothing that happens", "for example \"set\", \"down\" or \"kill\"");
    } else if (given > 1) {
      judge.add(pointer, "says more than one thing that happens", "write one event for each, with the same \"at\"");
    }
    if (event.direction && !event.set && !event.ramp) {
      judge.add(pointer + "/direction", "only \"set\" and \"ramp\" have one", "a link is down in both directions");
    }
    if (event.ramp && event.ramp->every < kShortestStep) {
      judge.add(pointer + "/ramp/every", "is below 1 ms", "write 1ms or more");
    }
    if (event.random) judge_random(event, pointer + "/random", judge);
  }
}

}  // namespace geomx::scenario
