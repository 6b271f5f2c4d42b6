// Commands that the editor starts, and what it reads of a run while it goes on.

#include <gmock/gmock.h>

#include <QJsonDocument>
#include <QJsonObject>
#include <set>

#include "gui/client/run_control.h"
#include "gui/client/text.h"
#include "tests/gui/lab_bed.h"

namespace geomx::gui {
namespace {

using namespace std::chrono_literals;
using test::kLabPatience;
using test::until;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

constexpr std::chrono::seconds kRunPatience{180};

class RunTest : public test::LabBed {
 protected:
  // What a control has shown.
  struct Seen {
    explicit Seen(RunControl& control) {
      QObject::connect(&control.reader(), &RunFolderReader::read, [this](const RunBatch& batch) {
        for (const run::RoundRow& row : batch.rows.rounds) nodes.insert(row.node);
        for (const run::StepRow& row : batch.rows.steps) losses += row.loss.has_value();
        for (const run::EventRow& row : batch.rows.events) events.insert(row.kind);
        wan = batch.rows.wan.empty() ? wan : batch.rows.wan.back().bytes;
        link_samples += batch.link_samples.size();
      });
      QObject::connect(&control.reader(), &RunFolderReader::logged, [this](const QVector<LogChunk>& chunks) {
        for (const LogChunk& chunk : chunks) logs.insert(chunk.name.toStdString());
      });
      QObject::connect(&control.process(), &RunProcess::progressed, [this](const RunProgress& progress) {
        if (progress.total) total = *progress.total;
        done = std::max(done, progress.done.value_or(0));
      });
      QObject::connect(&control, &RunControl::task_finished, [this](const TaskResult& r) { result = r; });
      QObject::connect(&control, &RunControl::complained, [this](const Complaint& c) { complaints.push_back(c); });
    }
    std::set<std::string> nodes, events, logs;
    int losses = 0;
    double wan = 0;
    std::size_t link_samples = 0;
    qint64 total = 0, done = 0;
    std::optional<TaskResult> result;
    std::vector<Complaint> complaints;
  };

