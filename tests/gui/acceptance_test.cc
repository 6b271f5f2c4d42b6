// Everything that the editor is for, done by somebody with a mouse and a keyboard: three-dc is drawn from nothing, run,
// changed while it trains, stopped, and its report read. What is looked at is what the window shows, and what
// geomx-emu says.

#include <gmock/gmock.h>
#include <qcustomplot.h>

#include <QApplication>
#include <QComboBox>
#include <QDesktopServices>
#include <QDir>
#include <QElapsedTimer>
#include <QFileDialog>
#include <QPushButton>
#include <QTemporaryDir>
#include <algorithm>
#include <cmath>

#include "gui/client/text.h"
#include "gui/panels/findings_panel.h"
#include "gui/panels/inspector.h"
#include "gui/panels/link_chart_panel.h"
#include "gui/panels/report_panel.h"
#include "gui/panels/run_bar.h"
#include "gui/window/main_window.h"
#include "tests/gui/lab_bed.h"
#include "tests/gui/person.h"

namespace geomx::gui {
namespace {

using namespace std::chrono_literals;
using test::kLabPatience;
using test::until;
using ::testing::HasSubstr;

constexpr std::chrono::seconds kRunPatience{180};
constexpr qint64 kSoon = 2000;  // milliseconds from a change that is acknowledged to what is measured

// Takes what would be shown by the desktop's own programs.
class Desktop : public QObject {
  Q_OBJECT
 public:
  Desktop() { QDesktopServices::setUrlHandler(QStringLiteral("file"), this, "take"); }
  ~Desktop() override { QDesktopServices::unsetUrlHandler(QStringLiteral("file")); }
  QString opened;
 public slots:
  void take(const QUrl& url) { opened = url.toLocalFile(); }
};

class Acceptance : public test::LabBed {
 protected:
  void SetUp() override {
    LabBed::SetUp();
    if (IsSkipped()) return;
    QDir::setCurrent(to_qt(scratch_.path().string()));  // runs/ comes here
    window_ = std::make_unique<MainWindow>(state_.path());
    window_->resize(1280, 800);
    window_->show();
    window_->activateWindow();
    ASSERT_TRUE(QTest::qWaitForWindowActive(window_.get()));
    person_.emplace(*window_);
  }
  void TearDown() override {
    person_.reset();
    window_.reset();
    QDir::setCurrent(QDir::rootPath());
    LabBed::TearDown();
  }

  // --- Where things are drawn.
  CanvasView& canvas() { return window_->canvas(); }
  QPoint on_screen(QPointF scene_point) {
    return person_->place_of(*canvas().viewport(), canvas().mapFromScene(scene_point));
  }
  QPoint part_of_canvas(double across, double down) {
    const QSize size = canvas().viewport()->size();
    return person_->place_of(*canvas().viewport(), QPointF(size.width() * across, size.height() * down).toPoint());
  }
  QRectF box(const QString& name) { return canvas().canvas().vertex(name)->obstacle(); }

  void drag_a_data_center(const QString& name, double across, double down) {
    QToolButton& palette = *window_->palette_panel().button(ItemKind::datacenter);
    person_->press_and_drag(person_->place_of(palette, palette.rect().center()), part_of_canvas(across, down));
    turn_inspector_to("Data center");
    person_->type_into(QStringLiteral("name"), name);
    ASSERT_NE(canvas().canvas().vertex(name), nullptr) << name.toStdString();
  }
  // From the dot in the middle of a rim to another's title.
  void drag_a_link(const QString& from, const QString& to, const QString& name) {
    const QPointF dot(box(from).center().x(), box(from).bottom());
    person_->press_and_drag(on_screen(dot), on_screen(box(to).topLeft() + QPointF(60, 15)));
    turn_inspector_to("Both directions");
    person_->type_into(QStringLiteral("name"), name);
    person_->type_into(QStringLiteral("rate"), QStringLiteral("100Mbit"));
    person_->type_into(QStringLiteral("delay"), QStringLiteral("30ms"));
    ASSERT_NE(canvas().canvas().link(TopologyModel::link_id(name)), nullptr) << name.toStdString();
  }
  void select_link(const QString& name) {
    person_->click(on_screen(canvas().canvas().link(TopologyModel::link_id(name))->at(0.3)));
  }
  void turn_inspector_to(const char* page) {
    person_->turn_to(QStringLiteral("Inspector"));
    person_->turn_page(*window_->findChild<Inspector*>(), QString::fromUtf8(page));
  }
  void select_nothing() { person_->click(part_of_canvas(0.97, 0.97)); }
  // With the keyboard: the first letters choose.
  void choose(const QString& field, const QString& entry) {
    auto* box = person_->visible<QComboBox>(field);
    ASSERT_NE(box, nullptr);
    person_->go_to(*box);
    person_->type(entry);
    EXPECT_EQ(box->currentText(), entry);
  }
  void save_as(const QString& name) {
    // The dialog has an event loop of its own.
    QTimer typist;
    QObject::connect(&typist, &QTimer::timeout, [&] {
      auto* dialog = qobject_cast<QFileDialog*>(QApplication::activeModalWidget());
      auto* line = dialog == nullptr ? nullptr : dialog->findChild<QLineEdit*>(QStringLiteral("fileNameEdit"));
      if (line == nullptr || !line->isVisible()) return;
      typist.stop();
      dialog->activateWindow();  // as a window manager does
      ASSERT_TRUE(QTest::qWaitForWindowActive(dialog));
      test::Person(*dialog).type_into(*line, name);
    });
    typist.start(20);
    person_->key(Qt::Key_S, Qt::ControlModifier);
    window_->activateWindow();  // as a window manager does
    ASSERT_TRUE(QTest::qWaitForWindowActive(window_.get()));
  }

