// What a server refuses, told by raw messages: the asker gets one line, and the store stays as it was.
#include "ps/server/kv_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <limits>
#include <map>
#include <mutex>

#include "ps/server/global_backing.h"
#include "tests/support/ps_cluster.h"
#include "tests/support/reference.h"

namespace geomx::ps::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Answer {
  proto::Data data;
  std::vector<float> values;
};

// A member that sends what it is told and keeps what it gets.
class Client {
 public:
  explicit Client(std::unique_ptr<Member> member) : member_(std::move(member)) {
    member_->on_data([this](NodeId, const Message& message) {
      const std::lock_guard lock(mutex_);
      Answer& answer = answers_[message.header.data().request()];
      answer.data = message.header.data();
      for (const Buffer& frame : message.frames) {
        const auto floats = frame.as<float>();
        answer.values.assign(floats.begin(), floats.end());
      }
      arrived_.notify_all();
    });
  }
  Member& member() { return *member_; }

  std::uint64_t send(proto::Data data, const std::vector<std::vector<float>>& frames = {}) {
    data.set_request(++last_request_);
    Message message;
    *message.header.mutable_data() = std::move(data);
    for (const auto& frame : frames) {
      message.frames.push_back(Buffer::copy_of(frame.data(), frame.size() * sizeof(float)));
    }
    member_->send({Role::server, 0}, std::move(message));
    return last_request_;
  }
  Answer answer(std::uint64_t request) {
    std::unique_lock lock(mutex_);
    if (!arrived_.wait_until(lock, soon(), [&] { return answers_.contains(request); })) throw Error("no answer");
    return answers_[request];
  }
  bool answered(std::uint64_t request) {
    const std::lock_guard lock(mutex_);
    return answers_.contains(request);
  }
  Answer ask(proto::Data data, const std::vector<std::vector<float>>& frames = {}) {
    return answer(send(std::move(data), frames));
  }
  std::string refusal(proto::Data data, const std::vector<std::vector<float>>& frames = {}) {
    return ask(std::move(data), frames).data.error();
  }

 private:
  std::uint64_t last_request_ = 0;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::map<std::uint64_t, Answer> answers_;
  std::unique_ptr<Member> member_;  // goes first: its thread writes to the answers
};

proto::Data request(proto::Operation operation, const Chunk& chunk, std::uint64_t round = 0,
                    std::uint32_t workers = 1) {
  proto::Data data;
  data.set_operation(operation);
  data.set_round(round);
  if (operation == proto::PUSH_PULL) data.set_workers(workers);
  proto::Slice& slice = *data.add_slices();
  slice.set_key(chunk.key);
  slice.set_offset(chunk.offset);
  slice.set_length(chunk.length);
  slice.set_total(chunk.total);
  if (operation != proto::PULL) slice.set_format(static_cast<std::uint32_t>(Format::fp32));
  return data;
}
proto::Data configure(const proto::OptimizerConfig& optimizer) {
  proto::Data data;
  data.set_operation(proto::CONFIGURE);
  *data.mutable_optimizer() = optimizer;
  return data;
}

constexpr Chunk kTensor{.key = 3, .offset = 0, .length = 2, .total = 2};

// One server, a master worker and another, all of one plane.
class KvServerTest : public ::testing::Test {
 protected:
  KvServerTest() {
    PlaneConfig master_config = plane_.config(PlaneRole::worker);
    master_config.master = true;
    master_.emplace(plane_.member(master_config));
    other_.emplace(plane_.member(PlaneRole::worker));
  }
  ~KvServerTest() override {
    run_all({[&] { master_->member().leave(); }, [&] { other_->member().leave(); }});
    if (ended_.valid()) {
      EXPECT_EQ(ended_.get(), "");
    }
  }
  KvServerTest(const KvServerTest&) = delete;
  KvServerTest& operator=(const KvServerTest&) = delete;

  void start(Backing& backing) {
    server_.emplace(KvServer::Plane{.member = member_.get(), .num_workers = 2, .has_master = true}, backing);
    const auto errors =
        run_all({[&] { member_->join(); }, [&] { master_->member().join(); }, [&] { other_->member().join(); }});
    ASSERT_THAT(errors, ::testing::Each(IsEmpty()));
    ended_ = std::async(std::launch::async, [&] {
      try {
        server_->wait();
        member_->leave();
        return std::string();
      } catch (const Error& error) {
        return std::string(error.what());
      }
    });
  }
  void start_initialised() {
    start(backing_);
    ASSERT_EQ(master_->refusal(configure(sgd(1))), "");
    ASSERT_EQ(master_->refusal(request(proto::INIT, kTensor), {{10, 20}}), "");
  }
  // Why the server has ended.
  std::string failure() { return ended_.wait_until(soon()) == std::future_status::ready ? ended_.get() : "it serves"; }
  std::vector<float> value() { return other_->ask(request(proto::PULL, kTensor)).values; }

