#include "gui/window/live_overlay.h"

namespace geomx::gui {

namespace {

DirectionState state_of(const control::DirectionRates& rates, double seconds) {
  DirectionState state;
  state.bits_per_second = rates.bps;
  if (rates.utilisation) state.utilisation = *rates.utilisation;
  const double lost = static_cast<double>(rates.drops());
  const double sent = rates.packets_per_second * seconds + lost;
  if (sent > 0) state.loss = lost / sent;
  return state;
}

NodeState node_state(const QString& state) {
  if (state == QLatin1String("killed")) return NodeState::dead;
  return state == QLatin1String("paused") ? NodeState::paused : NodeState::alive;
}

}  // namespace

LiveOverlay::LiveOverlay(RunControl& control, CanvasScene& scene, QObject* parent)
    : QObject(parent), control_(control), scene_(scene) {
  LabSession& session = control.session();
  connect(&session, &LabSession::attached, this, &LiveOverlay::show_facts);
  connect(&session, &LabSession::fed, this, &LiveOverlay::show_feed);
  connect(&session, &LabSession::happened, this, &LiveOverlay::take_events);
  connect(&session, &LabSession::node_changed, this,
          [this](const QString& node, const QString& state) { scene_.set_node_state(node, node_state(state)); });
  connect(&session, &LabSession::link_read, this, [this](const LinkReading& reading) {
    if (reading.up) {
      down_.remove(reading.link);
    } else {
      down_.insert(reading.link);
    }
  });
  connect(&session, &LabSession::state_changed, this, [this](LabState state) {
    if (state == LabState::idle || state == LabState::gone) clear();
  });
}

void LiveOverlay::show_facts(const LabFacts& facts) {
  down_.clear();
  scene_.clear_states();
  for (const LabNode& node : facts.nodes) scene_.set_node_state(node.name, node_state(node.state));
  for (const control::WatchedLink& link : facts.links) {
    if (link.wan) control_.session().read_link(QString::fromStdString(link.name));  // whether it is up
  }
}

void LiveOverlay::show_feed(const Feed& feed) {
  for (const control::LinkRates& rates : feed->links) {
    if (!rates.wan) continue;
    const QString name = QString::fromStdString(rates.name);
    scene_.set_link_state(name, {.forward = state_of(rates.forward, feed->seconds),
                                 .backward = state_of(rates.backward, feed->seconds),
                                 .up = !down_.contains(name)});
  }
}

void LiveOverlay::take_events(const QVector<control::LabEvent>& events) {
  for (const control::LabEvent& event : events) {
    const QString object = QString::fromStdString(event.object);
    if (event.kind == "down") down_.insert(object);
    if (event.kind == "up") down_.remove(object);
  }
}

void LiveOverlay::clear() {
  down_.clear();
  scene_.clear_states();
}

}  // namespace geomx::gui
