// The asking side against a server that does as the test says.
#include "ps/worker/kv_worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <mutex>
#include <optional>

#include "tests/support/ps_cluster.h"

namespace geomx::ps::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A server whose answers are the test's.
class Script {
 public:
  using Answer = std::function<std::optional<Message>(const Message& asked)>;

  Script(std::unique_ptr<Member> member, Answer answer) : answer_(std::move(answer)), member_(std::move(member)) {
    member_->on_data([this](NodeId from, const Message& asked) {
      std::optional<Message> message = answer_(asked);
      if (!message) return;
      proto::Data& data = *message->header.mutable_data();
      data.set_operation(proto::RESPONSE);
      data.set_request(asked.header.data().request());
      member_->send(from, std::move(*message));
    });
  }
  Member& member() { return *member_; }

 private:
  Answer answer_;
  std::unique_ptr<Member> member_;  // goes first: its thread calls the answer
};

Message greeting(std::uint32_t shard, std::uint32_t all_workers = 1) {
  Message message;
  message.header.mutable_data()->mutable_greeting()->set_shard(shard);
  message.header.mutable_data()->mutable_greeting()->set_all_workers(all_workers);
  return message;
}
Message refusal(const std::string& why) {
  Message message;
  message.header.mutable_data()->set_error(why);
  return message;
}
Message values(std::uint64_t round, const std::vector<float>& floats) {
  Message message;
  message.header.mutable_data()->set_round(round);
  message.header.mutable_data()->add_slices()->set_format(static_cast<std::uint32_t>(Format::fp32));
  message.frames.push_back(Buffer::copy_of(floats.data(), floats.size() * sizeof(float)));
  return message;
}

std::string error_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

// One worker and some servers.
class KvWorkerTest : public ::testing::Test {
 protected:
  void start(const std::vector<Script::Answer>& answers, KvWorker::Options options = {}) {
    plane_ = std::make_unique<Plane>(inproc_medium(), static_cast<int>(answers.size()), 1);
    member_ = plane_->member(PlaneRole::worker);
    worker_.emplace(*member_, options);
    std::vector<std::function<void()>> joins = {[&] { member_->join(); }};
    for (std::size_t i = 0; i < answers.size(); ++i) {
      PlaneConfig config = plane_->config(PlaneRole::server);
      config.order = i;
      servers_.push_back(std::make_unique<Script>(plane_->member(config), answers[i]));
      joins.push_back([server = servers_.back().get()] { server->member().join(); });
    }
    ASSERT_THAT(run_all(joins), Each(IsEmpty()));
  }
  void start_greeted(const Script::Answer& answer, KvWorker::Options options = {}) {
    start({[answer](const Message& asked) {
            return asked.header.data().operation() == proto::GREET ? std::optional(greeting(0)) : answer(asked);
          }},
          options);
    worker_->greet({}, {}, soon());
  }

  std::unique_ptr<Plane> plane_;
  std::vector<std::unique_ptr<Script>> servers_;
  std::unique_ptr<Member> member_;
  std::optional<KvWorker> worker_;
};

TEST_F(KvWorkerTest, PullsIntoTheCallersArray) {
  start_greeted([](const Message&) { return values(4, {1, 2}); });
  std::vector<float> value = {0, 0, 9};
  const auto handle = worker_->pull(0, std::span(value).first(2));
  worker_->wait(handle);
  EXPECT_THAT(value, ElementsAre(1, 2, 9));
}

TEST_F(KvWorkerTest, ThePushOfARoundFollowsWhatWasPulled) {
  std::vector<std::uint64_t> rounds;
  start_greeted([&](const Message& asked) {
    rounds.push_back(asked.header.data().round());
    return values(4 + rounds.size(), {0});
  });
  std::vector<float> value(1);
  worker_->wait(worker_->pull(0, value));
  worker_->wait(worker_->push_pull(0, value, value));
  worker_->wait(worker_->push_pull(0, value, value));
  EXPECT_THAT(rounds, ElementsAre(0, 6, 7));
}

TEST_F(KvWorkerTest, AGradientIsNotCopied) {
  std::vector<float> gradient = {5, 6};
  std::vector<float> value(2);
  const void* arrived = nullptr;
  start_greeted([&](const Message& asked) {
    arrived = asked.frames.at(0).data();
    return values(1, {7, 8});
  });
  worker_->wait(worker_->push_pull(0, gradient, value));
  EXPECT_EQ(arrived, gradient.data());
  EXPECT_THAT(value, ElementsAre(7, 8));
}

