#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "tests/support/ps_job.h"

// A worker that has waited for long enough names whom its answer waits for, however far away that is.
namespace geomx::ps::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

// What a worker says whose party has all pushed, or not, while `idle` lives and beats but does not push.
std::string line_of(std::size_t patient, std::size_t idle, const Deployment& deployment) {
  std::atomic<bool> over = false;
  Deployment impatient = deployment;
  impatient.wait_timeout = 1;
  Job job(impatient, inproc_medium());
  std::vector<std::vector<float>> weights(6, std::vector<float>(3)), gradients(6, std::vector<float>(3, 1));
  const Ends ends = job.run([&](Session& session, std::optional<std::size_t> slice) {
    KvWorker& kv = session.kv();
    std::vector<float>& mine = weights[slice.value_or(5)];
    begin_with_zeros(session, sgd(1), mine);
    if (!slice) return;
    if (*slice == idle) {
      for (const auto deadline = soon(); !over && Clock::now() < deadline;) std::this_thread::yield();
      return;
    }
    try {
      const auto handle = kv.push_pull(0, gradients[*slice], mine);
      // The others' patience is longer, so that this one's line is the first.
      if (*slice == patient) kv.wait(handle);
      for (const auto deadline = soon(); !over && Clock::now() < deadline;) std::this_thread::yield();
    } catch (const Error&) {
      over = true;
      throw;
    }
  });
  return ends.workers[patient];
}

TEST(AwaitedTest, AWorkerOfTheSameParty) {
  EXPECT_THAT(line_of(0, 1, {}),
              MatchesRegex("no answer from server 0 \\(.*\\) about .*tensor 0.* within 1 s; it waits "
                           "for worker 1 \\(.*\\)"));
}

TEST(AwaitedTest, APartyBeyondTheGlobalServer) {
  EXPECT_THAT(line_of(0, 2, {}),
              MatchesRegex("no answer from server 0 \\(.*\\) about .*tensor 0.* within 1 s; it waits "
                           "for server 0 \\(.*\\), which waits for worker 1 \\(.*\\)"));
}

TEST(AwaitedTest, TheCentralParty) {
  const Deployment central{.party_workers = {1, 1}, .central_workers = 1, .central_trains = true};
  EXPECT_THAT(line_of(0, 2, central), HasSubstr("which waits for the central party"));
}

TEST(AwaitedTest, AWorkerWithTsEngine) {
  Deployment engine{.party_workers = {3}};
  engine.settings["ENABLE_INTRA_TS"] = "1";
  EXPECT_THAT(line_of(0, 2, engine), AllOf(HasSubstr("no answer from server 0"), HasSubstr("worker 2 (")));
}

}  // namespace
}  // namespace geomx::ps::testing
