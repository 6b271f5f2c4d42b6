// The live panels, beside a real lab with real traffic and under a mouse and a keyboard.

#include <gmock/gmock.h>
#include <qcustomplot.h>

#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QToolButton>
#include <QTreeWidget>
#include <cmath>

#include "gui/client/text.h"
#include "gui/panels/findings_panel.h"
#include "gui/panels/lab_list_panel.h"
#include "gui/panels/link_chart_panel.h"
#include "gui/panels/link_editor_panel.h"
#include "gui/panels/log_panel.h"
#include "gui/panels/node_panel.h"
#include "gui/panels/recorded_series.h"
#include "gui/panels/run_bar.h"
#include "gui/panels/timeline_panel.h"
#include "gui/panels/timeline_view.h"
#include "gui/panels/training_panel.h"
#include "tests/gui/lab_bed.h"
#include "tests/gui/panel_checks.h"

namespace geomx::gui {
namespace {

using namespace std::chrono_literals;
using test::kLabPatience;
using test::until;
using ::testing::HasSubstr;
using ::testing::Not;

// Half a minute of a job of four workers and their servers.
RunBatch a_job() {
  RunBatch batch;
  const std::vector<std::string> workers{"a-worker-0", "a-worker-1", "b-worker-0", "b-worker-1"};
  for (int round = 0; round < 60; ++round) {
    const double end = 2 + 0.5 * round;
    for (std::size_t w = 0; w < workers.size(); ++w) {
      const double loss = 2.3 * std::exp(-0.03 * round) + 0.05 * std::sin(round * 1.7 + static_cast<double>(w));
      const double compute = 110 + 25 * static_cast<double>(w);
      batch.rows.steps.push_back({end, workers[w], round, loss, 32, compute, 470 - compute});
      batch.rows.rounds.push_back({end, workers[w], round, 0, compute, 120, 80, 260 - 25 * static_cast<double>(w)});
    }
    for (const char* server : {"a-server-0", "b-server-0"}) {
      batch.rows.rounds.push_back({end - 0.05, server, round, 190, 4, 100, 60, 100});
    }
    batch.rows.rounds.push_back({end - 0.02, "central-global-server-0", round, 450, 12, 0, 0, 0});
    batch.rows.wan.push_back({end, 3.4e6 * (round + 1)});
  }
  for (const int round : {19, 39, 59})
    batch.rows.evaluations.push_back({2 + 0.5 * round, "a-worker-0", round, 0.4 + 0.007 * round, 0.6});
  batch.rows.events = {{0.1, "start", "", ""},
                       {12, "set", "wan-a", "rate=10Mbit"},
                       {18, "down", "wan-b", ""},
                       {20, "up", "wan-b", ""},
                       {26, "kill", "a-worker-1", ""}};
  return batch;
}

QVector<LogChunk> some_logs() {
  return {
      {QStringLiteral("a-worker-0"), "geomx-node: joined as worker 0\nround 1 loss 2.301\nround 2 loss 2.117\n", false},
      {QStringLiteral("a-server-0"), "geomx-node: serving 8 keys\nwarning: a peer is slow\n", false}};
}

class PanelsTest : public test::LabBed {
 protected:
  void TearDown() override {
    control_.detach();
    LabBed::TearDown();
  }
  void attach() {
    bring_up();
    control_.attach(QStringLiteral("play"));
    ASSERT_TRUE(until(kLabPatience, [this] { return control_.session().usable(); }));
  }
  template <typename Widget>
  static Widget* find(QWidget& panel, const QString& text) {
    for (Widget* each : panel.findChildren<Widget*>()) {
      if (each->text().remove(QLatin1Char('&')) == text) return each;
    }
    return nullptr;
  }

