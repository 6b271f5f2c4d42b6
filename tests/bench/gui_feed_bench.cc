// What the editor's live feed costs: a real lab of N links, attached to as the editor does, ten feeds a second, with
// the chart of one link drawn and without.

#include <fmt/format.h>
#include <sys/resource.h>

#include <QApplication>
#include <QElapsedTimer>
#include <QEventLoop>
#include <QTemporaryDir>
#include <QTimer>
#include <cstdlib>
#include <functional>

#include "emulator/base/error.h"
#include "emulator/control/launch.h"
#include "emulator/lab/plan.h"
#include "emulator/lab/probe.h"
#include "gui/client/run_control.h"
#include "gui/panels/link_chart_panel.h"

namespace {

using geomx::gui::LabState;
using geomx::gui::RunControl;

constexpr int kPatience = 120'000;  // milliseconds
constexpr int kMeasured = 10'000;

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + 1e-6 * time.tv_usec; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void run_for(int milliseconds, const std::function<bool()>& enough) {
  QEventLoop loop;
  QTimer::singleShot(milliseconds, &loop, &QEventLoop::quit);
  QTimer look;
  QObject::connect(&look, &QTimer::timeout, [&] {
    if (enough()) loop.quit();
  });
  look.start(100);
  loop.exec();
}

struct Cost {
  double share = 0;  // of a core
  double feeds = 0;  // per second
};

Cost measure(RunControl& control) {
  int feeds = 0;
  const auto counting = QObject::connect(&control.session(), &geomx::gui::LabSession::fed, [&feeds] { ++feeds; });
  const double cpu = cpu_seconds();
  QElapsedTimer time;
  time.start();
  run_for(kMeasured, [] { return false; });
  const double seconds = static_cast<double>(time.elapsed()) / 1000;
  QObject::disconnect(counting);
  return {(cpu_seconds() - cpu) / seconds, feeds / seconds};
}

// A star: every host has a link of its own to the data center's switch, and there is one to the gateway.
geomx::control::RunningLab launch(int links) {
  geomx::scenario::Scenario scenario;
  scenario.name = "feed";
  geomx::scenario::Datacenter datacenter;
  datacenter.name = "dc";
  datacenter.hosts = links - 1;
  datacenter.lan.rate = geomx::parse_rate("1Gbit");
  scenario.topology.datacenters = {datacenter};
  return geomx::control::launch(geomx::lab::make_plan(scenario, geomx::lab::probe_kernel()), {});
}

// The lab is launched before there is a QApplication, whose threads would not survive the fork.
void measure(int argc, char** argv, int links) {
  geomx::control::RunningLab lab = launch(links);
  QApplication application(argc, argv);
  RunControl control;
  control.attach(QStringLiteral("feed"));
  run_for(kPatience, [&] { return control.session().last_feed() != nullptr; });
  if (control.session().last_feed() == nullptr) {
    throw geomx::WorkError("gui_feed_bench", "no feed came: " + control.session().words().toStdString());
  }
  const Cost bare = measure(control);
  geomx::gui::LinkChartPanel chart(control);
  chart.resize(900, 520);
  chart.show();
  control.attach(QStringLiteral("feed"));
  run_for(kPatience, [&] { return control.session().last_feed() != nullptr; });
  const Cost drawn = measure(control);
  fmt::print("{:>6} {:>10.1f} {:>11.1f} % {:>19.1f} %\n", control.session().last_feed()->links.size(), bare.feeds,
             100 * bare.share, 100 * drawn.share);
  control.detach();
  lab.stop();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const QTemporaryDir runtime;
    qputenv("GEOMX_EMU_RUNTIME_DIR", runtime.path().toUtf8());
    qputenv("QT_QPA_PLATFORM", "offscreen");
    const int links = argc > 1 ? std::atoi(argv[1]) : 500;
    fmt::print("share of one core that the editor's process takes (the aim: less than 20 % at 500 links)\n");
    fmt::print("{:>6} {:>10} {:>13} {:>21}\n", "links", "feeds/s", "feed alone", "with a link's chart");
    measure(argc, argv, links);
    return EXIT_SUCCESS;
  } catch (const geomx::Error& error) {
    fmt::print(stderr, "gui_feed_bench: {}\n", error.line());
    return EXIT_FAILURE;
  }
}
