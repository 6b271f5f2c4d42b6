#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <vector>

struct gzFile_s;

namespace geomx::trainer {

// No data set of ours is larger; a damaged header may say so.
inline constexpr std::uint64_t kLargestContent = std::uint64_t{1} << 32;

// A file of a data set, plain or gzip-compressed, read from its beginning on. Move-only. Throws Error in one line that
// names the file: not there, not a file, damaged.
class File {
 public:
  // `sum`: crc() is wanted.
  explicit File(std::filesystem::path path, bool sum = false);

  const std::filesystem::path& path() const { return path_; }
  bool compressed() const { return compressed_; }

  // The bytes in it, unpacked, without reading them: the file's size or, compressed, what its end says, which is right
  // as long as it is one stream. Whoever reads to there calls check_end() to see. Throws Error for more than 4 GiB, or
  // than can be.
  std::uint64_t size() const;

  // Whether so many bytes can be in it: deflate makes at most 1032 of one. Before memory is asked for on a header's
  // word.
  bool may_hold(std::uint64_t bytes) const;

  // Up to so many bytes; fewer at the end only.
  std::size_t read(std::span<std::uint8_t> into);
  // What the file should hold, for errors.
  void expect(std::uint64_t bytes) { expected_ = bytes; }
  // As many as that. Throws Error where the file ends before.
  void read_exactly(std::span<std::uint8_t> into);
  // On to a later position. A file that ends before leaves position() at its end.
  void skip_to(std::uint64_t position);
  std::uint64_t position() const { return position_; }
  bool at_end();                                                 // reads one byte to know, which is lost
  [[noreturn]] void fail_truncated(std::uint64_t wanted) const;  // the file ends at position()
  void check_end();  // that nothing follows what size() says, and that it is what was compressed. Throws Error.

  std::uint32_t crc() const { return crc_; }  // CRC-32 of all bytes up to position()

 private:
  struct Close {
    void operator()(gzFile_s* file) const;
  };
  std::filesystem::path path_;
  std::unique_ptr<gzFile_s, Close> file_;
  std::vector<std::uint8_t> skipped_;
  bool sum_;
  bool compressed_ = false;
  std::uint64_t packed_size_ = 0;
  std::uint64_t expected_ = 0;
  std::uint64_t position_ = 0;
  std::uint32_t crc_ = 0;
};

// Visits rows of equal length, of which row 0 begins at `begin`, in the file's order, whatever that of `rows`: `visit`
// is called with the place of each in `rows` when the file stands at its beginning, to read it.
void visit_rows(File& file, std::uint64_t begin, std::size_t row, std::span<const std::uint32_t> rows,
                const std::function<void(std::size_t place)>& visit);

}  // namespace geomx::trainer
