#include "emulator/run/recorder.h"

#include <algorithm>
#include <chrono>
#include <unordered_map>

namespace geomx::run {
namespace {

using control::DirectionCounters;
using control::LinkCounters;

// Heartbeats of a node: a few hundred bytes every two seconds on both planes; a scheduler's link carries everybody's.
constexpr double kHeartbeatBytesPerSecond = 1024;

double growth(const DirectionCounters& from, const DirectionCounters& to) {
  return to.bytes > from.bytes ? static_cast<double>(to.bytes - from.bytes) : 0;
}

}  // namespace

double realtime() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

Recorder::Recorder(Database database, const lab::Plan& plan, double start)
    : database_(std::move(database)), plan_(plan), start_(start) {}

std::string Recorder::datacenter_of(const std::string& node) const {
  const auto found = std::find_if(plan_.nodes.begin(), plan_.nodes.end(),
                                  [&](const lab::PlannedNode& each) { return each.name == node; });
  return found == plan_.nodes.end() ? std::string() : found->datacenter;
}

double Recorder::now() const {
  return realtime() - start_;
}

void Recorder::metric(const std::string& node, const Metric& metric) {
  struct Visitor {
    Recorder& recorder;
    const std::string& node;
    void operator()(const Step& step) const {
      recorder.training_.add(node, step);
      recorder.database_.add_step(step.time - recorder.start_, node, step);
    }
    void operator()(const Evaluating& evaluating) const { recorder.training_.add(evaluating); }
    void operator()(const Evaluation& evaluation) const {
      recorder.training_.add(evaluation);
      recorder.database_.add_evaluation(evaluation.time - recorder.start_, node, evaluation);
    }
    void operator()(const Round& round) const {
      recorder.training_.add(node, round);
      recorder.database_.add_round(round.time - recorder.start_, node, round);
    }
    void operator()(const Absence& absence) const {
      recorder.training_.faults().add(recorder.datacenter_of(node), absence);
      recorder.database_.add_absence(absence.time - recorder.start_, node, absence);
    }
    void operator()(const Presence& presence) const {
      Presence since_start = presence;
      since_start.time -= recorder.start_;
      recorder.training_.faults().add(node, since_start);
      recorder.database_.add_event(since_start.time, presence.lost ? "lost" : "returned", host_of(presence),
                                   describe(presence, node));
    }
    void operator()(const Phase& phase) const {
      recorder.training_.add(node, phase);
      recorder.database_.add_event(phase.time - recorder.start_, "phase", node, phase.name);
    }
    void operator()(const ReportedError& error) const { recorder.event("error", node, error.message); }
    void operator()(const Other& other) const {
      recorder.database_.add_event(other.time > 0 ? other.time - recorder.start_ : recorder.now(), other.type, node,
                                   other.json);
    }
    void operator()(const Malformed& malformed) const {
      recorder.event("malformed", node, malformed.reason + ": " + malformed.line);
    }
  };
  std::visit(Visitor{*this, node}, metric);
}

void Recorder::event(const std::string& kind, const std::string& object, const std::string& detail) {
  database_.add_event(now(), kind, object, detail);
}

void Recorder::sample(const std::vector<LinkCounters>& counters) {
  std::unordered_map<std::string, const LinkCounters*> by_name;
  for (const LinkCounters& entry : counters) by_name[entry.link] = &entry;
  previous_ = std::move(latest_);
  previous_time_ = latest_time_;
  latest_.clear();
  latest_time_ = now();
  for (std::size_t i = 0; i < plan_.links.size(); ++i) {
    const auto found = by_name.find(plan_.links[i].name);
    if (found == by_name.end()) {
      latest_.push_back({plan_.links[i].name, {}, {}});
      continue;
    }
    latest_.push_back(*found->second);
    database_.add_link_sample(latest_time_, i, *found->second);
  }
}

void Recorder::fidelity(const std::string& json) {
  Monitored monitored = parse_monitored(json);
  if (!monitored_ || monitored.time > monitored_->time) {
    database_.add_fidelity(monitored.time - start_, monitored, plan_.links);
  }
  monitored_ = std::move(monitored);
}

void Recorder::mark_start_of_job() {
  at_start_ = latest_;
}

std::vector<Recorder::WanRate> Recorder::wan_rates() const {
  std::vector<WanRate> rates;
  const double seconds = latest_time_ - previous_time_;
  if (previous_.empty() || seconds <= 0) return rates;
  for (std::size_t i = 0; i < plan_.links.size(); ++i) {
    const lab::PlannedLink& link = plan_.links[i];
    if (link.scope != lab::LinkScope::wan) continue;
    rates.push_back(
        {link.label[0] + "->" + link.label[1], 8 * growth(previous_[i].forward, latest_[i].forward) / seconds});
    rates.push_back(
        {link.label[1] + "->" + link.label[0], 8 * growth(previous_[i].backward, latest_[i].backward) / seconds});
  }
  return rates;
}

bool Recorder::traffic() const {
  const double seconds = latest_time_ - previous_time_;
  if (previous_.empty() || seconds <= 0) return false;
  const double idle = kHeartbeatBytesPerSecond * static_cast<double>(plan_.nodes.size());
  for (std::size_t i = 0; i < latest_.size(); ++i) {
    if (latest_[i].forward.backlog_bytes > 0 || latest_[i].backward.backlog_bytes > 0) return true;
    const double busier =
        std::max(growth(previous_[i].forward, latest_[i].forward), growth(previous_[i].backward, latest_[i].backward));
    if (busier / seconds > idle) return true;
  }
  return false;
}

}  // namespace geomx::run
