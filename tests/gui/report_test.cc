// What the editor shows of a run that is over.
#include <gmock/gmock.h>

#include <QDesktopServices>
#include <QJsonArray>
#include <QPushButton>
#include <QTemporaryDir>
#include <QTest>
#include <fstream>

#include "gui/panels/report_page.h"
#include "gui/panels/report_panel.h"
#include "tests/gui/panel_checks.h"

namespace geomx::gui {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kSummary = R"({
  "status": "ok", "error": null, "wall_seconds": 14.23,
  "training": {"test_accuracy": 0.7414, "train_loss": 0.863, "rounds": 60, "samples_per_second": 680.6,
               "seconds_to_accuracy": {"0.7": 11.28}, "wan_bytes": 183000062, "lan_bytes": 1056093200},
  "workload": null,
  "links": [
    {"name": "wan-a", "direction": "central->a", "scope": "wan", "bytes": 46000000, "drops": 3,
     "asked": {"rate": "100Mbit", "delay": "30ms", "loss": null},
     "measured": {"rate": "99.8Mbit", "delay": "30.03ms", "loss": "0%"}},
    {"name": "a-worker-0--a-switch", "direction": "a-worker-0->a-switch", "scope": "lan", "bytes": 1, "drops": 0,
     "asked": {}, "measured": {}}],
  "fidelity": {"verdict": "degraded", "reasons": ["wan-a: rate <too> low"], "not_measured": []},
  "expectations": [{"metric": "training.test_accuracy", "min": 0.8, "max": null, "value": 0.7414, "met": false}]
})";

class ReportTest : public testing::Test {
 protected:
  void write(const char* name, const std::string& text) const {
    std::ofstream(folder_.filePath(QString::fromUtf8(name)).toStdString()) << text;
  }
  std::string text() const { return panel_.text().toStdString(); }

  QTemporaryDir folder_;
  RunControl control_;
  ReportPanel panel_{control_};
};

TEST_F(ReportTest, ARunThatIsOverHasAPageWithAllThatCounts) {
  panel_.resize(900, 500);
  panel_.show();
  EXPECT_THAT(text(), HasSubstr("once it has ended"));
  EXPECT_FALSE(panel_.findChild<QPushButton*>()->isEnabled());
  write("run.json", R"({"scenario": "x", "start": {"seconds_since_epoch": 1}, "end": null, "status": null})");
  control_.open_run(folder_.path());
  EXPECT_THAT(text(), HasSubstr("goes on"));
  bool ready = false;
  QObject::connect(&panel_, &ReportPanel::ready, [&] { ready = true; });
  write("run.json", R"({"scenario": "x", "start": {"seconds_since_epoch": 1}, "end": {"utc": "now"}, "status": "ok"})");
  write("summary.json", kSummary);
  ASSERT_TRUE(QTest::qWaitFor([&] { return ready; }, 10'000));
  for (const char* words :
       {"The run is complete", "14.2 s", "74.1 %", "681", "174.5 MiB", "wan-a", "100Mbit / 99.8Mbit", "30ms / 30.03ms",
        "degraded", "rate <too> low", "at least 0.8", "0.7414", "not met"}) {
    EXPECT_THAT(text(), HasSubstr(words));
  }
  EXPECT_THAT(text(), Not(HasSubstr("a-worker-0"))) << "cables are of no interest";
  test::expect_sound(panel_);
  test::keep_picture(panel_, QStringLiteral("report"));

  const QTemporaryDir other;
  control_.open_run(other.path());
  EXPECT_THAT(text(), Not(HasSubstr("complete"))) << "that was another run's";
}

TEST_F(ReportTest, AFailureComesFirstWithItsReason) {
  const QJsonObject summary{{"status", "failed"}, {"error", "a-worker-0: it died <of> hunger"}, {"wall_seconds", 2.5}};
  const QString page = report_page(summary, panel_.palette());
  EXPECT_THAT(page.toStdString(), HasSubstr("has failed"));
  EXPECT_THAT(page.toStdString(), HasSubstr("died &lt;of&gt; hunger")) << "a reason is no markup";
  EXPECT_THAT(page.toStdString(), Not(HasSubstr("Training"))) << "what there is not is left out";
}

TEST_F(ReportTest, CommandsAreListedWithWhatTheyReturned) {
  const QJsonObject command{{"node", "h1"},
                            {"argv", QJsonArray{"ping", "-c", "3"}},
                            {"status", "failed"},
                            {"exit_code", 1},
                            {"seconds", 2.0}};
  const QString page =
      report_page({{"status", "ok"}, {"wall_seconds", 3}, {"workload", QJsonArray{command}}}, panel_.palette());
  EXPECT_THAT(page.toStdString(), HasSubstr("ping -c 3"));
  EXPECT_THAT(page.toStdString(), HasSubstr(">1<"));
}

}  // namespace
}  // namespace geomx::gui
