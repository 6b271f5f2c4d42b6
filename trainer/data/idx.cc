#include "trainer/data/idx.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

constexpr std::uint64_t kMaxElements = std::uint64_t{1}
                                       << 32;  // no data set of ours is larger; a damaged header may say so
constexpr std::uint32_t kUnsignedBytes = 0x08;

struct CloseGz {
  void operator()(gzFile file) const { gzclose_r(file); }
};
using GzFile = std::unique_ptr<gzFile_s, CloseGz>;

// zlib reads plain files as they are, so that one road serves both.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& path) : path_(path) {
    if (std::filesystem::is_directory(path)) throw Error(path.string() + ": is a directory, not an IDX file");
    file_.reset(gzopen(path.c_str(), "rbe"));
    if (!file_) throw Error(path.string() + ": cannot be read: " + std::strerror(errno));
    gzbuffer(file_.get(), 1 << 17);
  }

  // Up to `wanted` bytes; fewer at the file's end.
  std::size_t read(std::uint8_t* into, std::size_t wanted) {
    std::size_t have = 0;
    while (have < wanted) {
      const auto chunk = static_cast<unsigned>(std::min<std::size_t>(wanted - have, 1 << 24));
      const int got = gzread(file_.get(), into + have, chunk);
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
    return have;
  }

  // After the first read().
  bool compressed() const { return gzdirect(file_.get()) == 0; }

 private:
  std::filesystem::path path_;
  GzFile file_;
};

std::uint32_t big_endian(const std::uint8_t* bytes) {
  return (std::uint32_t{bytes[0]} << 24) | (std::uint32_t{bytes[1]} << 16) | (std::uint32_t{bytes[2]} << 8) | bytes[3];
}

[[noreturn]] void truncated(const std::filesystem::path& file, std::uint64_t wanted, std::uint64_t found) {
  throw Error(file.string() + ": " + std::to_string(wanted) + " bytes wanted, " + std::to_string(found) +
              " found: the file is truncated");
}

[[noreturn]] void surplus(const std::filesystem::path& file, std::uint64_t wanted) {
  throw Error(file.string() + ": " + std::to_string(wanted) +
              " bytes wanted, more found: the file is longer than its header says");
}

struct Header {
  std::size_t bytes = 0;
  std::vector<std::uint32_t> shape;
  std::uint64_t elements = 1;
};

Header read_header(Reader& reader, const std::filesystem::path& file, int dimensions) {
  const std::size_t header_size = 4 + 4 * static_cast<std::size_t>(dimensions);
  std::vector<std::uint8_t> header(header_size);
  const std::size_t header_found = reader.read(header.data(), header.size());
  if (header_found >= 4) {
    const std::uint32_t magic = big_endian(header.data());
    const std::uint32_t expected = (kUnsignedBytes << 8) | static_cast<std::uint32_t>(dimensions);
    if (magic != expected) {
      throw Error(file.string() + ": magic number " + std::to_string(expected) + " wanted, " + std::to_string(magic) +
                  " found: not an IDX file of bytes with " + std::to_string(dimensions) + " dimension" +
                  (dimensions == 1 ? "" : "s"));
    }
  }
  if (header_found < header_size) truncated(file, header_size, header_found);

  Header result{.bytes = header_size, .shape = {}};
  std::uint64_t& elements = result.elements;
  for (int d = 0; d < dimensions; ++d) {
    const std::uint32_t size = big_endian(header.data() + 4 + 4 * d);
    result.shape.push_back(size);
    elements = size == 0 ? 0 : (elements > kMaxElements / size ? kMaxElements + 1 : elements * size);
  }
  if (elements == 0) throw Error(file.string() + ": the header says that it holds nothing");
  if (elements > kMaxElements) throw Error(file.string() + ": the header says more than 4 GiB: it is damaged");
  return result;
}

}  // namespace

std::vector<std::uint32_t> read_idx_shape(const std::filesystem::path& file, int dimensions) {
  Reader reader(file);
  Header header = read_header(reader, file, dimensions);
  if (!reader.compressed()) {
    const std::uint64_t wanted = header.bytes + header.elements;
    std::error_code failed;
    const std::uintmax_t found = std::filesystem::file_size(file, failed);
    if (!failed && found < wanted) truncated(file, wanted, found);
    if (!failed && found > wanted) surplus(file, wanted);
  }
  return std::move(header.shape);
}

IdxArray read_idx(const std::filesystem::path& file, int dimensions) {
  Reader reader(file);
  Header header = read_header(reader, file, dimensions);
  IdxArray array;
  array.shape = std::move(header.shape);

  // Grows with what is found, so that a damaged header cannot ask for gigabytes.
  constexpr std::size_t kChunk = std::size_t{1} << 23;
  while (array.elements.size() < header.elements) {
    const std::size_t have = array.elements.size();
    const std::size_t wanted = std::min<std::uint64_t>(header.elements - have, kChunk);
    array.elements.resize(have + wanted);
    const std::size_t got = reader.read(array.elements.data() + have, wanted);
    if (got < wanted) truncated(file, header.bytes + header.elements, header.bytes + have + got);
  }
  std::uint8_t one_more = 0;
  if (reader.read(&one_more, 1) != 0) surplus(file, header.bytes + header.elements);
  return array;
}

}  // namespace geomx::trainer
