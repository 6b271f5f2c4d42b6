// What somebody at the window sees of a lab that hangs, dies, or loses its editor; and that the window answers all the
// while. session_test.cc has the same of the connection underneath.

#include <gmock/gmock.h>

#include <QApplication>
#include <QElapsedTimer>
#include <QPushButton>
#include <QTemporaryDir>

#include "gui/client/text.h"
#include "gui/panels/report_panel.h"
#include "gui/panels/run_bar.h"
#include "gui/window/main_window.h"
#include "tests/gui/lab_bed.h"
#include "tests/gui/person.h"
#include "tests/gui/stall_meter.h"

namespace geomx::gui {
namespace {

using namespace std::chrono_literals;
using test::kLabPatience;
using test::until;

constexpr qint64 kLongestStall = 200;  // milliseconds
constexpr std::chrono::seconds kRunPatience{180};
constexpr const char* kEditor = "Editor.DISABLED_RunsAJobUntilItIsKilled";

class Faults : public test::LabBed {
 protected:
  void SetUp() override {
    LabBed::SetUp();
    if (!IsSkipped()) open_window();
  }
  void TearDown() override {
    if (lab_pid_ > 0) signal_lab(SIGCONT);
    person_.reset();
    window_.reset();
    LabBed::TearDown();
  }
  void open_window() {
    window_ = std::make_unique<MainWindow>(state_.path());
    window_->show();
    window_->activateWindow();
    ASSERT_TRUE(QTest::qWaitForWindowActive(window_.get()));
    person_.emplace(*window_);
  }
  void attach() {
    bring_up();
    lab_pid_ = lab_pid();
    ASSERT_GT(lab_pid_, 0);
    window_->attach(QStringLiteral("play"));
    ASSERT_TRUE(says("play is running", kLabPatience));
    ASSERT_TRUE(until(kLabPatience, [this] { return !window_->canvas().canvas().link_states().isEmpty(); }));
  }
  // In the bar above the canvas, to be read.
  bool says(const char* words, std::chrono::milliseconds patience) {
    return until(patience, [&] {
      for (const QLabel* label : window_->findChild<RunBar*>()->findChildren<QLabel*>()) {
        if (label->isVisible() && label->text().contains(QString::fromUtf8(words))) return true;
      }
      return false;
    });
  }
  bool can_be_cut() {
    const auto* cut = person_->find<QPushButton>(QStringLiteral("Cut"));
    return cut != nullptr && cut->isEnabled();
  }

