// How a step is divided where parameters come and gradients go.

#include "trainer/cuda/schedule.h"

#include <gtest/gtest.h>

#include <set>

#include "trainer/model/zoo.h"

namespace geomx::trainer::cuda {
namespace {

struct Divided {
  Graph graph;
  Program program;
  std::vector<Segment> segments;
};

Divided divide(const std::string& model, std::size_t least) {
  Graph graph = make_model(model, {3, 32, 32}, 10);
  Program program = make_program(graph, 2, Number::fp32, true);
  auto segments = make_schedule(program, offsets_of(graph.parameters()), least);
  return {std::move(graph), std::move(program), std::move(segments)};
}

// Whatever the size of transfers: segments follow each other, every tensor goes up once before it is read and down once
// after it is final, and a transfer has the bytes of its tensors and no others.
void expect_sound(const Divided& divided) {
  const auto offsets = offsets_of(divided.graph.parameters());
  std::set<std::size_t> up, down;
  std::size_t step = 0;
  const auto bytes_are_its_tensors = [&](const Transfer& transfer) {
    std::size_t bytes = 0;
    for (const std::size_t t : transfer.tensors) bytes += offsets[t + 1] - offsets[t];
    EXPECT_EQ(transfer.end - transfer.begin, bytes);
  };
  for (const Segment& segment : divided.segments) {
    EXPECT_EQ(segment.begin, step);
    EXPECT_GT(segment.end, segment.begin);
    step = segment.end;
    for (const Transfer& transfer : segment.uploads) {
      bytes_are_its_tensors(transfer);
      for (const std::size_t t : transfer.tensors) {
        EXPECT_TRUE(up.insert(t).second);
        EXPECT_GE(divided.program.needed[t].begin, segment.begin);
      }
    }
    for (const Transfer& transfer : segment.downloads) {
      bytes_are_its_tensors(transfer);
      for (const std::size_t t : transfer.tensors) {
        EXPECT_TRUE(down.insert(t).second);
        EXPECT_LE(divided.program.ready[offsets.size() - 2 - t].end, segment.end);
      }
    }
  }
  EXPECT_EQ(step, divided.program.steps.size());
  EXPECT_EQ(up.size(), offsets.size() - 1);
  EXPECT_EQ(down.size(), offsets.size() - 1);
}

TEST(Schedule, IsSoundHoweverLargeTransfersAre) {
  for (const char* model : {"cnn", "resnet18"}) {
    for (const std::size_t least : {0ul, 1000ul, 1ul << 20, 1ul << 40}) {
      SCOPED_TRACE(std::string(model) + " " + std::to_string(least));
      expect_sound(divide(model, least));
    }
  }
}

TEST(Schedule, OfASmallNetworkIsOneSegment) {
  const Divided divided = divide("cnn", 1 << 20);
  ASSERT_EQ(divided.segments.size(), 1);
  EXPECT_EQ(divided.segments[0].uploads.size(), 1);
  EXPECT_EQ(divided.segments[0].downloads.size(), 1);
}

TEST(Schedule, WithSmallTransfersGoesLayerByLayer) {
  const Divided divided = divide("cnn", 0);  // two convolutions, three linear layers
  std::size_t uploads = 0, downloads = 0;
  for (const Segment& segment : divided.segments) {
    uploads += segment.uploads.size();
    downloads += segment.downloads.size();
  }
  EXPECT_EQ(uploads, 5);
  EXPECT_EQ(downloads, 5);
}

}  // namespace
}  // namespace geomx::trainer::cuda
