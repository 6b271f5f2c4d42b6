#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/trainer/data/error_of.h"
#include "tests/unit/trainer/data/idx_files.h"
#include "tests/unit/trainer/data/temporary_folder.h"
#include "trainer/data/batches.h"
#include "trainer/data/dataset.h"
#include "trainer/data/slice.h"

namespace geomx::trainer {
namespace {

std::string image(const Dataset& data, std::size_t sample) {
  return {data.image(sample).begin(), data.image(sample).end()};
}
std::string labels(const Dataset& data, std::size_t sample) {
  return {data.labels_of(sample).begin(), data.labels_of(sample).end()};
}

TEST(Text, IsCutIntoSamplesAndTheBytesThatFollow) {
  const TemporaryFolder folder;
  write_plain(folder / "train.txt", "the quick brown fox");  // 19 bytes: 4 samples of 4, and 3 that are left
  write_gz(folder / "test.txt.gz", "jumps over");
  const Dataset train = load_dataset("text", Part::train, folder.path(), 4);
  EXPECT_EQ(count_samples("text", Part::train, folder.path(), 4), 4u);
  ASSERT_EQ(train.size(), 4u);
  EXPECT_EQ(train.samples, SampleKind::tokens);
  EXPECT_EQ(train.classes, 256);
  EXPECT_EQ(train.labels_per_sample, 4u);
  EXPECT_THAT(train.input(), testing::ElementsAre(4));
  EXPECT_EQ(image(train, 0), "the ");
  EXPECT_EQ(labels(train, 0), "he q");
  EXPECT_EQ(image(train, 3), "own ");
  EXPECT_EQ(labels(train, 3), "wn f");
  const Dataset test = load_dataset("text", Part::test, folder.path(), 4);
  ASSERT_EQ(test.size(), 2u);
  EXPECT_EQ(labels(test, 1), " ove");
}

// 100 bytes: 90 to train, 10 to test, and no byte is in both.
TEST(Text, OneFileServesBothParts) {
  const TemporaryFolder folder;
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes += static_cast<char>(i + 100);
  write_plain(folder / "text.txt", bytes);
  const Dataset train = load_dataset("text", Part::train, folder.path(), 8);
  const Dataset test = load_dataset("text", Part::test, folder.path(), 8);
  ASSERT_EQ(train.size(), 11u);  // 88 bytes and the one that follows
  EXPECT_EQ(train.labels.back(), 188);
  ASSERT_EQ(test.size(), 1u);
  EXPECT_EQ(image(test, 0), bytes.substr(90, 8));
}

TEST(Text, ReadsSlicesAsTakenFromTheWhole) {
  const TemporaryFolder folder;
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += static_cast<char>(i * i % 251);
  write_plain(folder / "train.txt", bytes);
  const Dataset whole = load_dataset("text", Part::train, folder.path(), 7);
  for (std::size_t index = 0; index < 3; ++index) {
    const Slice slice{index, 3, {}};
    const Dataset loaded = load_slice("text", slice, folder.path(), 7);
    EXPECT_EQ(loaded.size(), 47u);
    EXPECT_EQ(loaded.images, take_slice(whole, slice).images);
    EXPECT_EQ(loaded.labels, take_slice(whole, slice).labels);
  }
}

TEST(Text, TokensAreWholeNumbersWithALabelEach) {
  const TemporaryFolder folder;
  write_plain(folder / "train.txt", std::string("\0\xff\x80zyx", 6) + std::string(15, 'a'));
  const Dataset data = load_dataset("text", Part::train, folder.path(), 5);
  std::vector<float> tokens(5);
  const std::uint32_t first = 0;
  to_float(data, {&first, 1}, tokens);
  EXPECT_THAT(tokens, testing::ElementsAre(0, 255, 128, 'z', 'y'));

  Batches batches(data, 2, 1, 0);
  const Batch batch = batches.next();
  EXPECT_EQ(batch.size(), 2u);
  EXPECT_EQ(batch.images.size(), 10u);
  EXPECT_EQ(batch.labels.size(), 10u);
  for (std::size_t sample = 0; sample < 2; ++sample) {
    for (std::size_t i = 0; i < 4; ++i) {  // what follows is the next token of the same sample
      EXPECT_EQ(batch.images[sample * 5 + i + 1], batch.labels[sample * 5 + i]);
    }
  }
}

TEST(Text, SaysWhatIsWrong) {
  const TemporaryFolder folder;
  const auto error = [&](Part part) { return error_of([&] { load_dataset("text", part, folder.path(), 8); }); };
  const std::string at = folder.path().string();
  EXPECT_EQ(error(Part::train), "data set text: no train.txt or text.txt (plain or .gz) in " + at +
                                    " (put yours there, or say where it is with --data-dir)");
  write_plain(folder / "text.txt", std::string(80, 'x'));
  EXPECT_EQ(error(Part::train), "no error");
  EXPECT_EQ(error(Part::test), at + "/text.txt: the 8 bytes of its test part are not one sample of 8 bytes and the one "
                                    "that follows (a longer text, or a smaller --context)");
  EXPECT_EQ(error_of([&] {
              load_slice("text", {0, 2, {SplitKind::by_class}}, folder.path(), 8);
            }),
            "data set text has no classes by which it could be split (--split contiguous)");
  EXPECT_EQ(error_of([] { dataset_kind("text", 0); }), "samples of 0 bytes of text: 1 to 65536 wanted (--context)");
}

}  // namespace
}  // namespace geomx::trainer
