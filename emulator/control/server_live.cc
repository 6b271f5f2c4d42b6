#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <utility>

#include "emulator/base/error.h"
#include "emulator/base/phase.h"
#include "emulator/control/runtime.h"
#include "emulator/control/server.h"
#include "emulator/lab/fidelity_report.h"
#include "emulator/lab/needs.h"
#include "emulator/lab/plan_diff.h"
#include "emulator/sandbox/lab_process.h"
#include "emulator/scenario/link_patch.h"
#include "emulator/scenario/parse.h"
#include "emulator/scenario/write.h"

// What changes a lab while it runs, by request or by the scenario's events, and what tells clients about it.
namespace geomx::control {
namespace {

constexpr std::chrono::seconds look_interval{1};

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

wire::Answer Server::change_link(Caller&, const wire::Request& asked) {
  const wire::ChangeLink& request = asked.change_link();
  const std::string& name = request.link();
  const lab::Way way = way_of(request, lab_.plan().link(name));
  wire::Answer answer;
  wire::Lines& lines = *answer.mutable_lines();
  if (request.assignments_size() > 0 || request.state_case() == wire::ChangeLink::kUp) look_before_change({name});
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

wire::Answer Server::act_on_node(Caller&, const wire::Request& request) {
  act(request.act_on_node().node(), request.act_on_node().action());
  wire::Answer answer;
  answer.mutable_done();
  return answer;
}

void Server::act(const std::string& node, const std::string& action) {
  std::vector<std::string> links;  // which go down and up with it
  for (const lab::PlannedInterface& interface : lab_.plan().node(node).interfaces) links.push_back(interface.link);
  look_before_change(links);
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

wire::Answer Server::apply(Caller&, const wire::Request& asked) {
  const wire::Apply& request = asked.apply();
  const scenario::Scenario next = scenario::parse(request.scenario(), "scenario");
  const lab::Plan& running = lab_.plan();
  lab::Plan plan = lab::make_plan(next, running.features, running.choice, &running);
  wire::Answer answer;
  wire::Lines& lines = *answer.mutable_lines();
  for (const std::string& line : lab::differences(running, plan)) lines.add_line(line);
  if (request.dry_run()) return answer;
  lab::require_needs(next, true);
  lab::find_images(plan);
  std::set<std::string> before;
  for (const lab::PlannedNode& node : running.nodes) before.insert(node.name);
  look();
  lab_.apply(std::move(plan));
  phase("apply: hosts file");
  sandbox::install_hosts_file(lab_.plan().hosts_file);
  options_.scenario_json = scenario::write(next);
  phase("apply: entry");
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
  subscriptions_.publish(answer);
}

wire::Answer Server::begin_events(Caller&, const wire::Request&) {
  begin_events();
  wire::Answer answer;
  answer.mutable_done();
  return answer;
}

void Server::begin_events() {
  if (!events_begun_) events_begun_ = Clock::now();
}

// At the network's fidelity; in a large lab less often than once a second, so that it costs 1 % of a core at most. A
// look that fails is not worth a lab: the next one covers its time too.
void Server::look() {
  const auto start = Clock::now();
  try {
    monitor_.observe(realtime(), lab::watched(lab_), lab::read_machine());
  } catch (const std::exception& error) {
    spdlog::warn("{}: its fidelity is not known for a while: {}", lab_.plan().lab, error.what());
  }
  last_look_ = Clock::now();
  look_took_ = last_look_ - start;
  next_look_ = start + std::max<Clock::duration>(look_interval, 100 * look_took_);
}

// So that what the links have done until now is judged by what they were asked to do. Where changes come so thick that
// this would take a tenth of the time, what they did since the last look is not judged.
void Server::look_before_change(const std::vector<std::string>& links) {
  if (Clock::now() - last_look_ > 10 * look_took_) {
    look();
  } else {
    for (const std::string& link : links) monitor_.forget(link);
  }
}

void Server::perform(const lab::TimedAction& action) {
  try {
    if (action.kind == lab::ActionKind::set) {
      look_before_change({action.object});
      lab_.change_link(action.object, action.way, action.patch);
      publish("set", action.object, way_text(action.way) + scenario::describe(action.patch));
    } else if (action.kind == lab::ActionKind::down || action.kind == lab::ActionKind::up) {
      look_before_change({action.object});
      lab_.set_link_up(action.object, action.kind == lab::ActionKind::up);
      publish(to_string(action.kind), action.object, "");
    } else {
      act(action.object, to_string(action.kind));
    }
  } catch (const std::exception& error) {
    spdlog::warn("{}: {}: {}", lab_.plan().lab, describe(action), error.what());
    publish("failed", action.object, fmt::format("{}: {}", describe(action), error.what()));
  }
}

// Events and samples; when something will be due next.
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
  if (const auto sample = subscriptions_.next_due()) next = next ? std::min(*next, *sample) : *sample;
  if (Clock::now() >= next_look_) look();
  next = next ? std::min(*next, next_look_) : next_look_;
  return next;
}

void Server::send_samples() {
  const std::vector<std::string> due = subscriptions_.due();
  if (due.empty()) return;
  wire::Answer sample;
  sample.mutable_sample()->set_time(realtime());
  add_counters(*sample.mutable_sample()->mutable_counters());
  subscriptions_.deliver(due, sample);
}

}  // namespace geomx::control
