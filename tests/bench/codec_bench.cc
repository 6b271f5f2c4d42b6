// What a codec costs and saves: one core encodes a gradient and adds it to a sum, slice by slice as the parameter
// server cuts a tensor (ps/worker/partition.h), beside a memcpy of the same tensor in turn with it, so that both see
// the same machine.
//
// Columns: Time is one tensor; GB/s counts the tensor's own bytes (4 an element, 10^9 bytes), so that codecs compare;
// `of_memcpy` is the share of memcpy's speed, median against median; `ratio` is the tensor's bytes over the messages'.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "ps/codec/bisparse.h"
#include "ps/codec/dense.h"
#include "ps/codec/kernels.h"
#include "ps/codec/nonzeros.h"
#include "ps/codec/twobit.h"
#include "ps/worker/partition.h"

namespace {

using namespace geomx::ps;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kBigarrayBound = 1'000'000;  // MXNET_KVSTORE_BIGARRAY_BOUND's default
constexpr std::size_t kGradients = 4;                // in turn: what was sent stays small for a while
constexpr std::size_t kParties = 2;                  // whose union an answer carries

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

double seconds(const std::function<void()>& what) {
  const Clock::time_point start = Clock::now();
  what();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Normal, with a scale that changes from row to row as that of a layer's gradients does.
std::vector<float> gradient(std::size_t length, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(length);
  float scale = 1;
  for (std::size_t i = 0; i < length; ++i) {
    if (i % 256 == 0) scale = std::exp2(normal(random));
    values[i] = 1e-3F * scale * normal(random);
  }
  return values;
}

// A tensor's slices with all that both ends keep of them.
class Tensor {
 public:
  Tensor(std::shared_ptr<const Encoder> encoder, std::size_t length)
      : encoder_(std::move(encoder)), chunks_(chunks_of(0, length, kBigarrayBound)), sums_(length) {
    for (unsigned i = 0; i < kGradients; ++i) gradients_.push_back(gradient(length, i));
    for (const Chunk& chunk : chunks_) {
      states_.emplace_back();
      messages_.emplace_back(encoder_->most_bytes(chunk.length));
      sizes_.push_back(0);
    }
  }

  void encode() {
    const std::vector<float>& values = gradients_[round_++ % kGradients];
    for (std::size_t c = 0; c < chunks_.size(); ++c) {
      sizes_[c] =
          encoder_->encode(std::span(values).subspan(chunks_[c].offset, chunks_[c].length), states_[c], messages_[c]);
    }
    benchmark::ClobberMemory();
  }
  void decode() {
    for (std::size_t c = 0; c < chunks_.size(); ++c) {
      add(encoder_->format(), std::span(messages_[c]).first(sizes_[c]),
          std::span(sums_).subspan(chunks_[c].offset, chunks_[c].length));
    }
    benchmark::ClobberMemory();
  }
  void copy() {
    std::memcpy(sums_.data(), gradients_[round_ % kGradients].data(), sums_.size() * sizeof(float));
    benchmark::ClobberMemory();
  }

  // In place of gradients, what comes down after such pushes: the sums of some parties' messages.
  void pull_after(const Encoder& push) {
    for (unsigned i = 0; i < kGradients; ++i) {
      std::vector<float> sums(sums_.size());
      for (unsigned party = 0; party < kParties; ++party) {
        const std::vector<float> values = gradient(sums.size(), kParties * i + party);
        for (const Chunk& chunk : chunks_) {
          SliceState state;
          std::vector<std::byte> message(push.most_bytes(chunk.length));
          message.resize(push.encode(std::span(values).subspan(chunk.offset, chunk.length), state, message));
          add(push.format(), message, std::span(sums).subspan(chunk.offset, chunk.length));
        }
      }
      gradients_[i] = std::move(sums);
    }
  }

  double ratio() const {
    std::size_t bytes = 0;
    for (const std::size_t size : sizes_) bytes += size;
    return static_cast<double>(sums_.size() * sizeof(float)) / static_cast<double>(bytes);
  }

 private:
  std::shared_ptr<const Encoder> encoder_;
  std::vector<Chunk> chunks_;
  std::vector<std::vector<float>> gradients_;
  std::vector<SliceState> states_;
  std::vector<std::vector<std::byte>> messages_;
  std::vector<std::size_t> sizes_;
  std::vector<float> sums_;
  std::size_t round_ = 0;
};

void measure(benchmark::State& state, Tensor& tensor, double bytes, void (Tensor::*what)()) {
  for (std::size_t i = 0; i < kGradients; ++i) tensor.encode();  // pages touched, residuals grown
  std::vector<double> ours, copies;
  for ([[maybe_unused]] const auto _ : state) {
    copies.push_back(seconds([&] { tensor.copy(); }));
    ours.push_back(seconds([&] { (tensor.*what)(); }));
    state.SetIterationTime(ours.back());
  }
  state.counters["GB/s"] = bytes / median(ours) / 1e9;
  state.counters["memcpy_GB/s"] = bytes / median(copies) / 1e9;
  state.counters["of_memcpy"] = median(copies) / median(ours);
  state.counters["ratio"] = tensor.ratio();
}

struct Codec {
  std::string name;
  std::shared_ptr<const Encoder> encoder;
  std::shared_ptr<const Encoder> push = nullptr;  // of an answer: what was pushed
};

std::vector<Codec> codecs() {
  const auto bisparse = [](double ratio, float momentum, SparseValues values) {
    return std::make_shared<BiSparse>(BiSparseSettings{ratio, momentum, values});
  };
  const auto plain = bisparse(0.01, 0, SparseValues::fp32);
  return {
      {"fp32", std::make_shared<Fp32>()},
      {"fp16", std::make_shared<Fp16>()},
      {"bf16", std::make_shared<Bf16>()},
      {"bisparse_1%", plain},
      {"bisparse_1%_momentum", bisparse(0.01, 0.9F, SparseValues::fp32)},
      {"bisparse_1%_fp16", bisparse(0.01, 0, SparseValues::fp16)},
      {"bisparse_10%", bisparse(0.1, 0, SparseValues::fp32)},
      {"bisparse_1%_pull_of_2", std::make_shared<NonZeros>(), plain},
      {"2bit", std::make_shared<TwoBit>(1e-3F)},
  };
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  benchmark::AddCustomContext("kernels", kernels().name);
  for (const Codec& codec : codecs()) {
    for (const std::size_t mebibytes : {1U, 16U}) {
      for (const auto& [verb, what] :
           {std::pair("encode", &Tensor::encode), std::pair("decode_add", &Tensor::decode)}) {
        const std::string name = codec.name + "/" + std::to_string(mebibytes) + "MiB/" + verb;
        benchmark::RegisterBenchmark(name.c_str(),
                                     [=, what = what](benchmark::State& state) {
                                       const std::size_t bytes = mebibytes << 20;
                                       Tensor tensor(codec.encoder, bytes / sizeof(float));
                                       if (codec.push) tensor.pull_after(*codec.push);
                                       measure(state, tensor, static_cast<double>(bytes), what);
                                     })
            ->UseManualTime()
            ->Unit(benchmark::kMicrosecond);
      }
    }
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
