// The editor's end of a running lab, with real labs, real traffic and real signals.

#include <gmock/gmock.h>

#include <QElapsedTimer>

#include "gui/client/lab_list.h"
#include "gui/client/lab_session.h"
#include "gui/client/text.h"
#include "tests/gui/lab_bed.h"
#include "tests/gui/stall_meter.h"

namespace geomx::gui {
namespace {

using namespace std::chrono_literals;
using test::kLabPatience;
using test::StallMeter;
using test::until;
using ::testing::HasSubstr;

constexpr qint64 kLongestStall = 200;  // milliseconds

class SessionTest : public test::LabBed {
 protected:
  void SetUp() override {
    LabBed::SetUp();
    QObject::connect(&session_, &LabSession::link_read, [this](const LinkReading& reading) { reading_ = reading; });
    QObject::connect(&session_, &LabSession::answered, [this](const Outcome& outcome) { outcome_ = outcome; });
  }
  void TearDown() override {
    session_.detach();
    LabBed::TearDown();
  }

  void attach() {
    bring_up();
    lab_pid_ = lab_pid();
    ASSERT_GT(lab_pid_, 0);
    session_.attach(QStringLiteral("play"));
    ASSERT_TRUE(reaches(LabState::connected));
    ASSERT_TRUE(until(kLabPatience, [this] { return session_.last_feed() != nullptr; }));
  }
  bool reaches(LabState state, std::chrono::milliseconds patience = kLabPatience) {
    return until(patience, [&] { return session_.state() == state; });
  }
  // Of a link in the latest feed; null: it is not there.
  const control::LinkRates* of(const std::string& link) const {
    if (!session_.last_feed()) return nullptr;
    for (const control::LinkRates& rates : session_.last_feed()->links) {
      if (rates.name == link) return &rates;
    }
    return nullptr;
  }
  // The faster of its directions, in Mbit/s.
  double rate(const std::string& link) const {
    const control::LinkRates* rates = of(link);
    return rates == nullptr ? -1 : std::max(rates->forward.bps, rates->backward.bps) / 1e6;
  }
  bool answer_comes(quint64 request) {
    return until(kLabPatience, [&] { return outcome_ && outcome_->request == request; });
  }

