#include <algorithm>

#include "trainer/data/file.h"
#include "trainer/data/source.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

constexpr std::uint64_t kTestShare = 10;  // of one file for both parts, one byte in so many is the test part's

class Text : public Source {
 public:
  Text(const Place& place, Part part, std::size_t context)
      : path_(find_file(place, {part == Part::train ? "train.txt" : "test.txt", "text.txt"})),
        kind_(dataset_kind("text", context)),
        context_(context) {
    const std::uint64_t bytes = File(path_).size();
    end_ = bytes;
    if (path_.filename().string().starts_with("text.")) {
      const std::uint64_t boundary = bytes - bytes / kTestShare;
      (part == Part::train ? end_ : begin_) = boundary;
    }
    if (end_ - begin_ <= context) {
      throw Error(path_.string() + ": the " + std::to_string(end_ - begin_) + " bytes of its " +
                  (part == Part::train ? "training" : "test") + " part are not one sample of " +
                  std::to_string(context) + " bytes and the one that follows (a longer text, or a smaller --context)");
    }
  }

  std::size_t size() const override { return static_cast<std::size_t>((end_ - begin_ - 1) / context_); }

  std::vector<std::uint8_t> labels() override {
    throw Error("data set text has no classes by which it could be split (--split contiguous)");
  }

  Dataset read(std::span<const std::uint32_t> samples, bool everything) override {
    // Neighbours share a byte, so what lies between the first and the last is read in one go.
    const auto [first, last] = std::ranges::minmax(samples);
    std::vector<std::uint8_t> text((std::size_t{last} - first + 1) * context_ + 1);
    File file(path_);
    file.skip_to(begin_ + std::uint64_t{first} * context_);
    file.read_exactly(text);
    if (everything) file.check_end();

    Dataset dataset{kind_, {}, {}};
    dataset.images.reserve(samples.size() * context_);
    dataset.labels.reserve(samples.size() * context_);
    for (std::uint32_t sample : samples) {
      const auto begin = text.begin() + static_cast<std::ptrdiff_t>((sample - first) * context_);
      const auto end = begin + static_cast<std::ptrdiff_t>(context_);
      dataset.images.insert(dataset.images.end(), begin, end);
      dataset.labels.insert(dataset.labels.end(), begin + 1, end + 1);
    }
    return dataset;
  }

 private:
  std::filesystem::path path_;
  DatasetKind kind_;
  std::size_t context_;
  std::uint64_t begin_ = 0;  // of the part, in the file
  std::uint64_t end_ = 0;
};

}  // namespace

std::unique_ptr<Source> open_text(const Place& place, Part part, std::size_t context) {
  return std::make_unique<Text>(place, part, context);
}

}  // namespace geomx::trainer
