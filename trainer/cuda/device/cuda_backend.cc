#include "trainer/cuda/device/cuda_backend.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <string>
#include <vector>

#include "trainer/cuda/device/check.h"
#include "trainer/cuda/device/cuda_graph.h"
#include "trainer/cuda/device/feed.h"
#include "trainer/cuda/device/machine.h"
#include "trainer/cuda/device/memory.h"
#include "trainer/cuda/loss.h"
#include "trainer/cuda/schedule.h"
#include "trainer/tensor/dropout.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer::cuda {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kLargeTransfer = std::size_t{1} << 20;  // bytes: what is worth a transfer of its own
constexpr std::chrono::microseconds kLongWait{200};           // for parameters, during a step
constexpr std::size_t kScoreBatch = 256;
constexpr std::size_t kScoreArena = std::size_t{64} << 20;  // bytes that evaluating may take in any case

// A card that is there, as the loader has made sure.
int select(int device) {
  const std::string name = "cuda:" + std::to_string(device);
  cudaDeviceProp card{};
  check(cudaGetDeviceProperties(&card, device), "describe " + name);
  const int capability = 10 * card.major + card.minor;
  if (capability < GEOMX_CUDA_ARCHITECTURE) {
    throw Error(name + " (" + card.name + ") has compute capability " + std::to_string(card.major) + "." +
                std::to_string(card.minor) + ", and this build's kernels want " +
                std::to_string(GEOMX_CUDA_ARCHITECTURE / 10) + "." + std::to_string(GEOMX_CUDA_ARCHITECTURE % 10) +
                " (configure with -DGEOMX_CUDA_ARCHITECTURE=" + std::to_string(capability) + ")");
  }
  check(cudaSetDevice(device), "use " + name);
  return device;
}

Number number_of(Precision precision) {
  return precision == Precision::bf16 ? Number::bf16 : Number::fp32;
}

// As many samples at once as evaluate in the memory that training takes anyway.
Program scoring_program(const Graph& graph, Number number, std::size_t training_arena) {
  const std::size_t most = std::max(training_arena, kScoreArena);
  for (std::size_t batch = kScoreBatch;; batch /= 2) {
    try {
      Program program = make_program(graph, batch, number, false);
      if (program.arena <= most || batch == 1) return program;
    } catch (const Error&) {
      if (batch == 1) throw;
    }
  }
}

// A way to divide the step, and what recurs in it.
struct Steps {
  std::vector<Segment> segments;
  std::deque<CudaGraph> graphs;  // of each segment
  std::vector<Event> uploaded, computed, downloaded;
};

class CudaBackend : public Backend {
 public:
  CudaBackend(const Graph& graph, const BackendOptions& options, int device)
      : graph_(graph),
        options_(options),
        device_(select(device)),
        offsets_(offsets_of(graph_.parameters())),
        parameters_(graph_.parameters(), pinned_memory()),
        gradients_(graph_.parameters(), pinned_memory()),
        buffers_(graph_.buffers(), pinned_memory()),
        result_(sizeof(Result), pinned_memory()),
        training_(make_program(graph_, options.batch, number_of(options.precision), true), tf32()),
        scoring_(scoring_program(graph_, number_of(options.precision), training_.program().arena), tf32()),
        training_feed_(graph_, options.batch),
        scoring_feed_(graph_, scoring_.program().batch),
        main_(make_stream()),
        up_(make_stream()),
        down_(make_stream()),
        done_(make_event()),
        score_graph_([this](cudaStream_t stream) {
          copy(Home::samples, scoring_feed_.data(), scoring_feed_.bytes(), stream);
          scoring_.run(0, scoring_.program().steps.size(), stream);
          fetch_result(stream);
        }) {
    for (std::size_t t = 0; t < buffers_.count(); ++t) {  // means 0, variances 1
      if (buffers_.spec(t).name.ends_with(".variance")) std::ranges::fill(buffers_[t], 1.0F);
    }
    lay_out();
    make_steps(together_, kLargeTransfer);
    make_steps(apart_, 0);
  }

