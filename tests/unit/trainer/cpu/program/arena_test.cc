#include "trainer/cpu/program/arena.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "trainer/tensor/random.h"
#include "trainer/tensor/tensors.h"

namespace geomx::trainer {
namespace {

std::size_t aligned(std::size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

bool meet_in_time(const Lifetime& a, const Lifetime& b) {
  return a.first <= b.last && b.first <= a.last;
}

// At every moment the living are in places of their own, inside the block.
void expect_apart(const std::vector<Lifetime>& lives, const ArenaPlan& plan) {
  ASSERT_EQ(plan.offsets.size(), lives.size());
  for (std::size_t a = 0; a < lives.size(); ++a) {
    EXPECT_EQ(plan.offsets[a] % kAlignment, 0u) << a;
    EXPECT_LE(plan.offsets[a] + lives[a].bytes, plan.bytes) << a;
    for (std::size_t b = a + 1; b < lives.size(); ++b) {
      const bool share =
          plan.offsets[a] < plan.offsets[b] + lives[b].bytes && plan.offsets[b] < plan.offsets[a] + lives[a].bytes;
      EXPECT_FALSE(share && meet_in_time(lives[a], lives[b])) << a << " and " << b;
    }
  }
}

// What lives at once at the worst moment: no plan can do with less.
std::size_t most_alive(const std::vector<Lifetime>& lives) {
  std::size_t most = 0;
  for (const Lifetime& moment : lives) {
    std::size_t alive = 0;
    for (const Lifetime& life : lives) {
      if (life.first <= moment.first && moment.first <= life.last) alive += aligned(life.bytes);
    }
    most = std::max(most, alive);
  }
  return most;
}

std::size_t sum(const std::vector<Lifetime>& lives) {
  std::size_t bytes = 0;
  for (const Lifetime& life : lives) bytes += aligned(life.bytes);
  return bytes;
}

TEST(Arena, OfNothingIsEmpty) {
  EXPECT_EQ(plan_arena({}).bytes, 0u);
  EXPECT_EQ(plan_arena({{0, 3, 5}}).bytes, 0u);
}

TEST(Arena, WhatLivesAtOnceIsSideBySide) {
  const std::vector<Lifetime> lives{{100, 0, 5}, {64, 5, 9}, {1, 2, 5}};
  const ArenaPlan plan = plan_arena(lives);
  expect_apart(lives, plan);
  EXPECT_EQ(plan.bytes, sum(lives));
}

// A chain, as of a forward pass that keeps nothing: two at a time.
TEST(Arena, PlacesAreTakenAgain) {
  std::vector<Lifetime> lives;
  for (std::size_t i = 0; i < 50; ++i) lives.push_back({1024, i, i + 1});
  const ArenaPlan plan = plan_arena(lives);
  expect_apart(lives, plan);
  EXPECT_EQ(plan.bytes, 2u * 1024);
}

// Forward values wait for the backward pass, last in first out; gradients live two steps each.
TEST(Arena, OfATrainingStepNeedsWhatLivesAtOnce) {
  constexpr std::size_t kLayers = 20;
  std::vector<Lifetime> lives;
  for (std::size_t i = 0; i < kLayers; ++i) lives.push_back({4096 * (1 + i % 3), i, 2 * kLayers - i});
  for (std::size_t i = 0; i < kLayers; ++i) lives.push_back({4096 * (1 + i % 3), 2 * kLayers - i, 2 * kLayers - i + 1});
  const ArenaPlan plan = plan_arena(lives);
  expect_apart(lives, plan);
  EXPECT_LT(plan.bytes, sum(lives) * 7 / 10);
  EXPECT_LE(plan.bytes, most_alive(lives) * 11 / 10);
}

TEST(Arena, OfAnyLivesKeepsThemApart) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Random random(seed);
    std::vector<Lifetime> lives;
    for (std::size_t i = 0; i < 80; ++i) {
      const std::size_t first = random.below(200);
      lives.push_back({random.below(5000), first, first + random.below(20)});
    }
    const ArenaPlan plan = plan_arena(lives);
    expect_apart(lives, plan);
    EXPECT_LT(plan.bytes, sum(lives) / 2) << "seed " << seed;
    EXPECT_GE(plan.bytes, most_alive(lives)) << "seed " << seed;
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace geomx::trainer
