// What a round trip through the parameter server costs: gradient up, one SGD step, new value down, between one worker
// and one server over TCP on loopback; beside it, the same number of bytes through a raw TCP echo that streams (it
// answers while it still receives, and touches nothing), in turn with ours, so that both see the same machine.
//
// Columns: Time is one push_pull; GB/s counts both directions (10^9 bytes); `of_raw_tcp` is our share of raw TCP's
// speed, median against median.

#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "ps/server/node.h"
#include "ps/worker/session.h"

namespace {

using namespace geomx::ps;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {
    if (fd < 0) throw std::runtime_error("benchmark socket");
  }
  ~Socket() { ::close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }
  void without_delay() const {
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }

 private:
  int fd_;
};

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// Binds and listens on a free port of loopback.
int listen_on_loopback(const Socket& socket) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(socket.fd(), reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(socket.fd(), 1) != 0 ||
      ::getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("benchmark server");
  }
  return ntohs(address.sin_port);
}

class Echo {
 public:
  Echo() : listener_(::socket(AF_INET, SOCK_STREAM, 0)), client_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const int port = listen_on_loopback(listener_);
    server_ = std::thread([this] { answer(); });
    const sockaddr_in address = loopback(port);
    if (::connect(client_.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("benchmark client");
    }
    client_.without_delay();
    ::fcntl(client_.fd(), F_SETFL, O_NONBLOCK);
  }
  ~Echo() {
    ::shutdown(client_.fd(), SHUT_RDWR);
    server_.join();
  }
  Echo(const Echo&) = delete;
  Echo& operator=(const Echo&) = delete;

  void round_trip(const std::vector<float>& out, std::vector<float>& in) const {
    const std::size_t bytes = out.size() * sizeof(float);
    const char* send_from = reinterpret_cast<const char*>(out.data());
    char* receive_to = reinterpret_cast<char*>(in.data());
    std::size_t sent = 0;
    std::size_t received = 0;
    while (received < bytes) {
      pollfd ready{client_.fd(), static_cast<short>(sent < bytes ? POLLIN | POLLOUT : POLLIN), 0};
      if (::poll(&ready, 1, 10'000) <= 0) throw std::runtime_error("benchmark echo: silence");
      if ((ready.revents & POLLOUT) != 0) sent += moved(::send(client_.fd(), send_from + sent, bytes - sent, 0));
      if ((ready.revents & POLLIN) != 0) {
        received += moved(::recv(client_.fd(), receive_to + received, bytes - received, 0));
      }
    }
  }

 private:
  static std::size_t moved(ssize_t result) {
    if (result >= 0) return static_cast<std::size_t>(result);
    if (errno == EAGAIN) return 0;
    throw std::runtime_error("benchmark echo");
  }

  void answer() const {
    const Socket connection(::accept(listener_.fd(), nullptr, nullptr));
    connection.without_delay();
    std::vector<char> buffer(1 << 20);
    while (true) {
      const ssize_t got = ::recv(connection.fd(), buffer.data(), buffer.size(), 0);
      if (got <= 0) return;
      for (ssize_t sent = 0; sent < got;) {
        const ssize_t now =
            ::send(connection.fd(), buffer.data() + sent, static_cast<std::size_t>(got - sent), MSG_NOSIGNAL);
        if (now <= 0) return;
        sent += now;
      }
    }
  }

  Socket listener_;
  Socket client_;
  std::thread server_;
};

// The smallest job: no parties, and one worker in the central one. Schedulers and server are on threads, the worker on
// the caller's.
class Job {
 public:
  Job() {
    {
      const Socket local(::socket(AF_INET, SOCK_STREAM, 0));
      const Socket global(::socket(AF_INET, SOCK_STREAM, 0));
      local_port_ = listen_on_loopback(local);
      global_port_ = listen_on_loopback(global);
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
    for (const NodeConfig& node : {scheduler, global_scheduler, server}) {
      others_.push_back(std::async(std::launch::async, [node] { serve(node); }));
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

  int local_port_ = 0;
  int global_port_ = 0;
  std::vector<std::future<void>> others_;
  std::unique_ptr<Session> session_;
};

void push_pull_beside_raw_tcp(benchmark::State& state) {
  const auto bytes = static_cast<std::size_t>(state.range(0));
  const std::size_t length = bytes / sizeof(float);
  std::vector<float> gradient(length, 1.0F), value(length), echoed(length);
  const Echo echo;
  Job job;
  KvWorker& kv = job.kv();
  kv.wait(kv.init(0, gradient));
  kv.wait(kv.pull(0, value));
  std::vector<double> raw, ours;
  for ([[maybe_unused]] const auto _ : state) {
    Clock::time_point start = Clock::now();
    echo.round_trip(gradient, echoed);
    raw.push_back(seconds_since(start));
    start = Clock::now();
    kv.wait(kv.push_pull(0, gradient, value));
    ours.push_back(seconds_since(start));
    state.SetIterationTime(ours.back());
  }
  const double round_trip_bytes = 2.0 * static_cast<double>(bytes);
  state.counters["GB/s"] = round_trip_bytes / median(ours) / 1e9;
  state.counters["raw_tcp_GB/s"] = round_trip_bytes / median(raw) / 1e9;
  state.counters["raw_tcp_us"] = median(raw) * 1e6;
  state.counters["of_raw_tcp"] = median(raw) / median(ours);
}
BENCHMARK(push_pull_beside_raw_tcp)
    ->ArgName("bytes")
    ->Arg(1 << 10)
    ->Arg(1 << 20)
    ->Arg(64 << 20)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
