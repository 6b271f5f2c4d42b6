// A picture of every view, in every look, of windows that hold real scenarios and a real training. What a program can
// tell is checked; the rest is for those who look: GEOMX_SCREENSHOTS names the folder that the pictures go to.
//
// Scale and language are of a whole process, so the test starts itself once more for 200 %, beside the same lab, and
// once for Chinese.

#include <gtest/gtest.h>
#include <qcustomplot.h>

#include <QApplication>
#include <QDialog>
#include <QDir>
#include <QTranslator>
#include <algorithm>
#include <fstream>

#include "gui/client/text.h"
#include "gui/model/exchange.h"
#include "gui/panels/timeline_view.h"
#include "gui/window/main_window.h"
#include "gui/window/screenshot.h"
#include "gui/window/tour.h"
#include "tests/gui/lab_bed.h"
#include "tests/gui/picture_checks.h"

namespace geomx::gui {
namespace {

using namespace std::chrono_literals;
using test::kLabPatience;
using test::until;

constexpr QSize kSize(1280, 800);
constexpr std::chrono::milliseconds kSettle(100);
constexpr std::chrono::milliseconds kCharts(500);  // they are redrawn four times a second
constexpr std::chrono::seconds kSoon(30);

constexpr const char* kWrong = R"({
  "version": 1, "name": "wrong", "colour": "blue",
  "topology": {
    "datacenters": [ {"name": "a"}, {"name": "b", "hosts": -3}, {"name": "c"} ],
    "links": [ {"name": "wan-a", "ends": ["a", "b"], "rate": "fast"}, {"name": "wan-c", "ends": ["a", "d"]} ]
  }
}
)";

struct Look {
  const char* name;
  bool dark = false;
  bool presentation = false;
};
constexpr Look kLight{"light"};
constexpr Look kDark{"dark", true};
constexpr Look kProjector{"presentation", false, true};

QDialog* dialog() {
  return qobject_cast<QDialog*>(QApplication::activeModalWidget());
}

class Screenshots : public test::LabBed {
 protected:
  void SetUp() override {
    if (!watched()) LabBed::SetUp();
    QDir().mkpath(folder_);
    ASSERT_TRUE(words_.load(QStringLiteral("geomx_") + language(), qEnvironmentVariable("GEOMX_WORDS")));
    QApplication::installTranslator(&words_);
  }
  void TearDown() override {
    QApplication::removeTranslator(&words_);
    if (!watched()) LabBed::TearDown();
  }

  // Whether this is the process at another scale, beside a lab that another one has made.
  static bool watched() { return qEnvironmentVariableIsSet("GEOMX_WATCHED_LAB"); }

  static QString language() { return qEnvironmentVariable("GEOMX_LANGUAGE", QStringLiteral("en")); }
  static QList<Look> looks() {
    if (language() != QLatin1String("en")) return {{"chinese"}};
    if (watched()) return {kDark};
    return {kLight, kDark, kProjector};
  }

  QString path(const std::string& name) const { return to_qt((scratch_.path() / name).string()); }

  std::unique_ptr<MainWindow> make_window() const {
    auto window = std::make_unique<MainWindow>(path("state"));
    window->files().set_asking([] { return FileController::Answer::discard; });
    window->resize(kSize);
    window->show();
    QApplication::setActiveWindow(window.get());
    return window;
  }

  // A file that has the drawing that people make of it.
  QString three_dc() const {
    std::filesystem::copy_file(test::source("scenarios/three-dc.json"), scratch_.path() / "three-dc.json",
                               std::filesystem::copy_options::overwrite_existing);
    std::ofstream(scratch_.path() / "three-dc.layout.json")
        << R"({"version": 1, "positions": {"central": [0, -170], "a": [-300, 170], "b": [300, 170]}})";
    return path("three-dc.json");
  }

  static bool carries_traffic(const CanvasScene& scene) {
    const QHash<QString, LinkState>& links = scene.link_states();
    return std::any_of(links.begin(), links.end(), [](const LinkState& link) {
      return std::max(link.forward.utilisation, link.backward.utilisation) > 0.3;
    });
  }

