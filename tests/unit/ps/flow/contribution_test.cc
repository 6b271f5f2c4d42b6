#include "ps/flow/contribution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace geomx::ps {
namespace {

using ::testing::DoubleEq;
using ::testing::DoubleNear;
using ::testing::ElementsAre;

TEST(Blocks, CoverAChunkAndEachPieceFitsIntoADatagram) {
  for (const std::size_t length : {1u, 16u, 17u, 1000u, 4097u}) {
    for (const std::size_t block : {1u, 16u, 340u, 341u, 1024u, 5000u}) {
      const Blocks blocks(length, block);
      std::size_t covered = 0, in_pieces = 0;
      for (std::size_t i = 0; i < blocks.count(); ++i) {
        EXPECT_EQ(blocks.run(i).begin, covered);
        covered += blocks.run(i).count;
      }
      for (std::size_t i = 0; i < blocks.piece_count(); ++i) {
        if (blocks.piece(i).count == 0) continue;
        EXPECT_EQ(blocks.piece(i).begin, in_pieces);
        EXPECT_LE(blocks.piece(i).count, Blocks::kLongestPiece);
        in_pieces += blocks.piece(i).count;
      }
      EXPECT_EQ(covered, length);
      EXPECT_EQ(in_pieces, length);
    }
  }
}

TEST(Blocks, ASetIsAStringOfBits) {
  const std::vector<bool> set{true, false, false, true, true, false, false, false, true};
  EXPECT_EQ(to_bits(set), std::string("\x19\x01", 2));
  EXPECT_EQ(from_bits(to_bits(set), set.size()), set);
  EXPECT_EQ(from_bits("", 3), std::vector<bool>(3));
}

TEST(Contribution, IsAMovingAverageOfMagnitudes) {
  Contribution contribution(Blocks(5, 2), 0.25);
  contribution.update(std::vector<float>{1, -3, 0, 0, 8});
  EXPECT_THAT(contribution.values(), ElementsAre(DoubleEq(1.5), DoubleEq(0), DoubleEq(6)));
  contribution.update(std::vector<float>{0, 0, 4, 4, 0});
  EXPECT_THAT(contribution.values(), ElementsAre(DoubleEq(0.375), DoubleEq(3), DoubleEq(1.5)));
  EXPECT_THAT(contribution.ranking(), ElementsAre(1, 2, 0));
}

TEST(Contribution, EqualBlocksKeepTheirOrder) {
  Contribution contribution(Blocks(6, 2), 0.3);
  contribution.update(std::vector<float>(6, 1));
  EXPECT_THAT(contribution.ranking(), ElementsAre(0, 1, 2));
}

TEST(Contribution, WhatIsNotFiniteGoesFirst) {
  Contribution contribution(Blocks(6, 2), 0.3);
  contribution.update(std::vector<float>{1, 1, 0, std::numeric_limits<float>::quiet_NaN(), 2, 2});
  EXPECT_THAT(contribution.ranking(), ElementsAre(1, 2, 0));
}

TEST(Share, FollowsTheLossWhereItAdapts) {
  Share share(0.8, 0.2, true);
  EXPECT_EQ(share.at(std::nullopt), 0.8);  // nobody has told any
  EXPECT_EQ(share.at(2.0), 0.8);           // the first
  EXPECT_THAT(share.at(1.0), DoubleNear(0.4, 1e-12));
  EXPECT_EQ(share.at(0.1), 0.2);
  EXPECT_EQ(share.at(100.0), 1.0);
  EXPECT_EQ(share.at(std::numeric_limits<double>::quiet_NaN()), 0.8);
  Share fixed(0.5, 0.1, false);
  EXPECT_EQ(fixed.at(2.0), 0.5);
  EXPECT_EQ(fixed.at(0.1), 0.5);
}

TEST(Share, OfBlocksIsRoundedUpAndNeverNothing) {
  EXPECT_EQ(Share::blocks(0.8, 10), 8u);
  EXPECT_EQ(Share::blocks(0.81, 10), 9u);
  EXPECT_EQ(Share::blocks(0, 10), 1u);
  EXPECT_EQ(Share::blocks(1, 10), 10u);
}

}  // namespace
}  // namespace geomx::ps
