#include "trainer/data/file.h"
#include "trainer/data/source.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

constexpr DatasetKind kKind{SampleKind::images, {3, 32, 32}, 10, 1};
constexpr std::size_t kPixels = 3 * 32 * 32;
constexpr std::size_t kRecord = 1 + kPixels;  // bytes; the label comes first

class Cifar : public Source {
 public:
  Cifar(const Place& place, Part part) {
    if (part == Part::test) {
      add(find_file(place, {"test_batch.bin"}));
      return;
    }
    for (int batch = 1; batch <= 5; ++batch) add(find_file(place, {"data_batch_" + std::to_string(batch) + ".bin"}));
  }

  std::size_t size() const override { return size_; }

  std::vector<std::uint8_t> labels() override {
    std::vector<std::uint8_t> labels;
    std::vector<std::uint8_t> record(kRecord);
    for (const Records& records : files_) {
      File file(records.path);
      for (std::size_t i = 0; i < records.count; ++i) {
        file.read_exactly(record);
        check_label(records.path, i, record[0], kKind.classes);
        labels.push_back(record[0]);
      }
      file.check_end();
    }
    return labels;
  }

  Dataset read(std::span<const std::uint32_t> samples, bool everything) override {
    Dataset dataset{kKind, std::vector<std::uint8_t>(samples.size() * kPixels),
                    std::vector<std::uint8_t>(samples.size())};
    for (const Records& records : files_) read(records, samples, everything, dataset);
    return dataset;
  }

 private:
  struct Records {
    std::filesystem::path path;
    std::size_t begin;  // the first one's number among all
    std::size_t count;
  };

  void add(const std::filesystem::path& path) {
    const std::uint64_t bytes = File(path).size();
    if (bytes == 0 || bytes % kRecord != 0) {
      throw Error(path.string() + ": " + std::to_string(bytes) + " bytes are not whole records of " +
                  std::to_string(kRecord) + ": truncated, or not of CIFAR-10's binary version");
    }
    files_.push_back({path, size_, static_cast<std::size_t>(bytes / kRecord)});
    size_ += files_.back().count;
  }

  // Those of the samples that are in one file.
  static void read(const Records& records, std::span<const std::uint32_t> samples, bool everything, Dataset& dataset) {
    std::vector<std::uint32_t> rows;
    std::vector<std::size_t> slots;  // where they go
    for (std::size_t slot = 0; slot < samples.size(); ++slot) {
      if (samples[slot] < records.begin || samples[slot] - records.begin >= records.count) continue;
      rows.push_back(static_cast<std::uint32_t>(samples[slot] - records.begin));
      slots.push_back(slot);
    }
    if (rows.empty()) return;
    File file(records.path);
    visit_rows(file, 0, kRecord, rows, [&](std::size_t place) {
      std::uint8_t& label = dataset.labels[slots[place]];
      file.read_exactly({&label, 1});
      check_label(records.path, rows[place], label, kKind.classes);
      file.read_exactly(std::span(dataset.images).subspan(slots[place] * kPixels, kPixels));
    });
    if (everything || file.position() == records.count * kRecord) file.check_end();
  }

  std::vector<Records> files_;
  std::size_t size_ = 0;
};

}  // namespace

std::unique_ptr<Source> open_cifar(const Place& place, Part part) {
  return std::make_unique<Cifar>(place, part);
}

}  // namespace geomx::trainer
