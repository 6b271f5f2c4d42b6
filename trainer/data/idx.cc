#include "trainer/data/idx.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "trainer/data/file.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

constexpr std::uint32_t kUnsignedBytes = 0x08;

std::uint32_t big_endian(const std::uint8_t* bytes) {
  return (std::uint32_t{bytes[0]} << 24) | (std::uint32_t{bytes[1]} << 16) | (std::uint32_t{bytes[2]} << 8) | bytes[3];
}

[[noreturn]] void fail_surplus(const std::filesystem::path& file, std::uint64_t wanted) {
  throw Error(file.string() + ": " + std::to_string(wanted) +
              " bytes wanted, more found: the file is longer than its header says");
}

struct Header {
  std::size_t bytes = 0;
  std::vector<std::uint32_t> shape;
  std::uint64_t elements = 1;
};

Header read_header(File& reader, int dimensions) {
  const auto& file = reader.path();
  const std::size_t header_size = 4 + 4 * static_cast<std::size_t>(dimensions);
  std::vector<std::uint8_t> header(header_size);
  const std::size_t header_found = reader.read(header);
  if (header_found >= 4) {
    const std::uint32_t magic = big_endian(header.data());
    const std::uint32_t expected = (kUnsignedBytes << 8) | static_cast<std::uint32_t>(dimensions);
    if (magic != expected) {
      throw Error(file.string() + ": magic number " + std::to_string(expected) + " wanted, " + std::to_string(magic) +
                  " found: not an IDX file of bytes with " + std::to_string(dimensions) + " dimension" +
                  (dimensions == 1 ? "" : "s"));
    }
  }
  if (header_found < header_size) reader.fail_truncated(header_size);

  Header result{.bytes = header_size, .shape = {}};
  std::uint64_t& elements = result.elements;
  for (int d = 0; d < dimensions; ++d) {
    const std::uint32_t size = big_endian(header.data() + 4 + 4 * d);
    result.shape.push_back(size);
    elements = size == 0 ? 0 : (elements > kLargestContent / size ? kLargestContent + 1 : elements * size);
  }
  if (elements == 0) throw Error(file.string() + ": the header says that it holds nothing");
  if (elements > kLargestContent) throw Error(file.string() + ": the header says more than 4 GiB: it is damaged");
  const std::uint64_t wanted = header_size + elements;
  reader.expect(wanted);
  if (!reader.compressed() && reader.size() < wanted) {
    reader.skip_to(wanted);
    reader.fail_truncated(wanted);
  }
  if (!reader.compressed() && reader.size() > wanted) fail_surplus(file, wanted);
  if (!reader.may_hold(wanted)) {
    throw Error(file.string() + ": the header says " + std::to_string(wanted) +
                " bytes, which is more than a file of its size can hold: it is damaged");
  }
  return result;
}

void check_end(File& reader, const Header& header, std::optional<std::uint32_t> crc) {
  const std::uint64_t wanted = header.bytes + header.elements;
  reader.skip_to(wanted);
  if (reader.position() < wanted) reader.fail_truncated(wanted);
  const std::uint32_t found = reader.crc();
  if (!reader.at_end()) fail_surplus(reader.path(), wanted);
  if (crc && found != *crc) {
    throw Error(fmt::format(
        "{}: its content has the CRC-32 {:08x}, the published file's is {:08x}: damaged, or another data set "
        "(./bootstrap data fetches it again; a data set of your own goes elsewhere, with --data-dir)",
        reader.path().string(), found, *crc));
  }
}

}  // namespace

std::vector<std::uint32_t> read_idx_shape(const std::filesystem::path& file, int dimensions) {
  File reader(file);
  return std::move(read_header(reader, dimensions).shape);
}

IdxArray read_idx_rows(const std::filesystem::path& file, int dimensions, std::span<const std::uint32_t> rows,
                       bool to_the_end, std::optional<std::uint32_t> crc) {
  if (!to_the_end) crc.reset();  // it is of all bytes
  File reader(file, crc.has_value());
  const Header header = read_header(reader, dimensions);
  const std::size_t count = header.shape[0];
  const auto row = static_cast<std::size_t>(header.elements / count);
  for (std::uint32_t wanted : rows) {
    if (wanted < count) continue;
    throw Error(file.string() + ": there is no element " + std::to_string(wanted) + " of " + std::to_string(count));
  }
  IdxArray array{.shape = header.shape, .elements = std::vector<std::uint8_t>(rows.size() * row)};
  visit_rows(reader, header.bytes, row, rows,
             [&](std::size_t place) { reader.read_exactly(std::span(array.elements).subspan(place * row, row)); });
  // Where the last one has been read, what follows it costs nothing to see.
  if (to_the_end || reader.position() == header.bytes + header.elements) check_end(reader, header, crc);
  return array;
}

IdxArray read_idx(const std::filesystem::path& file, int dimensions, std::optional<std::uint32_t> crc) {
  File reader(file, crc.has_value());
  const Header header = read_header(reader, dimensions);
  IdxArray array{.shape = header.shape, .elements = std::vector<std::uint8_t>(header.elements)};
  reader.read(array.elements);
  check_end(reader, header, crc);
  return array;
}

}  // namespace geomx::trainer