// A tensor without values asks and is answered as one that has them.
TEST_F(KvWorkerTest, APlaceholderIsPushedWholeAndItsAnswerIsThrownAway) {
  std::vector<std::size_t> sizes;
  std::vector<const void*> sent;
  std::vector<std::uint64_t> rounds;
  start_greeted(
      [&](const Message& asked) {
        const proto::Data& data = asked.header.data();
        sizes.push_back(asked.frames.empty() ? 0 : asked.frames.at(0).size());
        sent.push_back(asked.frames.empty() ? nullptr : asked.frames.at(0).data());
        rounds.push_back(data.round());
        if (data.operation() == proto::INIT) return Message();
        return values(4 + rounds.size(), std::vector<float>(data.slices(0).length(), 1));
      },
      {.bigarray_bound = 1024});
  const Placeholder tensor{1088};  // 32 chunks of 34
  worker_->wait(worker_->init(0, tensor));
  EXPECT_THAT(sizes, ::testing::AllOf(::testing::SizeIs(32), Each(34 * sizeof(float))));
  sizes.clear();
  worker_->wait(worker_->pull(0, tensor));
  EXPECT_THAT(sizes, ::testing::AllOf(::testing::SizeIs(32), Each(0)));
  const std::uint64_t pulled = worker_->round_of(0);
  sizes.clear();
  sent.clear();
  worker_->wait(worker_->push_pull(0, tensor));
  EXPECT_THAT(sizes, ::testing::AllOf(::testing::SizeIs(32), Each(34 * sizeof(float))));
  EXPECT_THAT(sent, Each(sent.front()));  // all of them are the same bytes
  EXPECT_EQ(rounds.back(), pulled + 1);
  EXPECT_GT(worker_->round_of(0), pulled);
}

TEST_F(KvWorkerTest, AnAnswerOfTheWrongSizeToAPlaceholderIsRefused) {
  start_greeted([](const Message&) { return values(1, {1, 2, 3}); });
  EXPECT_THAT(error_of([&] { worker_->wait(worker_->pull(0, Placeholder{2})); }), HasSubstr("server 0"));
}

TEST_F(KvWorkerTest, SeveralAreInFlightAndMayBeAnsweredInAnyOrder) {
  std::deque<std::uint64_t> held;
  Member* server = nullptr;
  start_greeted([&](const Message& asked) -> std::optional<Message> {
    const proto::Data& data = asked.header.data();
    if (data.slices(0).key() == 0) {
      held.push_back(data.request());
      return std::nullopt;
    }
    Message late = values(1, {1});
    late.header.mutable_data()->set_operation(proto::RESPONSE);
    late.header.mutable_data()->set_request(held.front());
    server->send({Role::worker, 0}, std::move(late));
    return values(1, {2});
  });
  server = &servers_[0]->member();
  std::vector<float> first(1), second(1);
  const auto early = worker_->pull(0, first);
  const auto late = worker_->pull(1, second);
  worker_->wait(late);
  worker_->wait(early);
  EXPECT_EQ(first[0], 1);
  EXPECT_EQ(second[0], 2);
}

TEST_F(KvWorkerTest, ServersMayHoldShardsThatAreNotTheirRanks) {
  std::mutex mutex;
  std::vector<std::vector<std::uint64_t>> offsets(2);
  const auto holder = [&](std::uint32_t rank, std::uint32_t shard) {
    return [&, rank, shard](const Message& asked) -> std::optional<Message> {
      if (asked.header.data().operation() == proto::GREET) return greeting(shard);
      const proto::Slice& slice = asked.header.data().slices(0);
      const std::lock_guard lock(mutex);
      offsets[rank].push_back(slice.offset());
      return values(1, std::vector<float>(slice.length(), static_cast<float>(rank)));
    };
  };
  start({holder(0, 1), holder(1, 0)}, {.bigarray_bound = 64});
  worker_->greet({}, {}, soon());
  std::vector<float> value(64);
  worker_->wait(worker_->pull(0, value));
  EXPECT_THAT(std::vector(value.begin(), value.begin() + 32), Each(1));
  EXPECT_THAT(std::vector(value.begin() + 32, value.end()), Each(0));
}

TEST_F(KvWorkerTest, TwoServersOfOneShardAreRefused) {
  start({[](const Message&) { return greeting(0); }, [](const Message&) { return greeting(0); }});
  EXPECT_THAT(error_of([&] { worker_->greet({}, {}, soon()); }), HasSubstr("server 1 says that it holds shard 0 of 2"));
}

