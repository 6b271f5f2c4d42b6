#include "ps/flow/assembly.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "ps/config/error.h"

namespace geomx::ps {
namespace {

using Clock = Assembly::Clock;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr NodeId kWorker{Role::worker, 1};
constexpr std::size_t kBlock = 2;
constexpr std::size_t kLength = 8;  // 4 blocks of a piece each

const Clock::time_point kStart{std::chrono::hours(1)};

// A push whose blocks in `whole` have the value of their turn.
Message push(std::uint64_t turn, const std::vector<bool>& whole, const std::vector<std::uint64_t>& last) {
  Message message;
  proto::Data& data = *message.header.mutable_data();
  data.set_operation(proto::PUSH_PULL);
  data.set_round(turn);
  proto::Slice& slice = *data.add_slices();
  slice.set_key(3);
  slice.set_length(kLength);
  slice.set_total(kLength);
  proto::DgtBlocks& blocks = *data.mutable_dgt()->mutable_blocks();
  blocks.set_block(kBlock);
  blocks.set_turn(turn);
  blocks.set_whole(to_bits(whole));
  blocks.mutable_last()->Assign(last.begin(), last.end());
  std::size_t count = 0;
  for (const bool is_whole : whole) count += is_whole ? kBlock : 0;
  const std::vector<float> values(count, static_cast<float>(turn));
  message.frames.push_back(Buffer::copy_of(values.data(), values.size() * sizeof(float)));
  return message;
}

Message blocks_later(std::uint64_t turn, const std::vector<bool>& which) {
  Message message = push(turn, which, {});
  message.header.mutable_data()->set_operation(proto::DGT);
  return message;
}

Datagram piece(std::uint64_t sequence, std::uint64_t turn, std::uint32_t number, float value = 10) {
  return {.channel = 1,
          .sender = kWorker.packed(),
          .stream = 1,
          .sequence = sequence,
          .turn = turn,
          .key = 3,
          .piece = number,
          .offset = 0,
          .values = {value, value}};
}

Datagram mark(std::uint64_t sequence, std::uint64_t turn) {
  Datagram mark = piece(sequence, turn, Datagram::kMark);
  mark.values.clear();
  return mark;
}

std::vector<float> values(const Assembly::Ready& ready) {
  const auto floats = ready.message.frames.at(0).as<float>();
  return {floats.begin(), floats.end()};
}

const std::vector<bool> kHalf{true, false, false, true};

TEST(Assembly, APushIsDoneWhenAllItsPiecesAreThere) {
  Assembly assembly(milliseconds(100), 1);
  EXPECT_THAT(assembly.reliable(kWorker, push(1, kHalf, {2}), kStart), IsEmpty());
  EXPECT_THAT(assembly.datagram(piece(1, 1, 2, 30), kStart), IsEmpty());
  const auto ready = assembly.datagram(piece(2, 1, 1, 20), kStart);
  ASSERT_THAT(ready, SizeIs(1));
  EXPECT_EQ(ready[0].from, kWorker);
  EXPECT_FALSE(ready[0].message.header.data().has_dgt());
  EXPECT_THAT(values(ready[0]), ElementsAre(1, 1, 20, 20, 30, 30, 1, 1));
  EXPECT_EQ(assembly.deadline(), Clock::time_point::max());
}

TEST(Assembly, DatagramsMayComeBeforeTheReliablePart) {
  Assembly assembly(milliseconds(100), 1);
  assembly.datagram(piece(1, 1, 1), kStart);
  assembly.datagram(piece(2, 1, 2), kStart);
  const auto ready = assembly.reliable(kWorker, push(1, kHalf, {2}), kStart);
  ASSERT_THAT(ready, SizeIs(1));
  EXPECT_THAT(values(ready[0]), ElementsAre(1, 1, 10, 10, 10, 10, 1, 1));
}

TEST(Assembly, AMissingPieceIsZeroOnceTheMarkBehindItHasCome) {
  Assembly assembly(milliseconds(100), 1);
  assembly.reliable(kWorker, push(1, kHalf, {2}), kStart);
  assembly.datagram(piece(1, 1, 1), kStart);
  const auto ready = assembly.datagram(mark(3, 1), kStart);
  ASSERT_THAT(ready, SizeIs(1));
  EXPECT_THAT(values(ready[0]), ElementsAre(1, 1, 10, 10, 0, 0, 1, 1));
  EXPECT_EQ(assembly.counters().missing, 1u);
}

TEST(Assembly, WithSeveralChannelsEachOneHasToBeOver) {
  Assembly assembly(milliseconds(100), 2);
  assembly.reliable(kWorker, push(1, kHalf, {1, 1}), kStart);
  EXPECT_THAT(assembly.datagram(mark(2, 1), kStart), IsEmpty());
  Datagram other = mark(2, 1);
  other.channel = 2;
  EXPECT_THAT(assembly.datagram(other, kStart), SizeIs(1));
}

TEST(Assembly, ASilentSendersPushEndsAndALatePieceIsDropped) {
  Assembly assembly(milliseconds(100), 1);
  assembly.reliable(kWorker, push(1, kHalf, {2}), kStart);
  assembly.datagram(piece(1, 1, 1), kStart + milliseconds(90));
  EXPECT_EQ(assembly.deadline(), kStart + milliseconds(190));
  EXPECT_THAT(assembly.expire(kStart + milliseconds(189)), IsEmpty());
  const auto ready = assembly.expire(kStart + milliseconds(190));
  ASSERT_THAT(ready, SizeIs(1));
  EXPECT_THAT(values(ready[0]), ElementsAre(1, 1, 10, 10, 0, 0, 1, 1));
  EXPECT_THAT(assembly.datagram(piece(2, 1, 2), kStart + milliseconds(200)), IsEmpty());
  EXPECT_EQ(assembly.counters().late, 1u);
  assembly.reliable(kWorker, push(2, kHalf, {4}), kStart);
  EXPECT_THAT(values(assembly.datagram(mark(5, 2), kStart).at(0)), ElementsAre(2, 2, 0, 0, 0, 0, 2, 2));
}

TEST(Assembly, DeferredBlocksAreAddedToTheNextPush) {
  Assembly assembly({}, 1);
  EXPECT_THAT(values(assembly.reliable(kWorker, push(1, kHalf, {}), kStart).at(0)),
              ElementsAre(1, 1, 0, 0, 0, 0, 1, 1));
  assembly.deferred(kWorker, blocks_later(1, {false, true, false, false}));
  assembly.deferred(kWorker, blocks_later(1, {false, false, true, false}));
  EXPECT_THAT(values(assembly.reliable(kWorker, push(2, {true, true, false, false}, {}), kStart).at(0)),
              ElementsAre(2, 2, 3, 3, 1, 1, 0, 0));
  EXPECT_THAT(values(assembly.reliable(kWorker, push(3, kHalf, {}), kStart).at(0)),
              ElementsAre(3, 3, 0, 0, 0, 0, 3, 3));
}

TEST(Assembly, WhatCannotBeChangesNothing) {
  Assembly assembly(milliseconds(100), 1);
  assembly.reliable(kWorker, push(1, kHalf, {2}), kStart);
  Datagram wrong = piece(1, 1, 1);
  wrong.values.push_back(1);  // too long
  assembly.datagram(wrong, kStart);
  assembly.datagram(piece(1, 1, 0), kStart);   // came whole
  assembly.datagram(piece(1, 1, 99), kStart);  // beyond the end
  assembly.datagram(piece(1, 1, 1, std::numeric_limits<float>::infinity()), kStart);
  wrong = piece(1, 1, 1);
  wrong.channel = 2;
  assembly.datagram(wrong, kStart);
  EXPECT_EQ(assembly.counters().malformed, 5u);
  assembly.datagram(piece(1, 1, 1), kStart);
  assembly.datagram(piece(1, 1, 1, 99), kStart);  // twice
  EXPECT_EQ(assembly.counters().malformed, 6u);
  EXPECT_THAT(values(assembly.datagram(mark(3, 1), kStart).at(0)), ElementsAre(1, 1, 10, 10, 0, 0, 1, 1));
}

TEST(Assembly, AMessageThatIsNotWhatItSaysIsRefused) {
  Assembly assembly(milliseconds(100), 1);
  Message message = push(1, kHalf, {2});
  message.header.mutable_data()->mutable_dgt()->mutable_blocks()->set_whole("\x0f");
  EXPECT_THROW(assembly.reliable(kWorker, message, kStart), Error);
  message = push(1, kHalf, {2});
  message.header.mutable_data()->mutable_dgt()->mutable_blocks()->set_block(0);
  EXPECT_THROW(assembly.reliable(kWorker, message, kStart), Error);
  message = push(1, kHalf, {});
  message.header.mutable_data()->mutable_dgt()->mutable_blocks()->set_four_bits(true);  // without the second frame
  EXPECT_THROW(assembly.reliable(kWorker, message, kStart), Error);
  message = push(1, kHalf, {});
  message.header.mutable_data()->clear_slices();
  EXPECT_THROW(assembly.reliable(kWorker, message, kStart), Error);
  EXPECT_EQ(assembly.deadline(), Clock::time_point::max());
}

TEST(Assembly, ReportsHowDatagramsFared) {
  Assembly assembly(milliseconds(100), 1);
  std::uint64_t sequence = 0;
  for (std::uint64_t turn = 1; turn <= 20; ++turn) {
    assembly.reliable(kWorker, push(turn, kHalf, {sequence + 2}), kStart);
    assembly.datagram(piece(++sequence, turn, 1), kStart + milliseconds(turn));
    sequence += 1;  // lost
    assembly.datagram(mark(++sequence, turn), kStart + milliseconds(turn));
  }
  const auto report = assembly.report_for(kWorker);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->sent, 40u);
  EXPECT_EQ(report->arrived, 20u);
  EXPECT_EQ(report->span, milliseconds(19));
  EXPECT_EQ(report->bytes, 19 * (8 + Datagram::kHead));
  EXPECT_FALSE(assembly.report_for(kWorker));
}

// One who was started again counts from 1: pushes, and datagrams.
TEST(Assembly, ASenderThatIsForgottenBeginsAnew) {
  Assembly assembly(milliseconds(100), 1);
  EXPECT_THAT(assembly.reliable(kWorker, push(5, {true, true, true, false}, {40}), kStart), IsEmpty());
  EXPECT_THAT(assembly.datagram(piece(40, 5, 3), kStart), SizeIs(1));
  EXPECT_THAT(assembly.reliable(kWorker, push(6, {true, true, true, false}, {41}), kStart), IsEmpty());
  EXPECT_THAT(assembly.reliable(kWorker, push(1, {true, true, true, true}, {0}), kStart), IsEmpty());  // is too old
  assembly.forget(kWorker);
  EXPECT_EQ(assembly.deadline(), Clock::time_point::max());  // what was not complete will be sent again
  EXPECT_THAT(assembly.reliable(kWorker, push(1, {true, true, true, true}, {0}), kStart), SizeIs(1));
  // The sequence of the earlier one does not say that something was lost.
  EXPECT_THAT(assembly.reliable(kWorker, push(2, {true, true, true, false}, {1}), kStart), IsEmpty());
  EXPECT_THAT(assembly.datagram(piece(1, 2, 3), kStart), SizeIs(1));
}

}  // namespace
}  // namespace geomx::ps
