// The readers of data sets: whatever the bytes of a file are, it is refused with an Error, or becomes samples of the
// right size with labels that there are, and each worker's slice is what taking it from the whole gives.
//
// The first byte says which file they are; its partners are small and right.

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "trainer/data/dataset.h"
#include "trainer/data/slice.h"
#include "trainer/tensor/error.h"

namespace {

using namespace geomx::trainer;

constexpr std::size_t kFuzzedContext = 5;

void write(const std::filesystem::path& file, std::string_view bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

// A folder in memory, one for the process.
const std::filesystem::path& folder() {
  static const std::filesystem::path folder = [] {
    const std::filesystem::path root = std::filesystem::exists("/dev/shm") ? "/dev/shm" : "/tmp";
    const auto made = root / ("geomx-fuzz-dataset-" + std::to_string(::getpid()));
    std::filesystem::create_directories(made);
    std::atexit([] { std::filesystem::remove_all(::folder()); });
    return made;
  }();
  return folder;
}

std::string idx(std::string_view header, std::size_t elements) {
  return std::string(header) + std::string(elements, '\1');
}

// As many images or labels as the other file of the pair is likely to have.
const std::string kImages = idx(std::string_view("\0\0\x08\x03\0\0\0\2\0\0\0\x1c\0\0\0\x1c", 16), 2 * 784);
const std::string kLabels = idx(std::string_view("\0\0\x08\x01\0\0\0\2", 8), 2);
const std::string kRecord(3073, '\1');

void check(const char* name) {
  const Dataset whole = load_dataset(name, Part::train, folder(), kFuzzedContext);
  if (whole.size() == 0 || whole.size() != count_samples(name, Part::train, folder(), kFuzzedContext)) std::abort();
  if (whole.images.size() != whole.size() * whole.shape.size()) std::abort();
  if (whole.labels.size() != whole.size() * whole.labels_per_sample) std::abort();
  for (std::uint8_t label : whole.labels) {
    if (label >= whole.classes) std::abort();
  }
  for (SplitKind kind : {SplitKind::contiguous, SplitKind::by_class, SplitKind::dirichlet}) {
    if (whole.labels_per_sample != 1 && kind != SplitKind::contiguous) continue;
    for (std::size_t index = 0; index < 2 && whole.size() >= 2; ++index) {
      const Slice slice{index, 2, {kind}};
      const Dataset loaded = load_slice(name, slice, folder(), kFuzzedContext);
      const Dataset taken = take_slice(whole, slice);
      if (loaded.images != taken.images || loaded.labels != taken.labels) std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto of = [&](int which, const std::string& right) {
    return data[0] % 4 == which ? bytes : std::string_view(right);
  };
  const char* name = "text";
  if (data[0] % 4 < 2) {
    name = "mnist";
    write(folder() / "train-images-idx3-ubyte", of(0, kImages));
    write(folder() / "train-labels-idx1-ubyte", of(1, kLabels));
  } else if (data[0] % 4 == 2) {
    name = "cifar10";
    for (int batch = 1; batch <= 5; ++batch) {
      write(folder() / ("data_batch_" + std::to_string(batch) + ".bin"), batch == 2 ? bytes : kRecord);
    }
  } else {
    write(folder() / "text.txt", bytes);
  }
  try {
    check(name);
  } catch (const Error&) {
    // Refused, with the file.
  }
  return 0;
}
