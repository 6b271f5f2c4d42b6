// What a large drawing costs while a lab runs, against what it costs at rest in the same minute:
// tests/bench/canvas_bench has the frames per second.
#include <gtest/gtest.h>

#include <QApplication>
#include <algorithm>
#include <cmath>
#include <ctime>

#include "gui/canvas/canvas_view.h"

namespace {

using namespace geomx::gui;

constexpr int kRouters = 400;
constexpr int kLinks = 1200;

QByteArray grid() {
  QStringList nodes;
  QStringList links;
  for (int i = 0; i < kRouters; ++i) nodes << QStringLiteral("{\"name\": \"r%1\", \"kind\": \"router\"}").arg(i);
  for (int i = 0; i < kLinks; ++i) {
    const int from = i % kRouters;
    const int to = (from + 1 + 20 * (i / kRouters)) % kRouters;
    links << QStringLiteral("{\"name\": \"l%1\", \"ends\": [\"r%2\", \"r%3\"], \"rate\": \"1Gbit\"}")
                 .arg(i)
                 .arg(from)
                 .arg(to);
  }
  return QStringLiteral("{\"version\": 1, \"name\": \"grid\",\n\"topology\": {\"nodes\": [\n%1],\n\"links\": [\n%2]}}")
      .arg(nodes.join(",\n"), links.join(",\n"))
      .toUtf8();
}

double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

TEST(CanvasSpeed, ARunningLabCostsLittleMoreToDrawFromAfarThanOneAtRest) {
  Document document;
  TopologyModel model(document);
  Positions positions(model);
  CanvasScene scene(model, positions);
  CanvasView view(scene);
  document.set_text(grid());
  for (int i = 0; i < kRouters; ++i) {
    positions.place(QStringLiteral("r%1").arg(i), QPointF((i % 20) * 200.0, (i / 20) * 160.0));
  }
  view.resize(1280, 800);
  view.show();
  view.zoom_to_fit();
  QApplication::processEvents();
  const auto cost = [&] {
    const double before = processor_seconds();
    view.viewport()->repaint();
    return processor_seconds() - before;
  };
  double at_rest = 1e9;
  double live = 1e9;
  for (int round = 0; round < 8; ++round) {
    scene.clear_states();
    at_rest = std::min(at_rest, cost());
    for (int i = 0; i < kLinks; ++i) {
      const DirectionState there{.utilisation = 0.5 + 0.5 * std::sin(round + i), .bits_per_second = 4e8, .loss = 0};
      const DirectionState back{.utilisation = 0.5 + 0.5 * std::cos(round + i), .bits_per_second = 4e8, .loss = 0};
      scene.set_link_state(QStringLiteral("l%1").arg(i), {.forward = there, .backward = back, .up = true});
    }
    live = std::min(live, cost());
  }
  EXPECT_LT(live, 1.6 * at_rest) << 1000 * live << " ms, at rest " << 1000 * at_rest << " ms";
}

}  // namespace