  ~CudaBackend() override {
    // Queued work may still use what goes now; its errors have been told or do not matter any more.
    cudaSetDevice(device_);
    for (const Stream* stream : {&main_, &up_, &down_}) cudaStreamSynchronize(stream->get());
  }
  CudaBackend(const CudaBackend&) = delete;
  CudaBackend& operator=(const CudaBackend&) = delete;

  Tensors& parameters() override { return parameters_; }
  const Tensors& gradients() const override { return gradients_; }
  Tensors& buffers() override { return buffers_; }
  std::span<float> images() override { return training_feed_.samples(); }
  void set_step(std::uint64_t step) override { step_ = step; }

  using Backend::step;
  double step(const Batch& batch, const OnNeeded& on_needed, const OnReady& on_ready) override {
    const std::size_t labels = training_feed_.labels().size();
    if (batch.labels.size() != labels || batch.images.size() != training_feed_.samples().size()) {
      throw Error("a batch of " + std::to_string(batch.labels.size()) + " labels was given to a network made for " +
                  std::to_string(labels));
    }
    check(cudaSetDevice(device_), "use cuda:" + std::to_string(device_));
    fill(training_feed_, batch.images, batch.labels);
    for (std::size_t n = 0; n < graph_.nodes().size(); ++n) {
      if (std::holds_alternative<Dropout>(graph_.nodes()[n].op)) {
        training_feed_.keys()[n] = dropout_key(options_.seed, step_, n);
      }
    }
    Clock::duration waited{};
    const auto need = [&](std::size_t tensor) {
      const auto asked = Clock::now();
      on_needed(tensor);
      waited += Clock::now() - asked;
    };
    // Where the last step had to wait for its parameters, this one waits for each layer's by themselves.
    Steps& steps = waits_ ? apart_ : together_;
    if (steps.segments.size() == 1) {
      run_whole(steps, need, on_ready);
    } else {
      run_in_parts(steps, need, on_ready);
    }
    waits_ = waited > kLongWait;
    ++step_;
    return result().loss / static_cast<double>(labels);
  }

  Score score(const Batch& batch) override {
    check(cudaSetDevice(device_), "use cuda:" + std::to_string(device_));
    upload({{}, 0, offsets_.back()}, main_.get());
    copy(Home::buffers, bytes(buffers_), size(buffers_), main_.get());
    const std::size_t sample = elements(graph_.input_shape());
    const std::size_t labels = graph_.labels_per_sample();
    const std::size_t samples = batch.labels.size() / labels;
    Score score;
    for (std::size_t begin = 0; begin < samples; begin += scoring_.program().batch) {
      const std::size_t count = std::min(scoring_.program().batch, samples - begin);
      fill(scoring_feed_, batch.images.subspan(begin * sample, count * sample),
           batch.labels.subspan(begin * labels, count * labels));
      score_graph_.launch(main_.get());
      finish();
      score.loss += result().loss;
      score.correct += result().correct;
      score.samples += count * labels;
    }
    return score;
  }

 private:
  bool tf32() const { return options_.precision == Precision::tf32; }

  static std::byte* bytes(Tensors& tensors) {
    return tensors.count() == 0 ? nullptr : reinterpret_cast<std::byte*>(tensors[0].data());
  }
  static std::size_t size(const Tensors& tensors) { return offsets_of(tensors.specs()).back(); }
  const Result& result() const { return *reinterpret_cast<const Result*>(result_.data()); }