TEST_F(KvWorkerTest, ARefusalNamesTheServer) {
  start_greeted([](const Message&) { return refusal("tensor 0 has 3 elements, not 1"); });
  std::vector<float> value(1);
  EXPECT_THAT(error_of([&] { worker_->wait(worker_->pull(0, value)); }),
              AllOf(HasSubstr("server 0 ("), HasSubstr("): tensor 0 has 3 elements, not 1")));
}

TEST_F(KvWorkerTest, AnAnswerOfTheWrongSizeIsNotWritten) {
  start_greeted([](const Message&) { return values(1, {1, 2, 3}); });
  std::vector<float> value(2);
  EXPECT_THAT(error_of([&] { worker_->wait(worker_->pull(0, value)); }),
              HasSubstr("a slice of 12 bytes in fp32, where 8 are wanted"));
  EXPECT_THAT(value, ElementsAre(0, 0));
}

TEST_F(KvWorkerTest, TheDeadlineNamesTheServerAndTheTensor) {
  start_greeted([](const Message&) { return std::nullopt; }, {.timeout = 20ms});
  std::vector<float> value(1);
  const auto handle = worker_->pull(7, value);
  EXPECT_THAT(error_of([&] { worker_->wait(handle); }),
              AllOf(HasSubstr("no answer from server 0 ("), HasSubstr("about tensor 7 within 0.02 s")));
  EXPECT_NO_THROW(worker_->wait(handle));  // it has been waited for
}

TEST_F(KvWorkerTest, AFailingPlaneWakesWhoeverWaits) {
  start_greeted([&](const Message&) -> std::optional<Message> { return std::nullopt; });
  std::vector<float> value(1);
  const auto handle = worker_->pull(0, value);
  std::string told;
  worker_->on_failure([&](const std::string& why) { told = why; });
  auto leaving = std::async(std::launch::async, [&] { servers_[0]->member().fail("out of memory"); });
  EXPECT_THAT(error_of([&] { worker_->wait(handle); }), HasSubstr("out of memory"));
  leaving.get();
  worker_.reset();  // no handler runs any more
  EXPECT_THAT(told, HasSubstr("out of memory"));
}

TEST_F(KvWorkerTest, AChunkIsAnsweredOnceAlsoByFailure) {
  start_greeted([&](const Message& asked) -> std::optional<Message> {
    if (asked.header.data().slices(0).key() == 0) return values(3, {1, 2});
    return std::nullopt;
  });
  std::mutex mutex;
  std::vector<KvWorker::Answer> answers;
  std::promise<void> first, second;
  const auto keep = [&](std::promise<void>& arrived) {
    return [&](KvWorker::Answer answer) {
      const std::lock_guard lock(mutex);
      answers.push_back(std::move(answer));
      arrived.set_value();
    };
  };
  worker_->pull_chunk({.key = 0, .offset = 0, .length = 2, .total = 2}, keep(first));
  ASSERT_EQ(first.get_future().wait_until(soon()), std::future_status::ready);
  worker_->pull_chunk({.key = 1, .offset = 0, .length = 2, .total = 2}, keep(second));
  auto leaving = std::async(std::launch::async, [&] { servers_[0]->member().fail("out of memory"); });
  ASSERT_EQ(second.get_future().wait_until(soon()), std::future_status::ready);
  leaving.get();
  const std::lock_guard lock(mutex);
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].round, 3U);
  EXPECT_EQ(answers[0].value.bytes.size(), 8U);
  EXPECT_THAT(answers[1].error, HasSubstr("out of memory"));
}

TEST_F(KvWorkerTest, AGreetingReachesEveryServerAndTheirAnswerComesBack) {
  std::mutex mutex;
  std::vector<std::uint64_t> slices;
  const auto server = [&](std::uint32_t shard) {
    return [&, shard](const Message& asked) {
      const std::lock_guard lock(mutex);
      slices.push_back(asked.header.data().greeting().workers(0).slice());
      return greeting(shard, 6);
    };
  };
  start({server(0), server(1)});
  proto::Greeting mine;
  mine.add_workers()->set_slice(5);
  EXPECT_EQ(worker_->greet(mine, {}, soon()).all_workers, 6);
  EXPECT_THAT(slices, ElementsAre(5, 5));
}

TEST_F(KvWorkerTest, GreetComesFirst) {
  start({[](const Message&) { return greeting(0); }});
  std::vector<float> value(1);
  EXPECT_EQ(error_of([&] { worker_->pull(0, value); }), "greet() comes before the first tensor");
}

}  // namespace
}  // namespace geomx::ps::testing
