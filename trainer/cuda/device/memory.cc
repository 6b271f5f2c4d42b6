#include "trainer/cuda/device/memory.h"

#include "trainer/cuda/device/check.h"

namespace geomx::trainer::cuda {
namespace {

std::string mebibytes(std::size_t bytes) {
  constexpr std::size_t kMebibyte = 1 << 20;
  return std::to_string((bytes + kMebibyte - 1) / kMebibyte) + " MiB";
}

class PinnedMemory : public std::pmr::memory_resource {
  void* do_allocate(std::size_t bytes, std::size_t) override {  // pages are aligned enough
    void* memory = nullptr;
    check(cudaHostAlloc(&memory, bytes, cudaHostAllocPortable),
          "pin " + mebibytes(bytes) + " of the host's memory (ulimit -l, or a container's limit)");
    return memory;
  }
  void do_deallocate(void* memory, std::size_t, std::size_t) override { cudaFreeHost(memory); }
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }
};

}  // namespace

Stream make_stream() {
  Stream stream;
  check(cudaStreamCreateWithFlags(stream.out(), cudaStreamNonBlocking), "make a stream");
  return stream;
}

Event make_event() {
  Event event;
  check(cudaEventCreateWithFlags(event.out(), cudaEventDisableTiming), "make an event");
  return event;
}

DeviceBlock::DeviceBlock(std::size_t bytes, const std::string& what) {
  void* memory = nullptr;
  const cudaError_t status = cudaMalloc(&memory, bytes);
  if (status == cudaErrorMemoryAllocation) {
    std::size_t free = 0, total = 0;
    cudaGetLastError();  // forget it: later calls report it again
    check(cudaMemGetInfo(&free, &total), "say how much memory is free");
    throw Error(what + " needs " + mebibytes(bytes) + " (" + std::to_string(bytes) +
                " bytes) of the card's memory, and " + mebibytes(free) + " of its " + mebibytes(total) +
                " are free (take a smaller --batch-size, fewer workers on this card, or another device)");
  }
  check(status, "take " + mebibytes(bytes) + " of the card's memory for " + what);
  memory_.reset(static_cast<std::byte*>(memory));
}

std::pmr::memory_resource* pinned_memory() {
  static PinnedMemory memory;
  return &memory;
}

}  // namespace geomx::trainer::cuda