  // One allocation, so that a network either fits or does not, at once.
  void lay_out() {
    constexpr std::size_t kAlign = 256;
    std::size_t total = 0;
    const auto take = [&](std::size_t size) {
      const std::size_t at = total;
      total += (size + kAlign - 1) / kAlign * kAlign;
      return at;
    };
    const std::size_t parameters = take(offsets_.back());
    const std::size_t gradients = take(offsets_.back());
    const std::size_t buffers = take(size(buffers_));
    const std::size_t feed = take(std::max(training_feed_.bytes(), scoring_feed_.bytes()));
    const std::size_t result = take(sizeof(Result));
    const std::size_t arena = take(std::max(training_.program().arena, scoring_.program().arena));
    const std::size_t workspace = take(std::max(training_.workspace(), scoring_.workspace()));
    memory_ = DeviceBlock(total, "model " + graph_.name() + " with a batch of " + std::to_string(options_.batch));
    const auto place = [&](Machine& machine, const Feed& fed) {
      std::byte* const base = memory_.data();
      Machine::Homes homes{};
      const auto home = [&](Home which) -> std::byte*& { return homes[static_cast<std::size_t>(which)]; };
      home(Home::arena) = base + arena;
      home(Home::parameters) = base + parameters;
      home(Home::gradients) = base + gradients;
      home(Home::buffers) = base + buffers;
      home(Home::samples) = base + feed + fed.samples_at();
      home(Home::labels) = base + feed + fed.labels_at();
      home(Home::keys) = base + feed + fed.keys_at();
      home(Home::counted) = base + feed + fed.counted_at();
      home(Home::result) = base + result;
      machine.place(homes, base + workspace);
      homes_ = homes;
    };
    place(scoring_, scoring_feed_);
    place(training_, training_feed_);
    // Gradients of what no output depends on stay as they are.
    check(cudaMemset(home(Home::gradients), 0, offsets_.back()), "clear the gradients");
    check(cudaDeviceSynchronize(), "clear the gradients");  // our streams do not wait for the default one
  }

  std::byte* home(Home which) const { return homes_[static_cast<std::size_t>(which)]; }

  void make_steps(Steps& steps, std::size_t least) {
    steps.segments = make_schedule(training_.program(), offsets_, least);
    for (const Segment& segment : steps.segments) {
      for (std::size_t i = 0; i < segment.uploads.size(); ++i) steps.uploaded.push_back(make_event());
      for (std::size_t i = 0; i < segment.downloads.size(); ++i) {
        steps.computed.push_back(make_event());
        steps.downloaded.push_back(make_event());
      }
      const bool whole = steps.segments.size() == 1;
      steps.graphs.emplace_back([this, &segment, whole](cudaStream_t stream) {
        if (whole) {
          feed(stream);
          for (const Transfer& transfer : segment.uploads) upload(transfer, stream);
        }
        training_.run(segment.begin, segment.end, stream);
        if (whole) {
          for (const Transfer& transfer : segment.downloads) download(transfer, stream);
          fetch(stream);
        }
      });
    }
  }

  // --- Transfers. All are queued; the host's memory is pinned.

  void copy(Home to, const void* from, std::size_t size, cudaStream_t stream) {
    if (size == 0) return;
    check(cudaMemcpyAsync(home(to), from, size, cudaMemcpyHostToDevice, stream), "copy to the card");
  }
  void feed(cudaStream_t stream) {
    copy(Home::samples, training_feed_.data(), training_feed_.bytes(), stream);
    copy(Home::buffers, bytes(buffers_), size(buffers_), stream);
  }
  void upload(const Transfer& transfer, cudaStream_t stream) {
    check(cudaMemcpyAsync(home(Home::parameters) + transfer.begin, bytes(parameters_) + transfer.begin,
                          transfer.end - transfer.begin, cudaMemcpyHostToDevice, stream),
          "copy parameters to the card");
  }
  void download(const Transfer& transfer, cudaStream_t stream) {
    check(cudaMemcpyAsync(bytes(gradients_) + transfer.begin, home(Home::gradients) + transfer.begin,
                          transfer.end - transfer.begin, cudaMemcpyDeviceToHost, stream),
          "copy gradients from the card");
  }
  void fetch_result(cudaStream_t stream) {
    check(cudaMemcpyAsync(result_.data(), home(Home::result), sizeof(Result), cudaMemcpyDeviceToHost, stream),
          "copy the loss from the card");
  }
  void fetch(cudaStream_t stream) {
    fetch_result(stream);
    if (buffers_.count() == 0) return;
    check(cudaMemcpyAsync(bytes(buffers_), home(Home::buffers), size(buffers_), cudaMemcpyDeviceToHost, stream),
          "copy running statistics from the card");
  }

