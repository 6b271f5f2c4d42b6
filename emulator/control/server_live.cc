#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <utility>

#include "emulator/base/error.h"
#include "emulator/control/runtime.h"
#include "emulator/control/server.h"
#include "emulator/lab/needs.h"
#include "emulator/lab/plan_diff.h"
#include "emulator/sandbox/lab_process.h"
#include "emulator/scenario/link_patch.h"
#include "emulator/scenario/parse.h"
#include "emulator/scenario/write.h"

// What changes a lab while it runs, by request or by the scenario's events, and what tells clients about it.
namespace geomx::control {
namespace {

constexpr std::size_t most_waiting = 4 << 20;         // bytes for a client that does not read
constexpr std::size_t waiting_for_sample = 64 << 10;  // above this a sample is left out: the next one says more
constexpr std::chrono::milliseconds shortest_interval{10};

double realtime() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string way_text(lab::Way way) {
  return way == lab::Way::both ? "" : way == lab::Way::forward ? "forward " : "backward ";
}

lab::Way way_of(const wire::ChangeLink& request, const lab::PlannedLink& link) {
  if (!request.from().empty()) return lab::way_from(link, request.from());
  switch (request.way()) {
    case 1:
      return lab::Way::forward;
    case 2:
      return lab::Way::backward;
    default:
      return lab::Way::both;
  }
}

}  // namespace

wire::Answer Server::change_link(const wire::ChangeLink& request) {
  const std::string& name = request.link();
  const lab::Way way = way_of(request, lab_.plan().link(name));
  wire::Answer answer;
  wire::Lines& lines = *answer.mutable_lines();
  if (request.assignments_size() > 0) {
    const scenario::LinkPatch patch =
        scenario::parse_patch({request.assignments().begin(), request.assignments().end()});
    for (const std::string& line : lab_.change_link(name, way, patch, request.rebuild())) lines.add_line(line);
    publish("set", name, way_text(way) + scenario::describe(patch));
  }
  if (request.state_case() == wire::ChangeLink::kUp) {
    lab_.set_link_up(name, request.up());
    publish(request.up() ? "up" : "down", name, "");
  }
  return answer;
}

// The scenario that would make this lab; what a host's own link to its LAN has become has no place in one.
std::string Server::scenario_now() const {
  if (options_.scenario_json.empty()) return {};
  scenario::Scenario scenario = scenario::parse(options_.scenario_json, lab_.plan().lab);
  for (scenario::Link& each : scenario.topology.links) {
    const lab::PlannedLink& link = lab_.plan().link(each.name);
    each.forward = link.asked[0];
    each.backward = link.asked[1];
  }
  return scenario::write(scenario);
}

void Server::act_on_node(const std::string& node, const std::string& action) {
  if (action == "kill") {
    lab_.kill_node(node);
  } else if (action == "restart") {
    lab_.restart_node(node);
  } else if (action == "pause") {
    lab_.pause_node(node);
  } else if (action == "resume") {
    lab_.resume_node(node);
  } else {
    throw InputError(node, fmt::format("'{}' is nothing that can be done to a node", action),
                     "kill, restart, pause or resume");
  }
  publish(action, node, "");
  if (action != "restart") return;
  start_routing(node);
  start_node(node);
}

wire::Answer Server::apply(const wire::Apply& request) {
  const scenario::Scenario next = scenario::parse(request.scenario(), "scenario");
  const lab::Plan& running = lab_.plan();
  lab::Plan plan = lab::make_plan(next, running.features, running.choice, &running);
  wire::Answer answer;
  wire::Lines& lines = *answer.mutable_lines();
  for (const std::string& line : lab::differences(running, plan)) lines.add_line(line);
  if (request.dry_run()) return answer;
  lab::require_needs(next);
  lab::find_images(plan);
  std::set<std::string> before;
  for (const lab::PlannedNode& node : running.nodes) before.insert(node.name);
  lab_.apply(std::move(plan));
  sandbox::install_hosts_file(lab_.plan().hosts_file);
  options_.scenario_json = scenario::write(next);
  if (!options_.folder.empty()) update_entry(options_.folder, running.nodes.size(), running.links.size());
  publish("apply", running.lab, fmt::format("{} changes", lines.line_size()));
  std::erase_if(started_, [&](const lab::Started& each) { return !lab_.has(each.node); });
  for (const lab::PlannedNode& node : lab_.plan().nodes) {
    if (before.contains(node.name)) continue;
    start_routing(node.name);
    start_node(node.name);
  }
  return answer;
}

void Server::publish(const std::string& kind, const std::string& object, const std::string& detail) {
  wire::Answer answer;
  answer.mutable_event()->set_time(realtime());
  answer.mutable_event()->set_kind(kind);
  answer.mutable_event()->set_object(object);
  answer.mutable_event()->set_detail(detail);
  for (auto& [fd, peer] : peers_) {
    if (!peer->subscribed) continue;
    // Sent by the loop, for the peer's own request may be in the middle of being answered.
    peer->channel.queue(answer);
    peer->unsent = true;
  }
}

void Server::begin_events() {
  if (!events_begun_) events_begun_ = Clock::now();
}

void Server::perform(const lab::TimedAction& action) {
  try {
    if (action.kind == lab::ActionKind::set) {
      lab_.change_link(action.object, action.way, action.patch);
      publish("set", action.object, way_text(action.way) + scenario::describe(action.patch));
    } else if (action.kind == lab::ActionKind::down || action.kind == lab::ActionKind::up) {
      lab_.set_link_up(action.object, action.kind == lab::ActionKind::up);
      publish(to_string(action.kind), action.object, "");
    } else {
      act_on_node(action.object, to_string(action.kind));
    }
  } catch (const std::exception& error) {
    spdlog::warn("{}: {}: {}", lab_.plan().lab, describe(action), error.what());
    publish("failed", action.object, fmt::format("{}: {}", describe(action), error.what()));
  }
}

// Events, samples and what has been queued for clients; when something will be due next.
std::optional<Server::Clock::time_point> Server::do_what_is_due() {
  std::optional<Clock::time_point> next;
  while (events_begun_ && next_action_ < timeline_.size()) {
    const Clock::time_point at = *events_begun_ + timeline_[next_action_].at;
    if (at > Clock::now()) {
      next = at;
      break;
    }
    perform(timeline_[next_action_++]);
  }
  send_samples();
  std::vector<Peer*> waiting;
  for (auto& [fd, peer] : peers_) {
    if (peer->interval.count() > 0) next = next ? std::min(*next, peer->next_sample) : peer->next_sample;
    if (std::exchange(peer->unsent, false)) waiting.push_back(peer.get());
  }
  for (Peer* peer : waiting) {
    if (peer->channel.waiting() > most_waiting) {
      spdlog::warn("{}: a client that does not read what it subscribed to is dropped", lab_.plan().lab);
      drop(peer->channel.fd());
    } else {
      flush(*peer);
    }
  }
  return next;
}

void Server::send_samples() {
  std::optional<wire::Answer> sample;
  const auto now = Clock::now();
  for (auto& [fd, peer] : peers_) {
    if (peer->interval.count() == 0 || now < peer->next_sample) continue;
    peer->next_sample = std::max(peer->next_sample + std::max(peer->interval, shortest_interval), now);
    if (peer->channel.waiting() > waiting_for_sample) continue;
    if (!sample) {
      sample.emplace();
      sample->mutable_sample()->set_time(realtime());
      add_counters(*sample->mutable_sample()->mutable_counters());
    }
    peer->channel.queue(*sample);
    peer->unsent = true;
  }
}

}  // namespace geomx::control