  RunControl control_;
};

TEST_F(PanelsTest, TheLinkEditorShowsAskedBesideAcknowledgedAndTakesARefusalBack) {
  ASSERT_NO_FATAL_FAILURE(attach());
  LinkEditorPanel editor(control_);
  editor.show();
  const QList<QLineEdit*> fields = editor.findChildren<QLineEdit*>();
  ASSERT_EQ(fields.size(), 10) << "five properties, both directions";
  QLineEdit& rate = *fields[0];
  ASSERT_TRUE(until(kLabPatience, [&] { return rate.text() == QStringLiteral("40Mbit"); }));
  EXPECT_NE(find<QLabel>(editor, QStringLiteral("central->a")), nullptr);

  QTest::mouseClick(editor.findChild<QCheckBox*>(), Qt::LeftButton, {}, QPoint(8, 8));  // not both directions alike
  rate.setFocus();
  rate.selectAll();
  QTest::keyClicks(&rate, QStringLiteral("7Mbit"));
  QTest::keyClick(&rate, Qt::Key_Return);
  ASSERT_TRUE(until(kLabPatience, [&] { return find<QLabel>(editor, QStringLiteral("7Mbit")) != nullptr; }))
      << "acknowledged";
  const nlohmann::json link = nlohmann::json::parse(emu({"link", "play", "wan-a", "--json"}).out);
  EXPECT_EQ(link["forward"]["asked"]["rate"], "7Mbit");
  EXPECT_EQ(link["backward"]["asked"]["rate"], "40Mbit") << "only the direction that was edited";

  rate.selectAll();
  QTest::keyClicks(&rate, QStringLiteral("quick"));
  QTest::keyClick(&rate, Qt::Key_Return);
  EXPECT_TRUE(until(kLabPatience, [&] { return rate.text() == QStringLiteral("7Mbit"); })) << rate.text().toStdString();
  bool said = false;
  for (const QLabel* label : editor.findChildren<QLabel*>())
    said = said || label->text().contains(QStringLiteral("refused"));
  EXPECT_TRUE(said);

  QTest::mouseClick(editor.findChild<QCheckBox*>(), Qt::LeftButton, {}, QPoint(8, 8));
  QLineEdit& delay = *fields[1];
  delay.setFocus();
  delay.selectAll();
  QTest::keyClicks(&delay, QStringLiteral("9ms"));
  QTest::keyClick(&delay, Qt::Key_Return);
  EXPECT_TRUE(until(kLabPatience, [&] {
    const nlohmann::json now = nlohmann::json::parse(emu({"link", "play", "wan-a", "--json"}).out);
    return now["forward"]["asked"]["delay"] == "9ms" && now["backward"]["asked"]["delay"] == "9ms";
  })) << "both directions alike";
  EXPECT_TRUE(until(kLabPatience, [&] { return fields[6]->text() == QStringLiteral("9ms"); }));

  auto* cut = find<QPushButton>(editor, QStringLiteral("Cut"));
  ASSERT_NE(cut, nullptr);
  QTest::mouseClick(cut, Qt::LeftButton);
  ASSERT_TRUE(until(kLabPatience, [&] { return find<QPushButton>(editor, QStringLiteral("Heal")) != nullptr; }));
  EXPECT_FALSE(nlohmann::json::parse(emu({"link", "play", "wan-a", "--json"}).out)["up"].get<bool>());
  QTest::keyClick(cut, Qt::Key_Space);
  EXPECT_TRUE(until(kLabPatience, [&] { return find<QPushButton>(editor, QStringLiteral("Cut")) != nullptr; }));
}

TEST_F(PanelsTest, TheNodePanelKillsAndRestarts) {
  ASSERT_NO_FATAL_FAILURE(attach());
  NodePanel panel(control_);
  panel.show();
  panel.set_node(QStringLiteral("a-host-0"));
  auto* kill = find<QPushButton>(panel, QStringLiteral("Kill"));
  auto* restart = find<QPushButton>(panel, QStringLiteral("Restart"));
  ASSERT_TRUE(kill != nullptr && restart != nullptr);
  EXPECT_TRUE(kill->isEnabled());
  EXPECT_FALSE(restart->isEnabled());
  QTest::mouseClick(kill, Qt::LeftButton);
  ASSERT_TRUE(until(kLabPatience, [&] { return restart->isEnabled(); }));
  EXPECT_FALSE(kill->isEnabled());
  EXPECT_NE(emu({"exec", "play", "a-host-0", "--", "true"}).status, 0) << "it is dead";
  QTest::mouseClick(restart, Qt::LeftButton);
  ASSERT_TRUE(until(kLabPatience, [&] { return kill->isEnabled(); }));
  EXPECT_EQ(emu({"exec", "play", "a-host-0", "--", "true"}).status, 0);
}

TEST_F(PanelsTest, TheLinkChartDrawsWhatPasses) {
  ASSERT_NO_FATAL_FAILURE(attach());
  LinkChartPanel chart(control_);
  chart.show();
  ASSERT_NO_FATAL_FAILURE(start_iperf());
  auto* plot = chart.findChildren<QCustomPlot*>().first();
  const auto peak = [&] {
    double most = 0;
    for (int graph = 0; graph < 2; ++graph) {
      for (const QCPGraphData& point : *plot->graph(graph)->data()) {
        if (!std::isnan(point.value)) most = std::max(most, point.value);
      }
    }
    return most;
  };
  ASSERT_TRUE(until(kLabPatience, [&] { return chart.link() == QStringLiteral("wan-a"); }));
  EXPECT_TRUE(until(kLabPatience, [&] { return peak() > 25; })) << peak();
  EXPECT_LT(peak(), 80) << "the link has 40 Mbit/s";
  EXPECT_GE(plot->yAxis->range().upper, peak());
}

TEST_F(PanelsTest, TheTimelineFollowsUntilSomebodyLooksElsewhere) {
  TimelinePanel panel(control_);
  panel.resize(900, 400);
  panel.show();
  emit control_.reader().read(a_job());
  TimelineView& view = panel.view();
  EXPECT_EQ(view.rows(), 7u);
  EXPECT_GE(view.end(), 31.5) << "the latest round is in sight";
  auto* follow = panel.findChild<QCheckBox*>();
  EXPECT_TRUE(follow->isChecked());
  view.setFocus();
  QTest::keyClick(&view, Qt::Key_Home);
  EXPECT_DOUBLE_EQ(view.begin(), 0);
  EXPECT_FALSE(follow->isChecked());
  emit control_.reader().read(a_job());
  EXPECT_DOUBLE_EQ(view.begin(), 0) << "what is looked at stays";
  const double end = view.end();
  QTest::keyClick(&view, Qt::Key_Plus);
  EXPECT_LT(view.end(), end);
  QTest::keyClick(&view, Qt::Key_End);
  EXPECT_TRUE(follow->isChecked());
  EXPECT_GE(view.end(), 31.5);
  emit control_.reader().cleared();
  EXPECT_EQ(view.rows(), 0u);
}

TEST_F(PanelsTest, TheLogIsFilteredByNodeAndByText) {
  LogPanel panel(control_);
  panel.show();
  emit control_.reader().logged(some_logs());
  EXPECT_THAT(panel.text().toStdString(), HasSubstr("a-worker-0: round 2 loss 2.117"));
  EXPECT_THAT(panel.text().toStdString(), HasSubstr("a-server-0: warning"));
  panel.set_node(QStringLiteral("a-server-0"));
  EXPECT_EQ(panel.text().toStdString(), "geomx-node: serving 8 keys\nwarning: a peer is slow");
  QTest::keyClicks(panel.findChild<QLineEdit*>(), QStringLiteral("SLOW"));
  EXPECT_TRUE(until(5s, [&] { return panel.text() == QStringLiteral("warning: a peer is slow"); }));
  emit control_.reader().logged({{QStringLiteral("a-server-0"), "fast again\nslow again\n", false}});
  EXPECT_EQ(panel.text().toStdString(), "warning: a peer is slow\nslow again");
}

TEST_F(PanelsTest, TheRunBarStartsLabsAndTheFindingsSayWhatDoctorFound) {
  control_.set_scenario(to_qt((scratch_.path() / "play.json").string()));
  RunBar bar(control_);
  FindingsPanel findings(control_);
  bar.show();
  findings.show();
  QTest::mouseClick(find<QToolButton>(bar, QStringLiteral("Doctor")), Qt::LeftButton);
  EXPECT_TRUE(until(kLabPatience, [&] { return findings.count() > 5; }));
  ASSERT_TRUE(until(kLabPatience, [&] { return control_.can_start(); }));
  QTest::mouseClick(find<QToolButton>(bar, QStringLiteral("Up")), Qt::LeftButton);
  ASSERT_TRUE(until(kLabPatience, [&] { return control_.session().usable(); }));
  EXPECT_NE(find<QLabel>(bar, QStringLiteral("play is running")), nullptr);
  auto* down = find<QToolButton>(bar, QStringLiteral("Down"));
  ASSERT_TRUE(until(kLabPatience, [&] { return down->isEnabled(); }));
  QTest::mouseClick(down, Qt::LeftButton);
  EXPECT_TRUE(until(kLabPatience, [&] { return find<QLabel>(bar, QStringLiteral("play is down")) != nullptr; }));
  EXPECT_FALSE(down->isEnabled());
}

TEST_F(PanelsTest, LookGoodInLightAndDarkAndInLargeFonts) {
  ASSERT_NO_FATAL_FAILURE(attach());
  ASSERT_NO_FATAL_FAILURE(start_iperf());
  RunBar bar(control_);
  FindingsPanel findings(control_);
  LabListPanel labs(control_);
  LinkChartPanel chart(control_);
  LinkEditorPanel editor(control_);
  NodePanel node(control_);
  TrainingPanel training(control_);
  TimelinePanel timeline(control_);
  LogPanel log(control_);
  struct Shown {
    const char* name;
    QWidget& panel;
    QSize size;
  };
  const std::vector<Shown> all{
      {"run-bar", bar, {1000, 80}},       {"findings", findings, {760, 420}},  {"labs", labs, {760, 260}},
      {"link-chart", chart, {900, 520}},  {"link-editor", editor, {420, 480}}, {"node", node, {320, 260}},
      {"training", training, {900, 520}}, {"timeline", timeline, {1000, 360}}, {"log", log, {760, 300}}};
  for (const Shown& each : all) {
    each.panel.resize(each.size);
    each.panel.show();
  }
  control_.doctor();
  emit control_.reader().read(a_job());
  emit control_.reader().logged(some_logs());
  ASSERT_TRUE(until(kLabPatience, [&] { return findings.count() > 5 && control_.can_check(); }));
  QTest::qWait(4000);  // something to be seen in the charts
  const QPalette light = QApplication::palette();
  const QFont usual = QApplication::font();
  for (const auto& [style, palette, scale] :
       {std::tuple("light", light, 1.0), std::tuple("dark", test::dark_palette(), 1.0),
        std::tuple("large", light, 1.5)}) {
    QApplication::setPalette(palette);
    QFont font = usual;
    font.setPointSizeF(usual.pointSizeF() * scale);
    QApplication::setFont(font);
    for (const Shown& each : all) each.panel.resize((QSizeF(each.size) * scale).toSize());
    QTest::qWait(600);  // what is drawn by a timer
    for (const Shown& each : all) {
      EXPECT_EQ(each.panel.font(), font) << each.name;
      test::expect_sound(each.panel);
      test::keep_picture(each.panel, QStringLiteral("%1-%2").arg(QLatin1String(each.name), QLatin1String(style)));
    }
  }
  QApplication::setPalette(light);
  QApplication::setFont(usual);
}

TEST(RecordedSeries, TotalsBecomeRates) {
  std::vector<run::LinkSampleRow> samples;
  for (const double time : {1.0, 1.5, 2.0}) {
    samples.push_back({time, true, static_cast<std::uint64_t>(1'000'000 * time), 0, 3, 0, 100, 30.0});
    samples.push_back({time, false, 500, 0, 0, 0, 0, std::nullopt});
  }
  const LinkSeries series = series_of(samples);
  ASSERT_EQ(series.times, (std::vector<double>{1.5, 2.0}));
  EXPECT_DOUBLE_EQ(series.ways[0].bps[0], 8e6);
  EXPECT_DOUBLE_EQ(series.ways[0].drops[1], 0) << "three in all, none since";
  EXPECT_DOUBLE_EQ(series.ways[0].delay_ms[1], 30);
  EXPECT_DOUBLE_EQ(series.ways[1].bps[1], 0);
  EXPECT_TRUE(std::isnan(series.ways[1].delay_ms[0]));
}

}  // namespace
}  // namespace geomx::gui
