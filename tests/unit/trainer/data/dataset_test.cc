#include "trainer/data/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <fstream>
#include <numeric>
#include <optional>

#include "tests/unit/trainer/data/error_of.h"
#include "tests/unit/trainer/data/idx_files.h"
#include "tests/unit/trainer/data/temporary_folder.h"
#include "trainer/data/slice.h"

namespace geomx::trainer {
namespace {

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
            "data set \"cifar-10\" is not known (fashion-mnist, mnist, cifar10 or text)");
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

TEST(LoadSlice, IsTheSliceOfTheWhole) {
  const TemporaryFolder folder;
  write_dataset(folder.path(), 50);
  const Dataset whole = load_dataset("mnist", Part::train, folder.path());
  for (SplitKind kind : {SplitKind::contiguous, SplitKind::by_class, SplitKind::dirichlet}) {
    for (std::size_t index = 0; index < 3; ++index) {
      const Slice slice{index, 3, {kind}};
      const Dataset loaded = load_slice("mnist", slice, folder.path());
      EXPECT_EQ(loaded.size(), 16u);
      EXPECT_EQ(loaded.images, take_slice(whole, slice).images);
      EXPECT_EQ(loaded.labels, take_slice(whole, slice).labels);
    }
  }
  EXPECT_THAT(error_of([&] {
                load_slice("mnist", {3, 3, {}}, folder.path());
              }),
              testing::StartsWith("data slice 3 does not exist"));
}

// The images' damage lies behind the first slice, whose worker need not see it; whoever has the last one does.
TEST(LoadSlice, TheLastOneLooksAtEverything) {
  const TemporaryFolder folder;
  write_dataset(folder.path(), 50);
  std::string images(50 * 784, '\0');
  for (std::size_t i = 0; i < images.size(); ++i) images[i] = static_cast<char>(i * i * i >> 5);
  const std::string name = "train-images-idx3-ubyte.gz";
  write_gz(folder / name, idx_bytes(2051, {50, 28, 28}, images));
  std::filesystem::remove(folder / "train-images-idx3-ubyte");
  const auto error = [&](std::size_t index) {
    return error_of([&] { load_slice("mnist", {index, 3, {}}, folder.path()); });
  };
  EXPECT_EQ(error(2), "no error");
  std::fstream file(folder / name, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-8, std::ios::end);
  file << "bad!";  // in place of the checksum
  file.close();
  EXPECT_THAT(error(2), testing::HasSubstr(name + ": the compressed data is damaged: "));
}

// The usual place of a data set, for this test.
class CacheFolder {
 public:
  CacheFolder() { ::setenv("XDG_CACHE_HOME", folder_.path().c_str(), 1); }
  ~CacheFolder() { was_ ? ::setenv("XDG_CACHE_HOME", was_->c_str(), 1) : ::unsetenv("XDG_CACHE_HOME"); }
  std::filesystem::path of(const std::string& dataset) const {
    const auto folder = folder_ / ("geomx-emu/" + dataset);
    std::filesystem::create_directories(folder);
    return folder;
  }

 private:
  const TemporaryFolder folder_;
  const std::optional<std::string> was_ = [] {
    const char* was = std::getenv("XDG_CACHE_HOME");
    return was == nullptr ? std::nullopt : std::optional<std::string>(was);
  }();
};

TEST(LoadDataset, KnowsTheChecksumsOfThePublishedFiles) {
  const CacheFolder cache;
  const auto folder = cache.of("mnist");
  write_dataset(folder, 20);
  EXPECT_THAT(error_of([&] { load_dataset("mnist", Part::train); }),
              testing::MatchesRegex(".*train-labels-idx1-ubyte.gz: its content has the CRC-32 [0-9a-f]{8}, the "
                                    "published file's is e0cb4ad2: damaged, or another data set .*"));
  EXPECT_EQ(load_dataset("mnist", Part::train, folder).size(), 20u);  // where somebody says so, it may be another
}

TEST(LoadDataset, LooksForCifarAndTextInTheCacheFolder) {
  const CacheFolder cache;
  write_plain(cache.of("text") / "text.txt", std::string(2000, 'x'));
  EXPECT_EQ(load_dataset("text", Part::train).size(), 14u);  // of 128 bytes
  EXPECT_THAT(error_of([] { load_dataset("cifar10", Part::test); }),
              testing::HasSubstr("no test_batch.bin (plain or .gz) in " + cache.of("cifar10").string()));
}

}  // namespace
}  // namespace geomx::trainer
