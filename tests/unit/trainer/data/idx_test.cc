#include "trainer/data/idx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "tests/unit/trainer/data/idx_files.h"
#include "tests/unit/trainer/data/temporary_folder.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

std::string error_of(const std::filesystem::path& file, int dimensions) {
  try {
    read_idx(file, dimensions);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Idx, ReadsPlainAndCompressedAlike) {
  const TemporaryFolder folder;
  const std::string bytes = idx_bytes(2051, {2, 2, 3}, "abcdefghijkl");
  write_plain(folder / "plain", bytes);
  write_gz(folder / "small.gz", bytes);
  for (const char* name : {"plain", "small.gz"}) {
    const IdxArray array = read_idx(folder / name, 3);
    EXPECT_THAT(array.shape, testing::ElementsAre(2, 2, 3));
    EXPECT_EQ(std::string(array.elements.begin(), array.elements.end()), "abcdefghijkl");
  }
}

TEST(Idx, SaysWhatIsWrongInOneLine) {
  const TemporaryFolder folder;
  const std::string at = folder.path().string() + "/";
  write_plain(folder / "magic", idx_bytes(2049, {1}, "a"));
  EXPECT_EQ(error_of(folder / "magic", 3),
            at + "magic: magic number 2051 wanted, 2049 found: not an IDX file of bytes with 3 dimensions");

  write_plain(folder / "t10k-images-idx3-ubyte", idx_bytes(2051, {10000, 28, 28}, std::string(1024 - 16, 'x')));
  EXPECT_EQ(error_of(folder / "t10k-images-idx3-ubyte", 3),
            at + "t10k-images-idx3-ubyte: 7840016 bytes wanted, 1024 found: the file is truncated");

  write_plain(folder / "header", idx_bytes(2051, {7}, ""));
  EXPECT_EQ(error_of(folder / "header", 3), at + "header: 16 bytes wanted, 8 found: the file is truncated");
  write_plain(folder / "empty", "");
  EXPECT_EQ(error_of(folder / "empty", 1), at + "empty: 8 bytes wanted, 0 found: the file is truncated");

  write_plain(folder / "long", idx_bytes(2049, {3}, "abcd"));
  EXPECT_EQ(error_of(folder / "long", 1),
            at + "long: 11 bytes wanted, more found: the file is longer than its header says");

  write_plain(folder / "huge", idx_bytes(2051, {0xffffffffu, 0xffffffffu, 2}, "a"));
  EXPECT_EQ(error_of(folder / "huge", 3), at + "huge: the header says more than 4 GiB: it is damaged");
  write_plain(folder / "nothing", idx_bytes(2051, {0, 28, 28}, ""));
  EXPECT_EQ(error_of(folder / "nothing", 3), at + "nothing: the header says that it holds nothing");

  EXPECT_EQ(error_of(folder / "absent", 1), at + "absent: cannot be read: No such file or directory");
  EXPECT_EQ(error_of(folder.path(), 1), folder.path().string() + ": is a directory, not a file");
}

TEST(Idx, FindsDamageInCompressedFiles) {
  const TemporaryFolder folder;
  std::string noise(200'000, '\0');
  std::mt19937 random(1);
  for (char& c : noise) c = static_cast<char>(random());
  write_gz(folder / "whole.gz", idx_bytes(2049, {200'000}, noise));
  ASSERT_EQ(read_idx(folder / "whole.gz", 1).elements.size(), 200'000u);

  std::ifstream in(folder / "whole.gz", std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), {});
  write_plain(folder / "cut.gz", bytes.substr(0, bytes.size() / 2));
  EXPECT_THAT(error_of(folder / "cut.gz", 1),
              testing::MatchesRegex(".*/cut\\.gz: 200008 bytes wanted, [0-9]+ found: the file is truncated"));
  // Only the checksum tells that the elements are not what was written.
  bytes[bytes.size() - 6] = static_cast<char>(bytes[bytes.size() - 6] ^ 1);
  write_plain(folder / "bad.gz", bytes);
  EXPECT_THAT(error_of(folder / "bad.gz", 1), testing::HasSubstr("bad.gz: the compressed data is damaged: "));
}

TEST(Idx, ReadsTheRowsThatAreAskedFor) {
  const TemporaryFolder folder;
  const std::string bytes = idx_bytes(2051, {4, 1, 3}, "aaabbbcccddd");
  write_plain(folder / "plain", bytes);
  write_gz(folder / "packed.gz", bytes);
  const auto sum = static_cast<std::uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), 28));
  for (const char* name : {"plain", "packed.gz"}) {
    const auto read = [&](const std::vector<std::uint32_t>& rows, bool to_the_end, std::uint32_t crc) {
      const IdxArray array = read_idx_rows(folder / name, 3, rows, to_the_end, crc);
      EXPECT_THAT(array.shape, testing::ElementsAre(4, 1, 3));
      return std::string(array.elements.begin(), array.elements.end());
    };
    EXPECT_EQ(read({3, 0, 2}, false, sum + 1), "dddaaaccc");  // not all was read, so there is no sum to compare
    EXPECT_EQ(read({1}, true, sum), "bbb");
    EXPECT_THROW(read({1}, true, sum + 1), Error);
    EXPECT_THROW(read({4}, false, sum), Error);
  }
}

}  // namespace
}  // namespace geomx::trainer