  QTemporaryDir state_;
  std::unique_ptr<MainWindow> window_;
  std::optional<test::Person> person_;
};

TEST_F(Faults, ALabThatHangsIsSeenToHangAndTheWindowGoesOn) {
  ASSERT_NO_FATAL_FAILURE(attach());
  person_->turn_to(QStringLiteral("Live link"));
  ASSERT_TRUE(until(kLabPatience, [this] { return can_be_cut(); }));
  test::StallMeter stall;
  signal_lab(SIGSTOP);
  person_->click(*person_->find<QPushButton>(QStringLiteral("Cut")));  // which nobody hears
  EXPECT_TRUE(says("play has not answered", 8s));
  for (const char* pane : {"Live node", "Inspector", "Training", "Timeline", "Log", "Link over time", "Problems"}) {
    person_->turn_to(QString::fromUtf8(pane));
  }
  EXPECT_LT(stall.take(), kLongestStall);
  person_->turn_to(QStringLiteral("Live link"));
  EXPECT_FALSE(can_be_cut()) << "there is nobody to ask";
  signal_lab(SIGCONT);
  EXPECT_TRUE(says("play is running", kLabPatience)) << "as soon as it answers, all goes on";
  EXPECT_LT(stall.take(), kLongestStall);
  // The click may have been on its way or not: what the window shows is what the lab has made of it.
  EXPECT_TRUE(until(kLabPatience, [this] {
    const auto* cut = window_->findChild<QPushButton*>(QStringLiteral("live/cut"));
    const nlohmann::json link = nlohmann::json::parse(emu({"link", "play", "wan-a", "--json"}).out, nullptr, false);
    return cut->isEnabled() && link.is_object() && link["up"] == cut->text().endsWith(QStringLiteral("ut"));
  }));
}

TEST_F(Faults, ALabThatHangsFromTheBeginningIsWaitedFor) {
  bring_up();
  lab_pid_ = lab_pid();
  ASSERT_GT(lab_pid_, 0);
  signal_lab(SIGSTOP);
  test::StallMeter stall;
  window_->attach(QStringLiteral("play"));
  EXPECT_TRUE(until(5s, [this] { return window_->control().session().state() != LabState::idle; }));
  EXPECT_TRUE(says("play", 5s)) << "it says what it waits for";
  EXPECT_FALSE(says("is running", 1s));
  EXPECT_LT(stall.take(), kLongestStall);
  signal_lab(SIGCONT);
  EXPECT_TRUE(says("play is running", kLabPatience));
  EXPECT_LT(stall.take(), kLongestStall);
}

TEST_F(Faults, AKilledLabIsSeenToHaveEnded) {
  ASSERT_NO_FATAL_FAILURE(attach());
  auto* down = person_->find<QToolButton>(QStringLiteral("Down"));
  ASSERT_TRUE(down != nullptr && down->isEnabled());
  test::StallMeter stall;
  ::kill(lab_pid_, SIGKILL);
  QElapsedTimer since;
  since.start();
  EXPECT_TRUE(says("ended", kLabPatience));
  EXPECT_LT(since.elapsed(), 2000);
  EXPECT_TRUE(window_->canvas().canvas().link_states().isEmpty()) << "nothing is left of it in the drawing";
  EXPECT_FALSE(down->isEnabled());
  EXPECT_LT(stall.take(), kLongestStall);

  // Another one of its name is another lab, and can be watched as well.
  until(kLabPatience, [this] { return emu({"list", "--json"}).out.find("play") == std::string::npos; });
  bring_up();
  window_->attach(QStringLiteral("play"));
  EXPECT_TRUE(says("play is running", kLabPatience));
}

TEST_F(Faults, AKilledEditorLeavesItsRunToTheNextOne) {
  nlohmann::json job = test::read_json(test::source("scenarios/three-dc.json"));
  job["training"].erase("epochs");
  job["training"]["rounds"] = 100'000;
  job["training"]["device"] = "cpu";
  job.erase("expect");
  std::ofstream(scratch_.path() / "job.json") << job.dump(2);
  test::Command editor({.argv = {QCoreApplication::applicationFilePath().toStdString(),
                                 std::string("--gtest_filter=") + kEditor, "--gtest_also_run_disabled_tests"},
                        .directory = scratch_.path()});
  ASSERT_TRUE(until(kRunPatience,
                    [this] {
                      return emu({"list", "--json"}).out.find("three-dc") != std::string::npos;
                    }))
      << editor.out() << editor.err();
  int losses = 0;
  QObject::connect(&window_->control().reader(), &RunFolderReader::read, window_.get(),
                   [&](const RunBatch& batch) { losses += static_cast<int>(batch.rows.steps.size()); });
  window_->attach(QStringLiteral("three-dc"));
  ASSERT_TRUE(until(kRunPatience, [&] { return losses > 0; })) << editor.out() << editor.err();

  editor.signal(SIGKILL);
  ASSERT_EQ(editor.wait(kLabPatience), 128 + SIGKILL);
  const int before = losses;
  EXPECT_TRUE(until(kRunPatience, [&] { return losses > before + 40; })) << "it trains on";
  EXPECT_TRUE(says("three-dc is running", kLabPatience));
  person_->press(QStringLiteral("Down"));
  EXPECT_TRUE(says("three-dc is down", kLabPatience));
  auto* report = window_->findChild<ReportPanel*>();
  EXPECT_TRUE(until(kLabPatience, [&] { return report->isVisible() && report->text().contains("wan-a"); }))
      << "its results are kept";
}

// The editor that is killed: a process of its own, which the test above starts.
TEST(Editor, DISABLED_RunsAJobUntilItIsKilled) {
  const QTemporaryDir state;
  MainWindow window(state.path());
  window.show();
  window.activateWindow();
  ASSERT_TRUE(QTest::qWaitForWindowActive(&window));
  ASSERT_TRUE(window.files().open(QStringLiteral("job.json")));
  test::Person(window).press(QStringLiteral("Run"));
  until(kRunPatience, [] { return false; });
}

}  // namespace
}  // namespace geomx::gui