  void take(MainWindow& window, const QString& view, const char* look, bool live = false) {
    SCOPED_TRACE(QStringLiteral("%1 in %2").arg(view, QLatin1String(look)).toStdString());
    window.canvas().zoom_to_fit();
    QTest::qWait(static_cast<int>(kSettle.count()));
    test::wait_for_layouts(window);
    if (live) {
      EXPECT_TRUE(until(kSoon, [&] { return carries_traffic(window.canvas().canvas()); }));
      window.canvas().canvas().relabel();  // the figures of this moment
    }
    const double ratio = window.devicePixelRatioF();
    const QString file = QStringLiteral("%1/%2-%3%4.png")
                             .arg(folder_, view, QLatin1String(look), ratio > 1 ? QStringLiteral("-200") : QString());
    write_screenshot(window, file);
    const QImage picture(file);
    ASSERT_EQ(picture.size(), kSize * ratio);
    EXPECT_GT(test::ink_of(picture), 0.02) << "it is blank";
    test::expect_sound_labels(window.canvas().canvas());
    auto* tour = window.findChild<Tour*>();
    if (dialog() == nullptr)
      test::expect_sound_widgets(tour == nullptr ? static_cast<QWidget&>(window) : *tour, picture);
    if (QDialog* open = dialog()) {
      test::expect_sound_widgets(*open, open->grab().toImage());
      EXPECT_TRUE(QRect(QPoint(), kSize).contains(QRect(QPoint(), open->size()))) << "the dialog is too large";
      open->reject();
    }
    delete tour;
    QApplication::processEvents();
  }

  void take_drawing(MainWindow& window, const char* look) {
    window.files().create();
    window.show_view(QStringLiteral("problems"));
    take(window, QStringLiteral("empty"), look);
    window.show_view(QStringLiteral("tour"));
    take(window, QStringLiteral("tour"), look);
    ASSERT_TRUE(window.files().open(three_dc()));
    take(window, QStringLiteral("canvas"), look);
    CanvasScene& scene = window.canvas().canvas();
    const std::pair<const char*, QStringList> shown[] = {{"inspector-datacenter", {"a"}},
                                                         {"inspector-link", {"link:wan-a"}},
                                                         {"inspector-links", {"link:wan-a", "link:wan-b"}},
                                                         {"inspector-scenario", {}}};
    for (const auto& [view, ids] : shown) {
      scene.select(ids);
      take(window, QLatin1String(view), look);
    }
    auto* pages = window.findChild<QTabWidget*>(QStringLiteral("pages"));
    pages->setCurrentIndex(1);
    take(window, QStringLiteral("inspector-training"), look);
    window.show_view(QStringLiteral("text"));
    take(window, QStringLiteral("text"), look);
    for (const char* view : {"template", "keys"}) {
      window.show_view(QLatin1String(view));
      take(window, QLatin1String(view), look);
    }
    window.document().set_text(make_template(QStringLiteral("wan:geant"), {}, {{"rate", "10Gbit"}}));
    window.actions().get("layout-map")->trigger();
    take(window, QStringLiteral("wan"), look);
  }

  void take_findings(MainWindow& window, const char* look) {
    std::ofstream(scratch_.path() / "wrong.json") << kWrong;
    ASSERT_TRUE(window.files().open(path("wrong.json")));
    take(window, QStringLiteral("problems"), look);
    for (const char* task : {"check", "doctor"}) {
      window.actions().get(QLatin1String(task))->trigger();
      ASSERT_TRUE(until(kLabPatience, [&] { return window.control().can_check(); }));
      window.show_view(QStringLiteral("findings"));
      take(window, QStringLiteral("findings-") + QLatin1String(task), look);
    }
  }

  // With some rounds behind it, by the line of one worker's loss: that plot has one for each of the four.
  static bool has_data(MainWindow& window) {
    std::size_t rounds = 0;
    for (const auto* plot : window.findChildren<QCustomPlot*>()) {
      if (plot->graphCount() > 4)
        rounds = std::max<std::size_t>(rounds, static_cast<std::size_t>(plot->graph(1)->dataCount()));
    }
    return rounds >= kRounds;
  }

