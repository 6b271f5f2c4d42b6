// A running lab, laid over the drawing.
#include "gui/canvas/canvas_scene.h"

namespace geomx::gui {

void CanvasScene::set_link_state(const QString& link, const LinkState& state) {
  link_states_.insert(link, state);
  LinkLine* line = links_.value(TopologyModel::link_id(link));
  if (line == nullptr) return;
  const bool new_kind = !line->state() || line->state()->up != state.up;  // its label is of another size
  line->set_state(state);
  if (new_kind) {
    relabel_soon_.start();
  } else if (!figures_soon_.isActive()) {
    figures_soon_.start();
  }
}

void CanvasScene::set_node_state(const QString& node, NodeState state) {
  if (node_states_.value(node, NodeState::unknown) == state) return;
  node_states_.insert(node, state);
  apply_states();
}

void CanvasScene::clear_states() {
  link_states_.clear();
  node_states_.clear();
  apply_states();
  relabel_soon_.start();
}

void CanvasScene::apply_states() {
  for (Vertex* top : tops_) {
    top->set_state(node_states_.value(top->id(), NodeState::unknown));
    if (!top->is_box()) continue;
    for (const auto& [name, member] : static_cast<BoxVertex*>(top)->members()) {
      member->set_state(node_states_.value(name, NodeState::unknown));
    }
  }
  for (LinkLine* line : ordered_links_) {
    const LinkItem* item = model_.link(line->id());
    const auto state = item == nullptr ? link_states_.constEnd() : link_states_.constFind(item->name);
    line->set_state(state == link_states_.constEnd() ? std::nullopt : std::optional(*state));
  }
}

void CanvasScene::refresh_figures() {
  for (const auto& [line, index] : label_of_) labels_->rewrite(index, line->label(), line->label_warns());
}

}  // namespace geomx::gui