  LabSession session_;
  std::optional<LinkReading> reading_;
  std::optional<Outcome> outcome_;
};

TEST_F(SessionTest, ShowsTheTrafficOfALabAndWhatAChangeDoesToIt) {
  ASSERT_NO_FATAL_FAILURE(attach());
  EXPECT_EQ(session_.facts()->links.size(), 2u + 2 + 3) << "WAN, hosts, gateways";
  EXPECT_THAT(session_.facts()->scenario.toStdString(), HasSubstr("wan-a"));
  EXPECT_LT(rate("wan-a"), 1) << "nobody sends yet";
  ASSERT_NO_FATAL_FAILURE(start_iperf());
  ASSERT_TRUE(until(kLabPatience, [this] { return rate("wan-a") > 25 && rate("wan-b") > 25; })) << rate("wan-a");

  const quint64 request = session_.change_link(QStringLiteral("wan-a"), {}, {QStringLiteral("rate=4Mbit")});
  ASSERT_TRUE(answer_comes(request));
  EXPECT_EQ(outcome_->result, Outcome::Result::done) << outcome_->reason.toStdString();
  EXPECT_TRUE(until(2s, [this] { return rate("wan-a") > 1 && rate("wan-a") < 5; })) << rate("wan-a");
  ASSERT_TRUE(until(kLabPatience, [this] { return reading_.has_value(); }));
  EXPECT_EQ(reading_->ways[0].asked[QStringLiteral("rate")].toStdString(), "4Mbit");
  EXPECT_THAT(reading_->ways[0].read_back.toStdString(), HasSubstr("4Mbit"));
  EXPECT_TRUE(until(kLabPatience, [this] { return of("wan-a")->forward.limit_bps == 4'000'000u; }))
      << "utilisation is that of the new limit";
}

TEST_F(SessionTest, CutsAndHealsALink) {
  ASSERT_NO_FATAL_FAILURE(attach());
  ASSERT_NO_FATAL_FAILURE(start_iperf());
  ASSERT_TRUE(until(kLabPatience, [this] { return rate("wan-b") > 25; }));
  ASSERT_TRUE(answer_comes(session_.set_link_up(QStringLiteral("wan-b"), false)));
  EXPECT_TRUE(until(2s, [this] { return rate("wan-b") < 0.01; })) << rate("wan-b");
  ASSERT_TRUE(until(kLabPatience, [this] { return reading_.has_value(); }));
  EXPECT_FALSE(reading_->up);
  ASSERT_TRUE(answer_comes(session_.set_link_up(QStringLiteral("wan-b"), true)));
  EXPECT_TRUE(until(kLabPatience, [this] { return rate("wan-b") > 10; })) << "TCP takes a moment to try again";
}

TEST_F(SessionTest, ARefusalSaysWhyAndWhatHoldsStill) {
  ASSERT_NO_FATAL_FAILURE(attach());
  ASSERT_TRUE(answer_comes(session_.change_link(QStringLiteral("wan-a"), {}, {QStringLiteral("rate=fast")})));
  EXPECT_EQ(outcome_->result, Outcome::Result::refused);
  EXPECT_THAT(outcome_->reason.toStdString(), HasSubstr("rate"));
  ASSERT_TRUE(until(kLabPatience, [this] { return reading_.has_value(); }));
  EXPECT_EQ(reading_->ways[0].asked[QStringLiteral("rate")].toStdString(), "40Mbit");
  ASSERT_TRUE(answer_comes(session_.change_link(QStringLiteral("no-such"), {}, {QStringLiteral("rate=1Mbit")})));
  EXPECT_EQ(outcome_->result, Outcome::Result::refused);
  EXPECT_EQ(session_.state(), LabState::connected) << "a refusal is no trouble";
}

TEST_F(SessionTest, HearsOfWhatOthersDo) {
  ASSERT_NO_FATAL_FAILURE(attach());
  ASSERT_EQ(emu({"link", "play", "wan-a", "--from", "a", "delay=25ms"}).status, 0);
  ASSERT_TRUE(until(kLabPatience, [this] { return reading_.has_value(); }));
  EXPECT_EQ(reading_->link.toStdString(), "wan-a");
  EXPECT_EQ(reading_->ways[0].asked[QStringLiteral("delay")].toStdString(), "5ms");
  EXPECT_EQ(reading_->ways[1].asked[QStringLiteral("delay")].toStdString(), "25ms");
  QString state;
  QObject::connect(&session_, &LabSession::node_changed, [&](const QString& node, const QString& now) {
    if (node == QStringLiteral("a-host-0")) state = now;
  });
  session_.act_on_node(QStringLiteral("a-host-0"), QStringLiteral("kill"));
  EXPECT_TRUE(until(kLabPatience, [&] { return state == QStringLiteral("killed"); }));
  ASSERT_EQ(emu({"node", "play", "a-host-0", "restart"}).status, 0);
  EXPECT_TRUE(until(kLabPatience, [&] { return state == QStringLiteral("running"); }));
}

TEST_F(SessionTest, SaysAtOnceThatALabIsGone) {
  ASSERT_NO_FATAL_FAILURE(attach());
  StallMeter stall;
  ::kill(lab_pid_, SIGKILL);
  QElapsedTimer since;
  since.start();
  ASSERT_TRUE(reaches(LabState::gone));
  EXPECT_LT(since.elapsed(), 2000);
  EXPECT_LT(stall.take(), kLongestStall);
  EXPECT_THAT(session_.words().toStdString(), HasSubstr("ended"));
  ASSERT_TRUE(answer_comes(session_.set_link_up(QStringLiteral("wan-a"), false)));
  EXPECT_EQ(outcome_->result, Outcome::Result::refused);
}

TEST_F(SessionTest, ALabThatHangsIsNoFreezeAndIsTakenUpAgain) {
  ASSERT_NO_FATAL_FAILURE(attach());
  StallMeter stall;
  signal_lab(SIGSTOP);
  // Asked while nobody knows yet that no answer will come.
  session_.change_link(QStringLiteral("wan-a"), {}, {QStringLiteral("rate=5Mbit")});
  ASSERT_TRUE(reaches(LabState::not_answering, 5s)) << session_.words().toStdString();
  EXPECT_THAT(session_.words().toStdString(), HasSubstr("has not answered"));
  QTest::qWait(1500);
  EXPECT_EQ(session_.state(), LabState::not_answering);
  EXPECT_LT(stall.take(), kLongestStall);
  signal_lab(SIGCONT);
  EXPECT_TRUE(reaches(LabState::connected));
  const double before = session_.last_feed()->time;
  EXPECT_TRUE(until(kLabPatience, [&] { return session_.last_feed()->time > before; }));
  EXPECT_LT(stall.take(), kLongestStall);
}

TEST_F(SessionTest, ALabThatHangsLongerThanAnAnswerMayTakeIsTakenUpAgain) {
  ASSERT_NO_FATAL_FAILURE(attach());
  signal_lab(SIGSTOP);
  const quint64 request = session_.change_link(QStringLiteral("wan-a"), {}, {QStringLiteral("rate=5Mbit")});
  ASSERT_TRUE(until(30s, [&] { return outcome_ && outcome_->request == request; }));
  EXPECT_NE(outcome_->result, Outcome::Result::done) << "unknown where it was on its way, else refused";
  EXPECT_EQ(session_.state(), LabState::not_answering);
  StallMeter stall;
  signal_lab(SIGCONT);
  EXPECT_TRUE(reaches(LabState::connected));
  session_.read_link(QStringLiteral("wan-a"));
  ASSERT_TRUE(until(kLabPatience, [this] { return reading_.has_value(); }));
  EXPECT_LT(stall.take(), kLongestStall);
}

TEST_F(SessionTest, AHangingLabCanBeLeftAtOnce) {
  ASSERT_NO_FATAL_FAILURE(attach());
  signal_lab(SIGSTOP);
  session_.change_link(QStringLiteral("wan-a"), {}, {QStringLiteral("rate=5Mbit")});
  StallMeter stall;
  QTest::qWait(200);
  session_.detach();
  EXPECT_EQ(session_.state(), LabState::idle);
  {
    LabSession other;
    other.attach(QStringLiteral("play"));
    QTest::qWait(300);
  }  // destroyed while it waits for an answer
  EXPECT_LT(stall.take(), kLongestStall);
  signal_lab(SIGCONT);
}

TEST_F(SessionTest, EndsALabAndFindsThoseThatRun) {
  ASSERT_NO_FATAL_FAILURE(attach());
  LabList list;
  list.refresh();
  ASSERT_TRUE(until(kLabPatience, [&] { return list.labs().size() == 1; }));
  EXPECT_EQ(list.labs()[0].name.toStdString(), "play");
  EXPECT_TRUE(list.labs()[0].detached);
  EXPECT_TRUE(list.labs()[0].run_folder.isEmpty());
  session_.down();
  ASSERT_TRUE(reaches(LabState::gone));
  EXPECT_EQ(session_.words().toStdString(), "play is down");
  EXPECT_TRUE(until(kLabPatience, [&] {
    list.refresh();
    return list.labs().isEmpty();
  }));
  session_.attach(QStringLiteral("play"));
  ASSERT_TRUE(reaches(LabState::gone)) << "there is none any more";
}

}  // namespace
}  // namespace geomx::gui