  void fill(Feed& feed, std::span<const float> samples, auto labels) {
    if (samples.data() != feed.samples().data()) std::ranges::copy(samples, feed.samples().begin());
    const auto classes = static_cast<std::size_t>(graph_.classes());
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (labels[i] >= classes) {
        throw Error("a label of " + std::to_string(labels[i]) + " was given to a network of " +
                    std::to_string(classes) + " classes");
      }
      feed.labels()[i] = static_cast<std::int32_t>(labels[i]);
    }
    feed.counted() = labels.size();
  }

  void finish() {
    check(cudaEventRecord(done_.get(), main_.get()), "queue an event");
    check(cudaEventSynchronize(done_.get()), "finish a step");
  }

  // --- The two ways to run a step.

  template <typename Need>
  void run_whole(Steps& steps, const Need& need, const OnReady& on_ready) {
    const Segment& segment = steps.segments.front();
    for (const Transfer& transfer : segment.uploads) std::ranges::for_each(transfer.tensors, need);
    steps.graphs.front().launch(main_.get());
    finish();
    for (const Transfer& transfer : segment.downloads) std::ranges::for_each(transfer.tensors, on_ready);
  }

  // Everything is queued as early as its parameters are there; then the host follows the gradients as they come.
  template <typename Need>
  void run_in_parts(Steps& steps, const Need& need, const OnReady& on_ready) {
    feed(main_.get());
    std::size_t up = 0, down = 0;
    for (std::size_t i = 0; i < steps.segments.size(); ++i) {
      const Segment& segment = steps.segments[i];
      for (const Transfer& transfer : segment.uploads) {
        std::ranges::for_each(transfer.tensors, need);
        upload(transfer, up_.get());
        const Event& uploaded = steps.uploaded[up++];
        check(cudaEventRecord(uploaded.get(), up_.get()), "queue an event");
        check(cudaStreamWaitEvent(main_.get(), uploaded.get(), 0), "wait for parameters");
      }
      steps.graphs[i].launch(main_.get());
      for (const Transfer& transfer : segment.downloads) {
        check(cudaEventRecord(steps.computed[down].get(), main_.get()), "queue an event");
        check(cudaStreamWaitEvent(down_.get(), steps.computed[down].get(), 0), "wait for gradients");
        download(transfer, down_.get());
        check(cudaEventRecord(steps.downloaded[down].get(), down_.get()), "queue an event");
        ++down;
      }
    }
    fetch(main_.get());
    down = 0;
    for (const Segment& segment : steps.segments) {
      for (const Transfer& transfer : segment.downloads) {
        check(cudaEventSynchronize(steps.downloaded[down++].get()), "compute gradients");
        std::ranges::for_each(transfer.tensors, on_ready);
      }
    }
    finish();
  }

  Graph graph_;
  BackendOptions options_;
  int device_;
  std::vector<std::size_t> offsets_;  // of parameters and gradients, in bytes
  Tensors parameters_;
  Tensors gradients_;
  Tensors buffers_;
  AlignedBuffer result_;
  Machine training_;
  Machine scoring_;
  Feed training_feed_;
  Feed scoring_feed_;
  DeviceBlock memory_;
  Machine::Homes homes_{};
  Stream main_, up_, down_;
  Event done_;
  CudaGraph score_graph_;
  Steps together_, apart_;
  bool waits_ = false;
  std::uint64_t step_ = 0;
};

}  // namespace

std::unique_ptr<Backend> make_cuda_backend(const Graph& graph, const BackendOptions& options, int device) {
  return std::make_unique<CudaBackend>(graph, options, device);
}

}  // namespace geomx::trainer::cuda