  template <class Panel>
  bool is_said(const char* words) {
    const QList<QLabel*> labels = window_->findChild<Panel*>()->template findChildren<QLabel*>();
    return std::any_of(labels.begin(), labels.end(), [=](const QLabel* label) {
      return label->isVisible() && label->text().contains(QString::fromUtf8(words));
    });
  }

  void draw_three_dc();
  void fill_in_the_training();

  // --- What the chart of the selected link shows.
  const QCustomPlot& throughput() { return *window_->findChild<LinkChartPanel*>()->findChildren<QCustomPlot*>()[0]; }
  // In Mbit/s: the faster direction, at its fastest in the last `seconds`; 0: at the last moment alone.
  double shown_rate(double seconds = 0) {
    double most = 0;
    for (int way = 0; way < 2; ++way) {
      const QCPGraphDataContainer& points = *throughput().graph(way)->data();
      for (auto point = points.constBegin(); point != points.constEnd(); ++point) {
        const bool counts = seconds > 0 ? point->key >= -seconds : point + 1 == points.constEnd();
        if (counts && !std::isnan(point->value)) most = std::max(most, point->value);
      }
    }
    return most;
  }
  struct Seen {
    qint64 above = 0;    // milliseconds at which it was last above the bound
    double fastest = 0;  // of what came later than kSoon
  };
  // Looks for a while from now on.
  Seen watch_rate(double bound, std::chrono::milliseconds how_long) {
    Seen seen;
    QElapsedTimer since;
    since.start();
    until(how_long, [&] {
      const double now = shown_rate();
      if (now > bound) seen.above = since.elapsed();
      if (since.elapsed() > kSoon) seen.fastest = std::max(seen.fastest, now);
      return false;
    });
    return seen;
  }

