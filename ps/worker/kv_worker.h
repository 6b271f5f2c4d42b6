#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "ps/membership/member.h"

namespace geomx::ps {

// The asking side of the key-value store: a worker of its party, and, inside a party server, a worker of the global
// plane. Tensors are float arrays named by small integers (keys). Several may be in flight; each call returns a handle at once.
//
//   KvWorker worker(member, options);
//   auto handle = worker.push_pull(key, gradient, weights);   // round trip: gradient up, new value down
//   worker.wait(handle);
//
// Threading: calls from one thread; completion happens on the member's receive thread.
class KvWorker {
 public:
  using Handle = std::uint64_t;

  struct Options {
    long bigarray_bound = 1'000'000;  // tensors at least this long are split over all servers
    std::chrono::duration<double> timeout{60};  // of wait(); the error names the server that is awaited
  };

  // Before member.join(): the worker takes the member's data handler.
  KvWorker(Member& member, Options options);
  ~KvWorker();

  void configure(const proto::OptimizerConfig& optimizer);                // master worker; waits
  Handle init(std::uint32_t key, std::span<const float> value);           // master worker
  Handle pull(std::uint32_t key, std::span<float> value);                 // waits at the server until it is initialised
  Handle push_pull(std::uint32_t key, std::span<const float> gradient,    // `gradient` stays unchanged and `value` unread
                   std::span<float> value, int priority = 0);             // until wait(); lower priority value goes first
  bool done(Handle handle) const;
  void wait(Handle handle);  // throws Error at the deadline, when the server refused, or when the plane has failed
  void wait_all();

  std::uint64_t round() const;  // push_pulls completed for every key so far

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace geomx::ps