  Plane plane_{inproc_medium(), 1, 2};
  GlobalBacking backing_{2};
  std::unique_ptr<Member> member_ = plane_.member(PlaneRole::server);
  std::optional<Client> master_, other_;
  std::optional<KvServer> server_;
  std::future<std::string> ended_;
};

TEST_F(KvServerTest, ARoundStepsOnTheMean) {
  start_initialised();
  const std::uint64_t first = master_->send(request(proto::PUSH_PULL, kTensor, 1), {{1, 2}});
  const Answer second = other_->ask(request(proto::PUSH_PULL, kTensor, 1), {{3, -2}});
  EXPECT_THAT(second.values, ElementsAre(8, 20));
  EXPECT_EQ(second.data.round(), 1U);
  EXPECT_THAT(master_->answer(first).values, ElementsAre(8, 20));
}

// A training that goes on where another job has ended.
TEST_F(KvServerTest, RoundsGoOnFromThatOfTheInitialValue) {
  start(backing_);
  proto::OptimizerConfig optimizer = sgd(1);
  optimizer.mutable_schedule()->set_warmup(16);
  ASSERT_EQ(master_->refusal(configure(optimizer)), "");
  ASSERT_EQ(master_->refusal(request(proto::INIT, kTensor, 7), {{10, 20}}), "");
  EXPECT_EQ(other_->ask(request(proto::PULL, kTensor)).data.round(), 7U);
  EXPECT_THAT(master_->refusal(request(proto::PUSH_PULL, kTensor, 1), {{1, 2}}), HasSubstr("where round 8 is open"));
  const std::uint64_t first = master_->send(request(proto::PUSH_PULL, kTensor, 8), {{1, 2}});
  const Answer second = other_->ask(request(proto::PUSH_PULL, kTensor, 8), {{3, -2}});
  EXPECT_THAT(second.values, ElementsAre(9, 20));  // the schedule goes on, too: half of the way up
  EXPECT_EQ(master_->answer(first).data.round(), 8U);
}

TEST_F(KvServerTest, APullWaitsForTheInitialValue) {
  start(backing_);
  const std::uint64_t early = other_->send(request(proto::PULL, kTensor));
  ASSERT_EQ(master_->refusal(configure(sgd(1))), "");
  EXPECT_FALSE(other_->answered(early));
  ASSERT_EQ(master_->refusal(request(proto::INIT, kTensor), {{10, 20}}), "");
  EXPECT_THAT(other_->answer(early).values, ElementsAre(10, 20));
}

TEST_F(KvServerTest, OnlyTheMasterConfiguresAndInitialisesAndOnlyOnce) {
  start(backing_);
  EXPECT_THAT(other_->refusal(configure(sgd(1))), HasSubstr("only the master worker"));
  EXPECT_THAT(other_->refusal(request(proto::INIT, kTensor), {{1, 2}}), HasSubstr("only the master worker"));
  EXPECT_EQ(master_->refusal(request(proto::INIT, kTensor), {{1, 2}}),
            "tensor 3: no optimizer is set: configure() comes before init()");
  EXPECT_THAT(master_->refusal(configure(sgd(-1))), HasSubstr("learning rate is -1"));
  EXPECT_EQ(master_->refusal(configure(sgd(1))), "");
  EXPECT_EQ(master_->refusal(configure(sgd(2))), "the optimizer is set already");
  EXPECT_EQ(master_->refusal(configure(sgd(1))), "");  // as one who was started again would
  EXPECT_EQ(master_->refusal(request(proto::INIT, kTensor), {{10, 20}}), "");
  EXPECT_EQ(master_->refusal(request(proto::INIT, kTensor), {{1, 2}}), "tensor 3: it has its initial value already");
  EXPECT_THAT(value(), ElementsAre(10, 20));
}

TEST_F(KvServerTest, RefusesWhatDoesNotFitAndKeepsItsValue) {
  start_initialised();
  const auto push = [](const Chunk& chunk, std::uint64_t round = 1) { return request(proto::PUSH_PULL, chunk, round); };
  EXPECT_EQ(other_->refusal(push({.key = 4, .offset = 0, .length = 2, .total = 2}), {{1, 2}}),
            "tensor 4 has no value yet: init() or pull() comes before push_pull()");
  EXPECT_EQ(other_->refusal(push({.key = 3, .offset = 0, .length = 3, .total = 3}), {{1, 2, 3}}),
            "tensor 3 has 2 elements, not 3");
  EXPECT_EQ(other_->refusal(request(proto::PULL, {.key = 3, .offset = 0, .length = 5, .total = 5})),
            "tensor 3 has 2 elements, not 5");
  EXPECT_THAT(other_->refusal(push({.key = 3, .offset = 1, .length = 1, .total = 2}), {{1}}),
              HasSubstr("MXNET_KVSTORE_BIGARRAY_BOUND differs"));
  EXPECT_EQ(other_->refusal(push({.key = 3, .offset = 1, .length = 2, .total = 2}), {{1, 2}}),
            "tensor 3 lies outside of its tensor");
  EXPECT_THAT(other_->refusal(push({.key = 3, .offset = ~0ULL, .length = 2, .total = 2}), {{1, 2}}),
              HasSubstr("lies outside of its tensor"));
  EXPECT_EQ(other_->refusal(push(kTensor), {{1, 2, 3}}), "tensor 3: a slice of 12 bytes in fp32, where 8 are wanted");
  EXPECT_EQ(other_->refusal(push(kTensor)), "tensor 3: 0 frames, where 1 is wanted");
  EXPECT_EQ(other_->refusal(push(kTensor), {{1, 2}, {3}}), "tensor 3: 2 frames, where 1 is wanted");
  EXPECT_EQ(other_->refusal(push(kTensor, 2), {{1, 2}}), "tensor 3: a gradient of round 2, where round 1 is open");
  EXPECT_EQ(other_->refusal(push(kTensor, 0), {{1, 2}}), "tensor 3: a gradient of round 0, where round 1 is open");
  proto::Data none;
  none.set_operation(proto::PUSH_PULL);
  EXPECT_EQ(other_->refusal(none), "a request with 0 slices, where 1 is wanted");
  EXPECT_EQ(other_->refusal({}), "operation 0 is not one of a server");
  EXPECT_THAT(value(), ElementsAre(10, 20));
}

