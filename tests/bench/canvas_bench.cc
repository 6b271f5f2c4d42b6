// How fluid the editor's canvas is: 1000 nodes and 2000 links, panned on Qt's offscreen platform, which draws with the
// processor alone. Each line's `frames/s` stands beside `of_30`, its ratio to the 30 that we promise.

#include <benchmark/benchmark.h>

#include <QApplication>
#include <QScrollBar>
#include <cmath>
#include <random>

#include "gui/canvas/canvas_view.h"

namespace {

using namespace geomx::gui;

constexpr int kNodes = 1000;
constexpr int kLinks = 2000;

// Routers on a jittered grid, joined to near ones.
QByteArray scenario() {
  std::mt19937 random(7);
  QByteArray nodes;
  QByteArray links;
  for (int i = 0; i < kNodes; ++i) {
    nodes += QStringLiteral("%1{\"name\":\"r%2\",\"kind\":\"router\"}").arg(i == 0 ? "" : ",").arg(i).toUtf8();
  }
  for (int i = 0; i < kLinks; ++i) {
    const int from = i % kNodes;
    const int to = (from + 1 + static_cast<int>(random() % 70)) % kNodes;
    links += QStringLiteral(R"(%1{"name":"l%2","ends":["r%3","r%4"],"rate":"100Mbit","delay":"%5ms"})")
                 .arg(i == 0 ? "" : ",")
                 .arg(i)
                 .arg(from)
                 .arg(to)
                 .arg(1 + random() % 80)
                 .toUtf8();
  }
  return R"({"version":1,"name":"large","topology":{"nodes":[)" + nodes + R"(],"links":[)" + links + "]}}";
}

struct Bed {
  Document document;
  TopologyModel model{document};
  Positions positions{model};
  CanvasScene scene{model, positions};
  CanvasView view{scene};

  Bed() {
    document.set_text(scenario());
    std::mt19937 random(3);
    for (int i = 0; i < kNodes; ++i) {
      positions.place(QStringLiteral("r%1").arg(i),
                      QPointF((i % 32) * 130.0 + random() % 50, (i / 32) * 120.0 + random() % 40));
    }
    view.resize(1280, 800);
    view.show();
    view.zoom_to_fit();
    QApplication::processEvents();
  }
  void live(double shift) {
    for (int i = 0; i < kLinks; ++i) {
      const double used = 0.5 + 0.5 * std::sin(shift + i);
      const DirectionState way{.utilisation = used, .bits_per_second = used * 1e8, .loss = i % 50 == 0 ? 0.01 : 0};
      scene.set_link_state(QStringLiteral("l%1").arg(i), {.forward = way, .backward = way, .up = true});
    }
  }
};

Bed& bed() {
  static Bed* shared = new Bed;  // for all lines; it ends with the process
  return *shared;
}

void count_frames(benchmark::State& state) {
  const auto frames = static_cast<double>(state.iterations());
  state.counters["frames/s"] = benchmark::Counter(frames, benchmark::Counter::kIsRate);
  state.counters["of_30"] = benchmark::Counter(frames / 30, benchmark::Counter::kIsRate);
}

void pan(benchmark::State& state, double zoom) {
  CanvasView& view = bed().view;
  if (zoom == 0) {
    view.zoom_to_fit();
  } else {
    view.set_zoom(zoom);
  }
  view.centerOn(view.canvas().contents().center());
  QApplication::processEvents();
  int step = 0;
  for (auto unused : state) {
    const int by = (step++ / 20) % 2 == 0 ? 9 : -9;
    view.horizontalScrollBar()->setValue(view.horizontalScrollBar()->value() + by);
    view.verticalScrollBar()->setValue(view.verticalScrollBar()->value() + by / 2);
    QApplication::processEvents();  // what was scrolled into sight is drawn here
  }
  count_frames(state);
}

void pan_all(benchmark::State& state) {
  pan(state, 0);
}
void pan_shapes(benchmark::State& state) {
  pan(state, 0.4);
}
void pan_close(benchmark::State& state) {
  pan(state, 1.0);
}

// Nothing of the last frame is of use for the next.
void redraw_all(benchmark::State& state) {
  CanvasView& view = bed().view;
  view.zoom_to_fit();
  for (auto unused : state) view.viewport()->repaint();
  count_frames(state);
}

void redraw_close(benchmark::State& state) {
  CanvasView& view = bed().view;
  view.set_zoom(1);
  for (auto unused : state) view.viewport()->repaint();
  count_frames(state);
}

void redraw_live(benchmark::State& state) {
  CanvasView& view = bed().view;
  view.zoom_to_fit();
  double shift = 0;
  for (auto unused : state) {
    bed().live(shift += 0.1);
    view.viewport()->repaint();
  }
  bed().scene.clear_states();
  count_frames(state);
}

BENCHMARK(pan_all)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(pan_shapes)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(pan_close)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(redraw_all)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(redraw_close)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(redraw_live)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

int main(int argc, char** argv) {
  qputenv("QT_QPA_PLATFORM", "offscreen");
  const QApplication application(argc, argv);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