  QTemporaryDir state_;
  std::unique_ptr<MainWindow> window_;
  std::optional<test::Person> person_;
};

void Acceptance::draw_three_dc() {
  ASSERT_NO_FATAL_FAILURE(drag_a_data_center(QStringLiteral("central"), 0.5, 0.2));
  ASSERT_NO_FATAL_FAILURE(drag_a_data_center(QStringLiteral("a"), 0.25, 0.75));
  ASSERT_NO_FATAL_FAILURE(drag_a_data_center(QStringLiteral("b"), 0.75, 0.75));
  person_->click(on_screen(box(QStringLiteral("central")).topLeft() + QPointF(60, 15)));
  turn_inspector_to("LAN");
  person_->type_into(QStringLiteral("lan/rate"), QStringLiteral("10Gbit"));
  ASSERT_NO_FATAL_FAILURE(drag_a_link(QStringLiteral("central"), QStringLiteral("a"), QStringLiteral("wan-a")));
  ASSERT_NO_FATAL_FAILURE(drag_a_link(QStringLiteral("central"), QStringLiteral("b"), QStringLiteral("wan-b")));

  select_nothing();
  turn_inspector_to("Scenario");
  const nlohmann::json model = test::read_json(test::source("scenarios/three-dc.json"));
  person_->type_into(QStringLiteral("/name"), QStringLiteral("three-dc"));
  person_->type_into(QStringLiteral("/description"), to_qt(model["description"].get<std::string>()));
  person_->type_into(QStringLiteral("/seed"), QStringLiteral("7"));
}

void Acceptance::fill_in_the_training() {
  turn_inspector_to("Training");
  person_->press(QStringLiteral("Add a training job"));
  person_->type_into(QStringLiteral("/training/batch_size"), QStringLiteral("32"));
  person_->type_into(QStringLiteral("/training/epochs"), QStringLiteral("1"));
  choose(QStringLiteral("/training/optimizer/name"), QStringLiteral("adam"));
  person_->type_into(QStringLiteral("/training/optimizer/learning_rate"), QStringLiteral("0.001"));
  choose(QStringLiteral("/training/sync/name"), QStringLiteral("fsa"));
  turn_inspector_to("Expectations");
  person_->press(QStringLiteral("Add"));
  person_->type_into(QStringLiteral("metric"), QStringLiteral("training.test_accuracy"));
  person_->type_into(QStringLiteral("min"), QStringLiteral("0.80"));
  person_->type_into(QStringLiteral("max"), QString());
}

TEST_F(Acceptance, ThreeDataCentersAreDrawnRunChangedStoppedAndReadAbout) {
  ASSERT_NO_FATAL_FAILURE(draw_three_dc());
  ASSERT_NO_FATAL_FAILURE(fill_in_the_training());
  save_as(QStringLiteral("drawn.json"));
  EXPECT_FALSE(window_->isWindowModified()) << "it is saved";

  // The file, as others see it.
  const Result check = emu({"check", "drawn.json"});
  EXPECT_EQ(check.status, 0) << check.err;
  const auto resolved = [this](const std::string& file) {
    const Result converted = emu({"convert", file});
    EXPECT_EQ(converted.status, 0) << converted.err;
    return nlohmann::json::parse(converted.out, nullptr, false);
  };
  EXPECT_EQ(resolved("drawn.json"), resolved(test::source("scenarios/three-dc.json").string()));
  EXPECT_TRUE(std::filesystem::exists(scratch_.path() / "drawn.layout.json")) << "positions are apart";
  person_->press(QStringLiteral("Check"));
  EXPECT_TRUE(until(kLabPatience, [this] { return is_said<FindingsPanel>("in order: 1"); }));

  // An epoch is too long for this: it is stopped before.
  turn_inspector_to("Training");
  person_->type_into(QStringLiteral("/training/rounds"), QStringLiteral("3000"));
  person_->press(QStringLiteral("Run"));
  ASSERT_TRUE(until(kRunPatience, [this] { return is_said<RunBar>("loss "); })) << "it trains";
  person_->turn_to(QStringLiteral("Link over time"));
  person_->key(Qt::Key_0, Qt::ControlModifier);
  QApplication::processEvents();
  select_link(QStringLiteral("wan-a"));
  person_->turn_to(QStringLiteral("Live link"));
  ASSERT_TRUE(until(kRunPatience, [this] { return shown_rate(1) > 30; })) << shown_rate(1);

  // The link is narrowed while it trains.
  int answers = 0;
  QObject::connect(&window_->control().session(), &LabSession::answered, window_.get(), [&](const Outcome& outcome) {
    EXPECT_EQ(outcome.result, Outcome::Result::done) << outcome.reason.toStdString();
    ++answers;
  });
  ASSERT_TRUE(until(kLabPatience, [this] {
    return person_->visible<QLineEdit>(QStringLiteral("live/forward/rate"))->text() == QStringLiteral("100Mbit");
  }));
  person_->type_into(QStringLiteral("live/forward/rate"), QStringLiteral("10Mbit"));
  ASSERT_TRUE(until(kLabPatience, [&] { return answers == 1; }));
  const Seen narrow = watch_rate(12, 5s);
  EXPECT_LT(narrow.above, kSoon) << "it was above 12 Mbit/s still";
  EXPECT_GT(narrow.fastest, 5) << "it trains on, at what the link has";

  // The other one is cut and healed.
  select_link(QStringLiteral("wan-b"));
  ASSERT_TRUE(until(kRunPatience, [this] { return shown_rate(1) > 5; })) << "wan-b: " << shown_rate(1);
  ASSERT_TRUE(until(kLabPatience, [this] {
    const auto* cut = person_->find<QPushButton>(QStringLiteral("Cut"));
    return cut != nullptr && cut->isEnabled();
  }));
  person_->click(*person_->find<QPushButton>(QStringLiteral("Cut")));
  ASSERT_TRUE(until(kLabPatience, [&] { return answers == 2; }));
  const Seen cut = watch_rate(0.05, 3s);
  EXPECT_LT(cut.above, kSoon) << "something passed still";
  EXPECT_EQ(cut.fastest, 0);
  person_->click(*person_->find<QPushButton>(QStringLiteral("Heal")));
  ASSERT_TRUE(until(kLabPatience, [&] { return answers == 3; }));
  EXPECT_TRUE(until(kRunPatience, [this] { return shown_rate() > 1; })) << "it trains again";

  person_->press(QStringLiteral("Stop"));
  auto* report = window_->findChild<ReportPanel*>();
  ASSERT_TRUE(until(kRunPatience, [&] { return report->isVisible() && report->text().contains("wan-a"); }));
  EXPECT_THAT(report->text().toStdString(), HasSubstr("The run was stopped"));
  EXPECT_THAT(report->text().toStdString(), HasSubstr("Rounds"));
  Desktop desktop;
  person_->press(QStringLiteral("Open the folder"));
  const nlohmann::json summary = test::read_json(std::filesystem::path(desktop.opened.toStdString()) / "summary.json");
  ASSERT_TRUE(summary.is_object()) << desktop.opened.toStdString();
  EXPECT_EQ(summary["status"], "interrupted");
  EXPECT_GT(summary["training"]["rounds"], 2);
  EXPECT_TRUE(until(kLabPatience, [this] { return window_->control().session().state() == LabState::gone; }));
}

}  // namespace
}  // namespace geomx::gui

#include "acceptance_test.moc"
