#include "ps/flow/outbox.h"

#include <gtest/gtest.h>

#include <vector>

namespace geomx::ps {
namespace {

using Clock = Outbox::Clock;
constexpr std::size_t kSlice = 1000;
const Clock::time_point kStart{std::chrono::hours(1)};

Message slice(std::uint32_t key) {
  Message message;
  message.header.mutable_data()->add_slices()->set_key(key);
  const std::vector<char> bytes(kSlice);
  message.frames.push_back(Buffer::copy_of(bytes.data(), bytes.size()));
  return message;
}

std::uint32_t key_of(const Message& message) {
  return message.header.data().slices(0).key();
}

// The keys of all that leaves while each is acknowledged after another millisecond.
std::vector<std::uint32_t> drain(Outbox& outbox, Clock::time_point now) {
  std::vector<std::uint32_t> keys;
  std::vector<std::uint64_t> numbers;
  for (std::size_t done = 0;; ++done) {
    while (const auto message = outbox.take(now)) {
      keys.push_back(key_of(*message));
      numbers.push_back(message->header.data().number());
    }
    if (done == numbers.size()) return keys;
    now += std::chrono::milliseconds(1);
    outbox.acknowledged(numbers[done], now);
  }
}

TEST(Outbox, TheShallowOvertakeWhatHasNotLeft) {
  Outbox outbox(kSlice);
  for (const std::uint32_t key : {9u, 9u, 9u, 9u, 8u, 8u}) outbox.put(key, slice(key));
  const auto first = outbox.take(kStart);  // one of layer 8: it is there by now
  ASSERT_TRUE(first);
  EXPECT_EQ(key_of(*first), 8u);
  outbox.put(1, slice(1));
  outbox.put(0, slice(0));
  EXPECT_EQ(drain(outbox, kStart), (std::vector<std::uint32_t>{0, 1, 8, 9, 9, 9, 9}));
}

TEST(Outbox, EqualOnesKeepTheirOrder) {
  Outbox outbox(kSlice);
  for (std::uint64_t i = 1; i <= 5; ++i) {
    Message message = slice(3);
    message.header.mutable_data()->set_request(i);
    outbox.put(3, std::move(message));
  }
  auto now = kStart;
  for (std::uint64_t i = 1; i <= 5; ++i) {
    const auto message = outbox.take(now);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->header.data().request(), i);
    outbox.acknowledged(message->header.data().number(), ++now);
  }
}

TEST(Outbox, AtMostAWindowIsOnItsWay) {
  Outbox outbox(kSlice);
  for (int i = 0; i < 100; ++i) outbox.put(5, slice(5));
  int taken = 0;
  while (outbox.take(kStart)) ++taken;
  EXPECT_GE(taken, 2);
  EXPECT_LE(taken, 3);
  EXPECT_EQ(outbox.waiting(), 100u - static_cast<std::size_t>(taken));
}

TEST(Outbox, AnAcknowledgementThatNeverComesHoldsNobodyUpForEver) {
  Outbox outbox(kSlice);
  for (int i = 0; i < 10; ++i) outbox.put(5, slice(5));
  while (outbox.take(kStart)) continue;
  EXPECT_FALSE(outbox.take(kStart + std::chrono::milliseconds(900)));
  EXPECT_TRUE(outbox.take(kStart + std::chrono::milliseconds(1100)));
}

TEST(Outbox, AnAcknowledgementCountsOnce) {
  Outbox outbox(kSlice);
  outbox.put(1, slice(1));
  outbox.put(1, slice(1));
  const auto first = outbox.take(kStart);
  ASSERT_TRUE(first && outbox.take(kStart));
  const std::size_t both = outbox.window().in_flight();
  outbox.acknowledged(first->header.data().number(), kStart);
  const std::size_t one = outbox.window().in_flight();
  EXPECT_LT(one, both);
  outbox.acknowledged(first->header.data().number(), kStart);
  outbox.acknowledged(77, kStart);
  EXPECT_EQ(outbox.window().in_flight(), one);
}

}  // namespace
}  // namespace geomx::ps
