// How fast the parameter server is, as ratios to what the same machine can do at best, measured in turns in one run:
//
//   round trip   push and pull of one tensor between one worker and one server that sums, steps (SGD) and answers, over
//                TCP on loopback; of 1 KiB beside a bare ZeroMQ echo of the same frames, of more beside a raw TCP echo
//                of the same bytes, which touches nothing
//                the same with CURVE (docs/security.md) beside it
//   aggregation  the sums of the gradients of 8 workers, beside STREAM's triad (McCalpin) on the same core
//
// The worker's threads are pinned to one core, the server's to another, and so are those of the echoes, unless it is
// --unpinned. Figures are medians. What has a bar is marked; --check makes the exit status 1 where one is missed.

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "ps/config/heap.h"
#include "ps/server/node.h"
#include "ps/sync/fsa.h"
#include "ps/transport/keys.h"
#include "ps/worker/session.h"
#include "tests/bench/echoes.h"

namespace {

using namespace geomx::ps;
using namespace geomx::bench;
using Clock = std::chrono::steady_clock;

int worker_core = 0;
int server_core = std::thread::hardware_concurrency() > 1 ? 1 : 0;

double seconds_of(const std::function<void()>& work) {
  const auto start = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

// The smallest job: no parties, and one worker in the central one. Schedulers and server are on threads, the worker on
// the caller's.
class Job {
 public:
  explicit Job(const Security& security) : security_(security) {
    {
      const TcpSocket local(::socket(AF_INET, SOCK_STREAM, 0));
      const TcpSocket global(::socket(AF_INET, SOCK_STREAM, 0));
      local_port_ = local.listen_on_loopback();
      global_port_ = global.listen_on_loopback();
    }
    NodeConfig scheduler, global_scheduler, server, worker;
    scheduler.local = plane(PlaneRole::scheduler, false);
    global_scheduler.global = plane(PlaneRole::scheduler, true);
    server.local = plane(PlaneRole::server, false);
    server.global = plane(PlaneRole::server, true);
    server.central_worker = true;
    worker.local = plane(PlaneRole::worker, false);
    worker.local->master = worker.master_worker = true;
    server.num_all_workers = worker.num_all_workers = 1;
    for (NodeConfig* node : {&scheduler, &global_scheduler, &server, &worker}) node->transport.security = security_;
    for (const NodeConfig& node : {scheduler, global_scheduler, server}) {
      others_.push_back(std::async(std::launch::async, [node] {
        pin_to_core(server_core);
        serve(node);
      }));
    }
    session_ = std::make_unique<Session>(worker, SessionOptions{.slice = 0});
    proto::OptimizerConfig sgd;
    sgd.set_name("sgd");
    sgd.set_learning_rate(1e-6);
    kv().configure(sgd);
  }
  ~Job() {
    session_->leave();
    for (const auto& other : others_) other.wait();
  }
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  KvWorker& kv() { return session_->kv(); }

 private:
  PlaneConfig plane(PlaneRole role, bool global) const {
    PlaneConfig config;
    config.role = role;
    config.global = global;
    config.scheduler_host = config.bind_host = config.advertised = "127.0.0.1";
    config.scheduler_port = global ? global_port_ : local_port_;
    config.num_servers = 1;
    config.num_workers = global ? 0 : 1;
    return config;
  }

  const Security security_;
  int local_port_ = 0;
  int global_port_ = 0;
  std::vector<std::future<void>> others_;
  std::unique_ptr<Session> session_;
};

// One pair of keys for all.
Security curve() {
  const KeyPair keys = make_key_pair();
  return {true, keys.public_key, keys.secret_key, keys.public_key, {}};
}

// The header of a push of one whole tensor, as a worker makes it.
std::string header_of_push(std::size_t length) {
  proto::Header header;
  header.set_version(kProtocolVersion);
  header.set_sender(NodeId{Role::worker, 0}.packed());
  proto::Data& data = *header.mutable_data();
  data.set_operation(proto::PUSH_PULL);
  data.set_request(1000);
  data.set_round(1000);
  data.set_workers(1);
  proto::Slice& slice = *data.add_slices();
  slice.set_length(length);
  slice.set_total(length);
  return header.SerializeAsString();
}

struct Bars {
  bool met = true;
  // "0.83 (>= 0.80)", or "0.78 (>= 0.80: missed)"
  std::string at_least(double value, double bar) { return judged(value, value >= bar, ">=", bar); }
  std::string at_most(double value, double bar) { return judged(value, value <= bar, "<=", bar); }

 private:
  std::string judged(double value, bool good, const char* sign, double bar) {
    met = met && good;
    return fmt::format("{:.2f} ({} {:.1f}{})", value, sign, bar, good ? "" : ": missed");
  }
};

std::string size_text(std::size_t bytes) {
  return bytes < (1 << 20) ? fmt::format("{} KiB", bytes >> 10) : fmt::format("{} MiB", bytes >> 20);
}

std::string time_text(double seconds) {
  return seconds < 1e-3 ? fmt::format("{:.1f} us", seconds * 1e6) : fmt::format("{:.2f} ms", seconds * 1e3);
}

void measure_round_trips(Bars& bars) {
  struct Size {
    std::size_t bytes;
    double of_tcp;  // the bar; 0: of 1 KiB, beside ZeroMQ
    int turns;
  };
  Job job{Security{}};
  Job secured(curve());
  const TcpEcho tcp(server_core);
  const ZmqEcho zmq(server_core);
  fmt::print("{:>8} {:>14} {:>10} {:>14} {:>22} {:>12}\n", "tensor", "push and pull", "GB/s", "raw TCP echo",
             "ratio of speeds", "with CURVE");
  std::uint32_t key = 0;
  for (const Size& size :
       {Size{1 << 10, 0, 4000}, Size{1 << 20, 0.4, 300}, Size{16 << 20, 0.8, 40}, Size{64 << 20, 0.8, 15}}) {
    const std::size_t length = size.bytes / sizeof(float);
    std::vector<float> gradient(length, 1.0F), value(length), echoed(length);
    const std::string header = header_of_push(length);
    KvWorker& kv = job.kv();
    kv.wait(kv.init(key, gradient));
    kv.wait(kv.pull(key, value));
    KvWorker& safe = secured.kv();
    safe.wait(safe.init(key, gradient));
    safe.wait(safe.pull(key, value));
    std::vector<double> ours, of_tcp, of_zmq, of_curve;
    for (int turn = 0; turn < size.turns; ++turn) {
      of_tcp.push_back(seconds_of([&] { tcp.round_trip(gradient, echoed); }));
      if (size.of_tcp == 0) of_zmq.push_back(seconds_of([&] { zmq.round_trip(header, gradient, echoed); }));
      ours.push_back(seconds_of([&] { kv.wait(kv.push_pull(key, gradient, value)); }));
    }
    for (int turn = 0; turn < size.turns / 4; ++turn) {  // not in turns with the others: it would spoil their caches
      of_curve.push_back(seconds_of([&] { safe.wait(safe.push_pull(key, gradient, value)); }));
    }
    const double ratio = median(of_tcp) / median(ours);
    fmt::print("{:>8} {:>14} {:>10.2f} {:>14} {:>22} {:>12}\n", size_text(size.bytes), time_text(median(ours)),
               2e-9 * static_cast<double>(size.bytes) / median(ours), time_text(median(of_tcp)),
               size.of_tcp == 0 ? fmt::format("{:.2f}", ratio) : bars.at_least(ratio, size.of_tcp),
               time_text(median(of_curve)));
    if (size.of_tcp == 0) {
      fmt::print("{:>8} bare ZeroMQ echo of the same frames: {}; ours takes {} as long\n", "",
                 time_text(median(of_zmq)), bars.at_most(median(ours) / median(of_zmq), 1.5));
    }
    ++key;
  }
}

// a[i] = b[i] + s * c[i], over arrays that no cache holds. Bytes/s as STREAM counts them: two read, one written.
double triad() {
  constexpr std::size_t kLength = 32 << 20;
  std::vector<double> a(kLength, 0), b(kLength, 1), c(kLength, 2);
  std::vector<double> seconds;
  for (int turn = 0; turn < 5; ++turn) {
    const double scale = 3.0 + turn;
    seconds.push_back(seconds_of([&] {
      double* out = a.data();
      const double* x = b.data();
      const double* y = c.data();
      for (std::size_t i = 0; i < kLength; ++i) out[i] = x[i] + scale * y[i];
    }));
  }
  return 3.0 * sizeof(double) * kLength / median(seconds);
}

// What a server does with the pushes of 8 workers, chunk by chunk: what is their sum, and is it finite? Bytes/s: each
// gradient read, the sum written.
double aggregation() {
  constexpr std::size_t kWorkers = 8;
  constexpr std::size_t kLength = 16 << 20;
  std::vector<std::vector<float>> gradients(kWorkers, std::vector<float>(kLength, 1.0F));
  const std::vector<Chunk> chunks = chunks_of(0, kLength, 1);
  std::vector<Fsa> sums;
  for (const Chunk& chunk : chunks) sums.emplace_back(kWorkers, chunk.length);
  std::vector<double> seconds;
  std::vector<Buffer> results(chunks.size());  // the last round's: as a server keeps the value of a chunk
  for (std::uint64_t round = 1; round <= 6; ++round) {
    const double taken = seconds_of([&] {
      for (std::size_t i = 0; i < chunks.size(); ++i) {
        const Chunk& chunk = chunks[i];
        sums[i].open(round);
        for (std::size_t worker = 0; worker < kWorkers; ++worker) {
          const float* const piece = gradients[worker].data() + chunk.offset;
          sums[i].add({.contributor = worker,
                       .round = round,
                       .values = {Format::fp32, {nullptr, piece, chunk.length * sizeof(float)}}});
        }
        Sum sum = sums[i].close();
        if (sum.diverged) throw std::runtime_error("benchmark: a gradient is not finite");
        results[i] = std::move(sum.values);
      }
    });
    if (round > 1) seconds.push_back(taken);  // the first one's arrays come fresh from the kernel
  }
  return sizeof(float) * (kWorkers + 1.0) * kLength / median(seconds);
}

void measure_aggregation(Bars& bars) {
  std::thread([&] {
    pin_to_core(server_core);
    const double stream = triad();
    const double ours = aggregation();
    fmt::print("\naggregation of 8 workers, 64 MiB each: {:.1f} GB/s; STREAM triad {:.1f} GB/s; share {}\n", ours / 1e9,
               stream / 1e9, bars.at_least(ours / stream, 0.6));
  }).join();
}

}  // namespace

int main(int argc, char** argv) {
  const bool check = argc == 2 && std::strcmp(argv[1], "--check") == 0;
  const bool unpinned = argc == 2 && std::strcmp(argv[1], "--unpinned") == 0;
  if (argc > 1 && !check && !unpinned) {
    fmt::print(stderr, "usage: ps_bench [--check | --unpinned]\n");
    return 2;
  }
  if (unpinned) worker_core = server_core = -1;
  keep_freed_memory();  // as geomx-node does
  pin_to_core(worker_core);
  if (unpinned) {
    fmt::print("threads on any core; medians of turns\n\n");
  } else {
    fmt::print("worker on core {}, server on core {}; medians of turns\n\n", worker_core, server_core);
  }
  Bars bars;
  measure_round_trips(bars);
  measure_aggregation(bars);
  return check && !bars.met ? 1 : 0;
}
