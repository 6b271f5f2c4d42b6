#include "trainer/data/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "tests/unit/trainer/data/idx_files.h"
#include "tests/unit/trainer/data/temporary_folder.h"
#include "trainer/data/batches.h"
#include "trainer/data/slice.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

template <typename Attempt>
std::string error_of(Attempt attempt) {
  try {
    attempt();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string load_error(const TemporaryFolder& folder, Part part = Part::train) {
  return error_of([&] { load_dataset("fashion-mnist", part, folder.path()); });
}

TEST(LoadDataset, ReadsThePackagedFashionMnist) {
  const Dataset test = load_dataset("fashion-mnist", Part::test);
  EXPECT_EQ(test.size(), 10'000u);
  EXPECT_EQ(test.shape, (ImageShape{1, 28, 28}));
  for (int label = 0; label < 10; ++label) EXPECT_EQ(std::ranges::count(test.labels, label), 1000) << label;
  EXPECT_THAT(std::vector<int>(test.labels.begin(), test.labels.begin() + 5), testing::ElementsAre(9, 2, 1, 1, 6));
  const double sum = std::accumulate(test.images.begin(), test.images.end(), 0.0);
  EXPECT_NEAR(sum / 255 / static_cast<double>(test.images.size()), 0.2868, 5e-4);  // the set's known mean
}

TEST(LoadDataset, SaysWhatIsWrong) {
  const TemporaryFolder folder;
  write_dataset(folder.path(), 20);
  EXPECT_EQ(load_dataset("mnist", Part::train, folder.path()).size(), 20u);
  const std::string at = folder.path().string() + "/";

  write_gz(folder / "train-labels-idx1-ubyte.gz", idx_bytes(2049, {19}, std::string(19, '\1')));
  EXPECT_EQ(load_error(folder),
            at + "train-labels-idx1-ubyte.gz: 19 labels for the 20 images of train-images-idx3-ubyte");
  write_gz(folder / "train-labels-idx1-ubyte.gz",
           idx_bytes(2049, {20}, std::string(7, '\1') + '\12' + std::string(12, '\1')));
  EXPECT_EQ(load_error(folder), at + "train-labels-idx1-ubyte.gz: label 10 of sample 7 is not within 0..9");
  write_plain(folder / "t10k-images-idx3-ubyte", idx_bytes(2051, {20, 14, 56}, std::string(20 * 784, 'x')));
  EXPECT_EQ(load_error(folder, Part::test), at + "t10k-images-idx3-ubyte: images of 28x28 wanted, 14x56 found");
  std::filesystem::remove(folder / "train-images-idx3-ubyte");
  EXPECT_EQ(load_error(folder), "data set fashion-mnist: no train-images-idx3-ubyte (plain or .gz) in " +
                                    folder.path().string() +
                                    " (./bootstrap data, or apt-get install dataset-fashion-mnist)");
  EXPECT_EQ(error_of([&] { load_dataset("cifar-10", Part::train); }),
            "data set \"cifar-10\" is not known (fashion-mnist or mnist)");
}

TEST(CountSamples, ReadsHeadersAlone) {
  EXPECT_EQ(count_samples("fashion-mnist", Part::train), 60'000u);
  const TemporaryFolder folder;
  write_dataset(folder.path(), 20);
  EXPECT_EQ(count_samples("mnist", Part::test, folder.path()), 20u);
  const auto error = [&] { return error_of([&] { count_samples("mnist", Part::train, folder.path()); }); };
  const std::string at = folder.path().string() + "/";
  const auto images = folder / "train-images-idx3-ubyte";
  std::filesystem::resize_file(images, 1024);
  EXPECT_EQ(error(), at + "train-images-idx3-ubyte: 15696 bytes wanted, 1024 found: the file is truncated");
  std::filesystem::resize_file(images, 20'000);
  EXPECT_EQ(error(), at + "train-images-idx3-ubyte: 15696 bytes wanted, more found: the file is longer than its header "
                          "says");
  std::filesystem::resize_file(images, 15'696);
  write_gz(folder / "train-labels-idx1-ubyte.gz", idx_bytes(2049, {19}, ""));
  EXPECT_EQ(error(), at + "train-labels-idx1-ubyte.gz: 19 labels for the 20 images of train-images-idx3-ubyte");
  std::filesystem::remove(images);
  EXPECT_THAT(error(), testing::HasSubstr("no train-images-idx3-ubyte (plain or .gz)"));
}

Dataset numbered(std::size_t count) {
  Dataset data;
  data.shape = {1, 1, 1};
  data.classes = 10;
  for (std::size_t i = 0; i < count; ++i) {
    data.images.push_back(static_cast<std::uint8_t>(i));
    data.labels.push_back(static_cast<std::uint8_t>(i * 7 % 10));
  }
  return data;
}

TEST(Slice, AreContiguousEqualAndDisjoint) {
  const Dataset whole = numbered(103);
  for (std::size_t index = 0; index < 4; ++index) {
    const Dataset slice = take_slice(whole, index, 4, false);
    ASSERT_EQ(slice.size(), 25u);
    for (std::size_t i = 0; i < 25; ++i) {
      EXPECT_EQ(slice.images[i], index * 25 + i);
      EXPECT_EQ(slice.labels[i], (index * 25 + i) * 7 % 10);
    }
  }
}

TEST(Slice, ByClassSeesFewClasses) {
  const Dataset whole = numbered(100);
  std::set<int> seen;
  for (std::size_t index = 0; index < 5; ++index) {
    const Dataset slice = take_slice(whole, index, 5, true);
    EXPECT_EQ(std::set<int>(slice.labels.begin(), slice.labels.end()),
              (std::set<int>{2 * static_cast<int>(index), 2 * static_cast<int>(index) + 1}));
    EXPECT_TRUE(std::ranges::is_sorted(slice.images.begin(), slice.images.begin() + 10));  // file order within a class
    for (int image : slice.images) EXPECT_TRUE(seen.insert(image).second);
  }
  EXPECT_EQ(seen.size(), 100u);
}

TEST(Slice, RefusesWhatDoesNotExist) {
  EXPECT_EQ(error_of([] { take_slice(numbered(8), 4, 4, false); }),
            "data slice 4 does not exist: 4 workers train, so it is 0..3 (--data-slice-idx, DMLC_NUM_ALL_WORKER)");
  EXPECT_EQ(error_of([] { take_slice(numbered(3), 0, 4, false); }), "3 samples cannot be cut into 4 slices");
}

std::vector<int> samples_of(Batches& batches, int count) {
  std::vector<int> samples;
  for (int i = 0; i < count; ++i) {
    const Batch& batch = batches.next();
    for (std::size_t s = 0; s < batch.size(); ++s) {
      const int sample = static_cast<int>(std::lround(batch.images[s] * 255));
      EXPECT_EQ(batch.labels[s], sample * 7 % 10);
      samples.push_back(sample);
    }
  }
  return samples;
}

TEST(Batches, VisitEverySampleOnceInAnEpochInAnOrderOfItsOwn) {
  const Dataset data = numbered(60);
  Batches batches(data, 20, 1, 0);
  ASSERT_EQ(batches.per_epoch(), 3u);
  const auto first = samples_of(batches, 3);
  const auto second = samples_of(batches, 3);
  EXPECT_EQ(std::set<int>(first.begin(), first.end()).size(), 60u);
  EXPECT_EQ(std::set<int>(second.begin(), second.end()).size(), 60u);
  EXPECT_NE(first, second);
  EXPECT_FALSE(std::ranges::is_sorted(first));
}

TEST(Batches, LeaveOutTheIncompleteBatch) {
  const Dataset data = numbered(50);
  Batches batches(data, 20, 1, 0);
  EXPECT_EQ(batches.per_epoch(), 2u);
  samples_of(batches, 2);
  const auto next = samples_of(batches, 2);  // a new epoch, not the 10 that were left
  EXPECT_EQ(std::set<int>(next.begin(), next.end()).size(), 40u);
}

TEST(Batches, SameSeedSameOrder) {
  const Dataset data = numbered(100);
  const auto order = [&](std::uint64_t seed, std::uint64_t stream) {
    Batches batches(data, 10, seed, stream);
    return samples_of(batches, 25);
  };
  EXPECT_EQ(order(1, 0), order(1, 0));
  EXPECT_NE(order(1, 0), order(2, 0));
  EXPECT_NE(order(1, 0), order(1, 1));
}

// The order is part of what "same seed, same result" promises: a change of it must be meant.
TEST(Batches, TheOrderIsFixedForEver) {
  const Dataset data = numbered(10);
  Batches batches(data, 10, 42, 3);
  EXPECT_THAT(samples_of(batches, 1), testing::ElementsAre(0, 4, 8, 3, 5, 9, 7, 2, 6, 1));
}

TEST(Batches, PutTheImagesWhereTheyAreWanted) {
  const Dataset data = numbered(60);
  Batches here(data, 20, 1, 0);
  Batches there(data, 20, 1, 0);
  std::vector<float> images(30, -1.0f);
  const Batch batch = there.next(images);
  EXPECT_EQ(batch.images.data(), images.data());
  EXPECT_TRUE(std::ranges::equal(batch.images, here.next().images));
  EXPECT_EQ(images[20], -1.0f);
}

// x / 255, to the last bit.
TEST(ToFloat, DividesBy255) {
  Dataset data;
  data.shape = {1, 16, 16};
  data.labels = {0};
  for (int value = 0; value < 256; ++value) data.images.push_back(static_cast<std::uint8_t>(value));
  std::vector<float> images(256);
  const std::uint32_t sample = 0;
  to_float(data, {&sample, 1}, images);
  for (int value = 0; value < 256; ++value) {
    volatile float divisor = 255.0f;  // at run time, whatever the table was made with
    EXPECT_EQ(images[static_cast<std::size_t>(value)], static_cast<float>(value) / divisor) << value;
  }
}

TEST(Batches, RefusesASliceThatIsTooSmall) {
  const Dataset data = numbered(20);
  EXPECT_EQ(error_of([&] { Batches(data, 32, 1, 0); }),
            "a batch of 32 cannot be taken from a slice of 20 samples (--batch-size)");
}

}  // namespace
}  // namespace geomx::trainer
