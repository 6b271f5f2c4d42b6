#include "trainer/data/file.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <numeric>
#include <string>
#include <utility>

#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

constexpr unsigned kBuffer = 1 << 17;
constexpr std::uint64_t kWorthSeeking = 1 << 18;  // bytes: a seek throws the buffer's contents away
constexpr std::uint64_t kMostOfOne = 1032;        // bytes that deflate makes of one (zlib's technical notes)
constexpr std::uint64_t kSmallestGzip = 20;       // bytes: header, an empty block, the trailer's checksum and size

// The last four bytes of a gzip stream: its length, modulo 2^32.
std::uint64_t unpacked_size(const std::filesystem::path& path, std::uint64_t packed) {
  std::array<unsigned char, 4> tail{};
  if (packed < kSmallestGzip) throw Error(path.string() + ": the compressed data is damaged: it ends in its header");
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(packed - tail.size()));
  file.read(reinterpret_cast<char*>(tail.data()), tail.size());
  if (!file) throw Error(path.string() + ": cannot be read: its end is not there");
  return tail[0] | (std::uint64_t{tail[1]} << 8) | (std::uint64_t{tail[2]} << 16) | (std::uint64_t{tail[3]} << 24);
}

}  // namespace

void File::Close::operator()(gzFile_s* file) const {
  gzclose_r(file);
}

File::File(std::filesystem::path path, bool sum) : path_(std::move(path)), sum_(sum) {
  std::error_code failed;
  if (std::filesystem::is_directory(path_, failed)) throw Error(path_.string() + ": is a directory, not a file");
  // zlib reads plain files as they are, so that one road serves both.
  file_.reset(gzopen(path_.c_str(), "rbe"));
  if (!file_) throw Error(path_.string() + ": cannot be read: " + std::strerror(errno));
  packed_size_ = std::filesystem::file_size(path_, failed);
  if (failed) throw Error(path_.string() + ": is not a file of its own: " + failed.message());
  gzbuffer(file_.get(), kBuffer);
  compressed_ = gzdirect(file_.get()) == 0;
}

std::uint64_t File::size() const {
  const std::uint64_t size = compressed_ ? unpacked_size(path_, packed_size_) : packed_size_;
  if (size > kLargestContent) throw Error(path_.string() + ": is larger than 4 GiB");
  if (!may_hold(size)) {
    throw Error(path_.string() + ": its end says " + std::to_string(size) +
                " bytes, which is more than a file of its size can hold: it is damaged");
  }
  return size;
}

bool File::may_hold(std::uint64_t bytes) const {
  return bytes <= (compressed_ ? packed_size_ * kMostOfOne : packed_size_);
}

std::size_t File::read(std::span<std::uint8_t> into) {
  std::size_t have = 0;
  while (have < into.size()) {
    const auto chunk = static_cast<unsigned>(std::min<std::size_t>(into.size() - have, 1 << 24));
    const int got = gzread(file_.get(), into.data() + have, chunk);
    if (got > 0) have += static_cast<std::size_t>(got);
    int code = Z_OK;
    const char* why = gzerror(file_.get(), &code);
    // Z_BUF_ERROR is a compressed stream that stops in the middle: truncation, which the caller reports in bytes.
    if (code == Z_ERRNO) throw Error(path_.string() + ": cannot be read: " + std::strerror(errno));
    if (code != Z_OK && code != Z_BUF_ERROR && code != Z_STREAM_END) {
      throw Error(path_.string() + ": the compressed data is damaged: " + why);
    }
    if (got <= 0) break;
  }
  if (sum_) crc_ = static_cast<std::uint32_t>(crc32_z(crc_, into.data(), have));
  position_ += have;
  return have;
}

void File::read_exactly(std::span<std::uint8_t> into) {
  const std::uint64_t wanted = position_ + into.size();
  if (read(into) < into.size()) fail_truncated(wanted);
}

void File::skip_to(std::uint64_t position) {
  if (position <= position_) return;
  if (!compressed_ && !sum_ && position - position_ > kWorthSeeking && position <= packed_size_) {
    if (gzseek(file_.get(), static_cast<z_off_t>(position), SEEK_SET) < 0) {
      throw Error(path_.string() + ": cannot be read: " + std::strerror(errno));
    }
    position_ = position;
    return;
  }
  skipped_.resize(kBuffer);
  while (position_ < position) {
    const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(position - position_, skipped_.size()));
    if (read(std::span(skipped_).first(step)) < step) return;
  }
}

bool File::at_end() {
  std::uint8_t one_more = 0;
  return read({&one_more, 1}) == 0;
}

void File::check_end() {
  const std::uint64_t said = size();
  skip_to(said);
  if (position_ < said) fail_truncated(said);
  if (at_end()) return;
  throw Error(path_.string() + ": holds more than the " + std::to_string(said) +
              " bytes that its end says: more than one compressed stream in a file (unpack it)");
}

void File::fail_truncated(std::uint64_t wanted) const {
  throw Error(path_.string() + ": " + std::to_string(std::max(wanted, expected_)) + " bytes wanted, " +
              std::to_string(position_) + " found: the file is truncated");
}

void visit_rows(File& file, std::uint64_t begin, std::size_t row, std::span<const std::uint32_t> rows,
                const std::function<void(std::size_t place)>& visit) {
  std::vector<std::uint32_t> places(rows.size());
  std::iota(places.begin(), places.end(), 0u);
  if (!std::ranges::is_sorted(rows)) std::ranges::sort(places, {}, [&](std::uint32_t place) { return rows[place]; });
  for (std::uint32_t place : places) {
    const std::uint64_t at = begin + std::uint64_t{rows[place]} * row;
    file.skip_to(at);
    if (file.position() < at) file.fail_truncated(at + row);
    visit(place);
  }
}

}  // namespace geomx::trainer