  void take_live(MainWindow& window, const char* look) {
    CanvasScene& scene = window.canvas().canvas();
    const auto take_view = [&](const QString& view, const QString& name) {
      window.show_view(view);
      QTest::qWait(static_cast<int>(kCharts.count()));
      take(window, name, look, true);
    };
    scene.select({});
    take_view(QStringLiteral("training"), QStringLiteral("training"));
    take_view(QStringLiteral("timeline"), QStringLiteral("timeline"));
    take_view(QStringLiteral("log"), QStringLiteral("log"));
    scene.select({QStringLiteral("link:wan-a")});
    window.show_view(QStringLiteral("live-link"));
    take_view(QStringLiteral("link-chart"), QStringLiteral("link-chart"));
    scene.select({QStringLiteral("a")});
    take_view(QStringLiteral("live-node"), QStringLiteral("live-node"));
    window.actions().get("attach")->trigger();
    ASSERT_NE(dialog(), nullptr);
    EXPECT_TRUE(until(kSoon, [&] { return !window.control().labs().labs().isEmpty(); }));
    take(window, QStringLiteral("attach"), look);
    window.show_view(QStringLiteral("inspector"));
    scene.select({});
  }

  static void expect_success(test::Command& program) {
    std::optional<int> status;
    until(120s, [&] { return (status = program.wait(0s)).has_value(); });
    EXPECT_EQ(status, 0) << program.out();
  }

  // Enough for curves where somebody will look at them.
  static inline const std::size_t kRounds = qEnvironmentVariableIsSet("GEOMX_SCREENSHOTS") ? 60 : 8;
  QTranslator words_;
  QString folder_ =
      qEnvironmentVariableIsSet("GEOMX_SCREENSHOTS") ? qEnvironmentVariable("GEOMX_SCREENSHOTS") : path("pictures");
};

TEST_F(Screenshots, OfADrawing) {
  const auto window = make_window();
  for (const Look& look : looks()) {
    window->set_look(look.dark, look.presentation);
    ASSERT_NO_FATAL_FAILURE(take_drawing(*window, look.name));
    ASSERT_NO_FATAL_FAILURE(take_findings(*window, look.name));
  }
}

TEST_F(Screenshots, InChinese) {
  if (language() == QLatin1String("en")) {
    test::Command child({.argv = {"/proc/self/exe", "--gtest_filter=Screenshots.OfADrawing:Screenshots.InChinese"},
                         .directory = scratch_.path(),
                         .environment = {{"GEOMX_LANGUAGE", "zh_CN"}}});
    expect_success(child);
  } else {
    EXPECT_EQ(make_window()->actions().get("new")->text(), QStringLiteral("\u65b0\u5efa(&N)"));
  }
}

TEST_F(Screenshots, OfATraining) {
  const auto window = make_window();
  RunControl& control = window->control();
  ASSERT_TRUE(window->files().open(three_dc()));
  if (watched()) {
    control.attach(qEnvironmentVariable("GEOMX_WATCHED_LAB"));
  } else {
    RunOptions options;
    options.directory = path("");
    options.settings = {"training.rounds=468", "training.device=cpu", "training.evaluate_every=4", "expect=[]"};
    control.set_options(options);
    window->actions().get("run")->trigger();
  }
  window->show_view(QStringLiteral("training"));
  ASSERT_TRUE(until(kLabPatience, [&] { return has_data(*window); })) << control.session().words().toStdString();
  std::optional<test::Command> at_200_percent;
  if (!watched()) {
    at_200_percent.emplace(
        test::Invocation{.argv = {"/proc/self/exe", "--gtest_filter=Screenshots.Of*"},
                         .directory = scratch_.path(),
                         .environment = {{"QT_SCALE_FACTOR", "2"}, {"GEOMX_WATCHED_LAB", "three-dc"}}});
  }
  for (const Look& look : looks()) {
    window->set_look(look.dark, look.presentation);
    ASSERT_NO_FATAL_FAILURE(take_live(*window, look.name));
  }
  if (at_200_percent) expect_success(*at_200_percent);
}

}  // namespace
}  // namespace geomx::gui
