#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/trainer/data/error_of.h"
#include "tests/unit/trainer/data/idx_files.h"
#include "tests/unit/trainer/data/temporary_folder.h"
#include "trainer/data/dataset.h"
#include "trainer/data/slice.h"

namespace geomx::trainer {
namespace {

// Record i has the label i % 10, and in plane c, row y, column x the value i + c * 100 + y + x, modulo 256.
std::string records(int first, int count) {
  std::string bytes;
  for (int i = first; i < first + count; ++i) {
    bytes += static_cast<char>(i % 10);
    for (int c = 0; c < 3; ++c)
      for (int y = 0; y < 32; ++y)
        for (int x = 0; x < 32; ++x) bytes += static_cast<char>(i + c * 100 + y + x);
  }
  return bytes;
}

// 4, 5, 6, 7 and 8 records to train, 6 to test; two of the files are compressed.
class Cifar : public testing::Test {
 protected:
  Cifar() {
    int first = 0;
    for (int batch = 1; batch <= 5; ++batch) {
      const std::string name = "data_batch_" + std::to_string(batch) + ".bin";
      const std::string bytes = records(first, batch + 3);
      if (batch == 2) {
        write_gz(folder_ / (name + ".gz"), bytes);
      } else {
        write_plain(folder_ / name, bytes);
      }
      first += batch + 3;
    }
    write_gz(folder_ / "test_batch.bin.gz", records(0, 6));
  }
  std::string at(const std::string& name) const { return (folder_ / name).string(); }
  std::string load_error(Part part = Part::train) {
    return error_of([&] { load_dataset("cifar10", part, folder_.path()); });
  }

  TemporaryFolder folder_;
};

TEST_F(Cifar, ReadsAllFilesAsOneSet) {
  EXPECT_EQ(count_samples("cifar10", Part::train, folder_.path()), 30u);
  EXPECT_EQ(count_samples("cifar10", Part::test, folder_.path()), 6u);
  EXPECT_EQ(load_dataset("cifar10", Part::test, folder_.path()).size(), 6u);
  const Dataset train = load_dataset("cifar10", Part::train, folder_.path());
  ASSERT_EQ(train.size(), 30u);
  EXPECT_EQ(train.shape, (ImageShape{3, 32, 32}));
  EXPECT_EQ(train.classes, 10);
  for (std::size_t i = 0; i < 30; ++i) {
    EXPECT_EQ(train.labels[i], i % 10);
    EXPECT_EQ(train.image(i)[0], i);
    EXPECT_EQ(train.image(i)[2 * 1024 + 3 * 32 + 5], i + 208);  // plane 2, row 3, column 5
  }
}

TEST_F(Cifar, ReadsSlicesAsTakenFromTheWhole) {
  const Dataset whole = load_dataset("cifar10", Part::train, folder_.path());
  for (SplitKind kind : {SplitKind::contiguous, SplitKind::by_class, SplitKind::dirichlet}) {
    for (std::size_t index = 0; index < 4; ++index) {
      const Slice slice{index, 4, {kind}};
      const Dataset taken = take_slice(whole, slice);
      const Dataset loaded = load_slice("cifar10", slice, folder_.path());
      ASSERT_EQ(loaded.size(), 7u);
      EXPECT_EQ(loaded.labels, taken.labels);
      EXPECT_EQ(loaded.images, taken.images);
      EXPECT_EQ(loaded.shape, taken.shape);
    }
  }
}

TEST_F(Cifar, SaysWhatIsWrong) {
  std::filesystem::resize_file(folder_ / "data_batch_3.bin", 3000);
  EXPECT_EQ(load_error(), at("data_batch_3.bin") +
                              ": 3000 bytes are not whole records of 3073: truncated, or not of "
                              "CIFAR-10's binary version");
  write_plain(folder_ / "data_batch_3.bin", "");
  EXPECT_THAT(load_error(), testing::HasSubstr("data_batch_3.bin: 0 bytes are not whole records of 3073"));
  std::string wrong = records(9, 6);
  wrong[2 * 3073] = 10;
  write_plain(folder_ / "data_batch_3.bin", wrong);
  EXPECT_EQ(load_error(), at("data_batch_3.bin") + ": label 10 of sample 2 is not within 0..9");
  EXPECT_EQ(error_of([&] {
              load_slice("cifar10", {0, 1, {SplitKind::by_class}}, folder_.path());
            }),
            at("data_batch_3.bin") + ": label 10 of sample 2 is not within 0..9");
  std::filesystem::remove(folder_ / "data_batch_3.bin");
  EXPECT_EQ(load_error(), "data set cifar10: no data_batch_3.bin (plain or .gz) in " + folder_.path().string() +
                              " (put the files of cifar-10-binary.tar.gz there, or say where yours are with "
                              "--data-dir)");
}

std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST_F(Cifar, FindsDamageInCompressedFiles) {
  const auto file = folder_ / "test_batch.bin.gz";
  const std::string good = contents(file);

  write_plain(file, good + good);  // two streams: zlib reads both, but the end tells of one
  EXPECT_EQ(load_error(Part::test), file.string() +
                                        ": holds more than the 18438 bytes that its end says: more than one "
                                        "compressed stream in a file (unpack it)");
  std::string bad = good;
  bad[bad.size() - 6] = static_cast<char>(bad[bad.size() - 6] ^ 1);  // of the checksum
  write_plain(file, bad);
  EXPECT_THAT(load_error(Part::test), testing::HasSubstr("the compressed data is damaged: "));
  // The length that the end says is what memory would be asked for.
  bad = good;
  for (std::size_t i = bad.size() - 4; i < bad.size(); ++i) bad[i] = '\x7f';
  write_plain(file, bad);
  EXPECT_THAT(load_error(Part::test), testing::HasSubstr("more than a file of its size can hold"));
  write_plain(file, good.substr(0, 10));
  EXPECT_THAT(load_error(Part::test), testing::HasSubstr("it ends in its header"));
}

}  // namespace
}  // namespace geomx::trainer