TEST_F(KvServerTest, RefusesASecondGradientOfTheSameWorker) {
  start_initialised();
  const std::uint64_t first = other_->send(request(proto::PUSH_PULL, kTensor, 1), {{2, 2}});
  EXPECT_EQ(other_->refusal(request(proto::PUSH_PULL, kTensor, 1), {{9, 9}}),
            "tensor 3: a second gradient of round 1 from the same sender");
  EXPECT_FALSE(other_->answered(first));
  EXPECT_THAT(master_->ask(request(proto::PUSH_PULL, kTensor, 1), {{2, 2}}).values, ElementsAre(8, 18));
  EXPECT_THAT(other_->answer(first).values, ElementsAre(8, 18));
}

TEST_F(KvServerTest, ARoundThatNeedsOneWhoHasLeftEndsTheJob) {
  start_initialised();
  other_->member().leave();
  const std::string why = master_->refusal(request(proto::PUSH_PULL, kTensor, 1), {{1, 2}});
  EXPECT_THAT(why, AllOf(HasSubstr("worker 1 ("), HasSubstr(") has left, but round 1 of tensor 3 still needs its "),
                         HasSubstr("--epoch, --rounds and --batch-size must be the same for all workers")));
  EXPECT_EQ(failure(), why);
}

TEST_F(KvServerTest, WhoLeavesInAnOpenRoundEndsTheJob) {
  start_initialised();
  const std::uint64_t waiting = master_->send(request(proto::PUSH_PULL, kTensor, 1), {{1, 2}});
  ASSERT_EQ(other_->refusal(request(proto::PULL, kTensor)), "");
  other_->member().leave();
  EXPECT_THAT(master_->answer(waiting).data.error(), HasSubstr(") has left, but round 1 of tensor 3"));
  EXPECT_THAT(failure(), HasSubstr("worker 1 ("));
}

TEST_F(KvServerTest, AGradientThatIsNotFiniteEndsTheJob) {
  start_initialised();
  const std::uint64_t waiting = master_->send(request(proto::PUSH_PULL, kTensor, 1), {{1, 2}});
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::string why = other_->refusal(request(proto::PUSH_PULL, kTensor, 1), {{1, nan}});
  EXPECT_THAT(why, AllOf(HasSubstr("worker 1 ("), HasSubstr(") has sent a gradient of tensor 3 for round 1 that is not "
                                                            "finite: the training diverges")));
  EXPECT_EQ(master_->answer(waiting).data.error(), why);
  EXPECT_EQ(failure(), why);
}

TEST_F(KvServerTest, AnEarlyPullOfAnotherSizeIsRefusedWhenTheValueComes) {
  start(backing_);
  const std::uint64_t wrong = other_->send(request(proto::PULL, {.key = 3, .offset = 0, .length = 7, .total = 7}));
  ASSERT_EQ(master_->refusal(configure(sgd(1))), "");
  ASSERT_EQ(master_->refusal(request(proto::INIT, kTensor), {{10, 20}}), "");
  EXPECT_EQ(other_->answer(wrong).data.error(), "tensor 3 has 2 elements, not 7");
}

TEST_F(KvServerTest, AnEmptyTensorIsATensor) {
  start_initialised();
  const Chunk empty{.key = 8, .offset = 0, .length = 0, .total = 0};
  EXPECT_EQ(master_->refusal(request(proto::INIT, empty)), "");
  const std::uint64_t first = master_->send(request(proto::PUSH_PULL, empty, 1));
  EXPECT_EQ(other_->refusal(request(proto::PUSH_PULL, empty, 1)), "");
  EXPECT_EQ(master_->answer(first).data.round(), 1U);
}

}  // namespace
}  // namespace geomx::ps::testing
