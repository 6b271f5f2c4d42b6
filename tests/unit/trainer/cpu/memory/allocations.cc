#include "tests/unit/trainer/cpu/memory/allocations.h"

#include <dlfcn.h>
#include <dnnl.h>

#include <atomic>
#include <cerrno>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

namespace geomx::test {
Allocations allocations() {
  return {};
}
bool allocations_are_counted() {
  return false;
}
}  // namespace geomx::test

#else

namespace {

std::atomic<std::size_t> ours{0};
std::atomic<std::size_t> onednns{0};
std::atomic<int> executing{0};  // for all threads: a primitive's own threads are oneDNN's

void count() {
  (executing.load(std::memory_order_relaxed) > 0 ? onednns : ours).fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

extern "C" {

// The C library's, under the names by which those in front of them reach them.
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* address, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) noexcept {
  count();
  return __libc_malloc(size);
}
void* calloc(std::size_t number, std::size_t size) noexcept {
  count();
  return __libc_calloc(number, size);
}
void* realloc(void* address, std::size_t size) noexcept {
  count();
  return __libc_realloc(address, size);
}
void* memalign(std::size_t alignment, std::size_t size) noexcept {
  count();
  return __libc_memalign(alignment, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  count();
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** address, std::size_t alignment, std::size_t size) noexcept {
  count();
  *address = __libc_memalign(alignment, size);
  return *address == nullptr ? ENOMEM : 0;
}

// The one way by which the backend runs a primitive.
dnnl_status_t dnnl_primitive_execute(const_dnnl_primitive_t primitive, dnnl_stream_t stream, int arguments,
                                     const dnnl_exec_arg_t* list) {
  using Execute = decltype(&dnnl_primitive_execute);
  static const auto execute = reinterpret_cast<Execute>(::dlsym(RTLD_NEXT, "dnnl_primitive_execute"));
  ++executing;
  const dnnl_status_t status = execute(primitive, stream, arguments, list);
  --executing;
  return status;
}

}  // extern "C"

namespace geomx::test {

Allocations allocations() {
  return {ours.load(), onednns.load()};
}
bool allocations_are_counted() {
  return true;
}

}  // namespace geomx::test

#endif