  RunOptions options(int rounds) const {
    RunOptions options;
    options.directory = to_qt(scratch_.path().string());
    options.settings = {QStringLiteral("training.rounds=%1").arg(rounds), QStringLiteral("training.device=cpu"),
                        QStringLiteral("expect=[]")};
    return options;
  }
  static QString three_dc() { return to_qt(test::source("scenarios/three-dc.json").string()); }
};

TEST_F(RunTest, ARunShowsItsRoundsItsLossAndItsLogsAndSoDoesOneOfSomebodyElse) {
  RunControl control;
  Seen seen(control);
  control.reader().follow_link(QStringLiteral("wan-a"));
  control.set_scenario(three_dc());
  control.set_options(options(6));
  control.run();
  ASSERT_TRUE(until(kRunPatience, [&] { return control.session().state() == LabState::connected || seen.result; }));
  ASSERT_FALSE(seen.result) << seen.result->error.toStdString();
  EXPECT_EQ(control.session().lab().toStdString(), "three-dc");

  // Who comes by later, and has started nothing.
  RunControl other;
  Seen seen_by_other(other);
  other.attach(QStringLiteral("three-dc"));
  ASSERT_TRUE(until(kRunPatience, [&] { return !other.reader().folder().isEmpty() || seen.result; }));
  EXPECT_EQ(other.reader().folder(), control.process().run_folder());

  ASSERT_TRUE(until(kRunPatience, [&] { return seen.result.has_value(); }));
  EXPECT_EQ(seen.result->exit_code, 0) << seen.result->error.toStdString();
  const QJsonObject summary = QJsonDocument::fromJson(seen.result->output).object();
  EXPECT_EQ(summary.value(QStringLiteral("status")).toString().toStdString(), "ok");
  EXPECT_TRUE(until(kLabPatience, [&] {
    return control.reader().facts() && control.reader().facts()->ended && seen.events.contains("end");
  }));
  for (const Seen* each : {&seen, &seen_by_other}) {
    EXPECT_THAT(each->nodes, IsSupersetOf({"a-worker-0", "a-worker-1", "b-worker-0", "b-worker-1", "a-server-0"}));
    EXPECT_GE(each->losses, 4 * 6) << "four workers, six rounds";
    EXPECT_GT(each->wan, 1e6) << "weights have crossed the WAN";
    EXPECT_THAT(each->logs, IsSupersetOf({"a-worker-0", "central-global-server-0"}));
  }
  EXPECT_GT(seen.link_samples, 2u);
  EXPECT_EQ(seen.total, 6);
  EXPECT_GE(seen.done, 1);
  EXPECT_TRUE(until(kLabPatience, [&] { return other.session().state() == LabState::gone; }));
}

TEST_F(RunTest, StopIsCtrlC) {
  RunControl control;
  Seen seen(control);
  control.set_scenario(three_dc());
  control.set_options(options(100'000));
  control.run();
  ASSERT_TRUE(until(kRunPatience, [&] { return seen.losses > 0 || seen.result; }));
  ASSERT_FALSE(seen.result) << seen.result->error.toStdString();
  control.stop();
  EXPECT_TRUE(control.process().stopping());
  ASSERT_TRUE(until(kRunPatience, [&] { return seen.result.has_value(); }));
  EXPECT_TRUE(seen.result->stopped);
  EXPECT_EQ(seen.result->exit_code, 1);
  const QJsonObject summary = QJsonDocument::fromJson(seen.result->output).object();
  EXPECT_EQ(summary.value(QStringLiteral("status")).toString().toStdString(), "interrupted");
  EXPECT_TRUE(until(kLabPatience, [&] { return control.session().state() == LabState::gone; }));
}

TEST_F(RunTest, ARunThatIsLeftGoesOnWithoutItsEditor) {
  QString folder;
  {
    RunControl control;
    Seen seen(control);
    control.set_scenario(three_dc());
    control.set_options(options(100'000));
    control.run();
    ASSERT_TRUE(until(kRunPatience, [&] { return seen.losses > 0 || seen.result; }));
    ASSERT_FALSE(seen.result) << seen.result->error.toStdString();
    folder = control.process().run_folder();
  }  // the window is closed
  RunControl later;
  Seen seen(later);
  later.attach(QStringLiteral("three-dc"));
  ASSERT_TRUE(until(kRunPatience, [&] { return seen.losses > 0; }));
  EXPECT_EQ(later.reader().folder(), folder);
  const int before = seen.losses;
  EXPECT_TRUE(until(kRunPatience, [&] { return seen.losses > before; })) << "it trains still";
  later.down();
  EXPECT_TRUE(until(kLabPatience, [&] { return later.session().state() == LabState::gone; }));
}

TEST_F(RunTest, UpLeavesALabThatIsAttached) {
  RunControl control;
  Seen seen(control);
  control.set_scenario(to_qt((scratch_.path() / "play.json").string()));
  control.up();
  ASSERT_TRUE(until(kLabPatience, [&] { return seen.result.has_value(); }));
  EXPECT_EQ(seen.result->exit_code, 0) << seen.result->error.toStdString();
  EXPECT_GT(seen.total, 1) << "steps";
  ASSERT_TRUE(until(kLabPatience, [&] { return control.session().state() == LabState::connected; }));
  EXPECT_TRUE(control.reader().folder().isEmpty()) << "there is no run";
  EXPECT_TRUE(control.can_down());
  control.down();
  EXPECT_TRUE(until(kLabPatience, [&] { return control.session().state() == LabState::gone; }));
}

TEST_F(RunTest, CheckAndDoctorAnswerInDocuments) {
  RunControl control;
  Seen seen(control);
  control.set_scenario(three_dc());
  control.check();
  EXPECT_FALSE(control.can_check()) << "one command at a time";
  ASSERT_TRUE(until(kLabPatience, [&] { return seen.result.has_value(); }));
  EXPECT_TRUE(QJsonDocument::fromJson(seen.result->output).object().value(QStringLiteral("ok")).toBool());

  seen.result.reset();
  std::ofstream(scratch_.path() / "bad.json") << R"({"version": 1, "name": "x", "topology": {"links": 3}})";
  control.set_scenario(to_qt((scratch_.path() / "bad.json").string()));
  control.check();
  ASSERT_TRUE(until(kLabPatience, [&] { return seen.result.has_value(); }));
  EXPECT_EQ(seen.result->exit_code, 2);
  EXPECT_THAT(seen.result->output.toStdString(), HasSubstr("/topology"));
  EXPECT_TRUE(seen.complaints.empty()) << "the document says it";

  seen.result.reset();
  control.run();
  ASSERT_TRUE(until(kLabPatience, [&] { return seen.result.has_value(); }));
  EXPECT_EQ(seen.result->exit_code, 2);
  ASSERT_FALSE(seen.complaints.empty());
  EXPECT_THAT(seen.result->error.toStdString(), HasSubstr("bad.json"));

  seen.result.reset();
  control.doctor();
  ASSERT_TRUE(until(kLabPatience, [&] { return seen.result.has_value(); }));
  EXPECT_FALSE(QJsonDocument::fromJson(seen.result->output).object().value(QStringLiteral("findings")).isUndefined());
}

}  // namespace
}  // namespace geomx::gui
