#include "tests/bench/echoes.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace geomx::bench {
namespace {

constexpr int kSilence = 10'000;  // ms, after which an echo is given up

void must(bool done, const char* attempt) {
  if (!done) throw std::runtime_error(std::string("benchmark: ") + attempt);
}

std::size_t moved(ssize_t result) {
  if (result >= 0) return static_cast<std::size_t>(result);
  must(errno == EAGAIN, "echo");
  return 0;
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

void pin_to_core(int core) {
  if (core < 0) return;
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(static_cast<std::size_t>(core), &cores);
  must(::pthread_setaffinity_np(::pthread_self(), sizeof cores, &cores) == 0, "pin a thread to a core");
}

TcpSocket::TcpSocket(int fd) : fd_(fd) {
  must(fd >= 0, "socket");
}

TcpSocket::~TcpSocket() {
  ::close(fd_);
}

void TcpSocket::without_delay() const {
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int TcpSocket::listen_on_loopback() const {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  must(::bind(fd_, reinterpret_cast<sockaddr*>(&address), size) == 0 && ::listen(fd_, 1) == 0 &&
           ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0,
       "listen on loopback");
  return ntohs(address.sin_port);
}

// Raw TCP -------------------------------------------------------------------------------------------------------------

TcpEcho::TcpEcho(int core) : listener_(::socket(AF_INET, SOCK_STREAM, 0)), client_(::socket(AF_INET, SOCK_STREAM, 0)) {
  const sockaddr_in address = loopback(listener_.listen_on_loopback());
  server_ = std::thread([this, core] {
    pin_to_core(core);
    answer();
  });
  must(::connect(client_.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "connect");
  client_.without_delay();
  ::fcntl(client_.fd(), F_SETFL, O_NONBLOCK);
}

TcpEcho::~TcpEcho() {
  ::shutdown(client_.fd(), SHUT_RDWR);
  server_.join();
}

void TcpEcho::round_trip(const std::vector<float>& out, std::vector<float>& in) const {
  const std::size_t bytes = out.size() * sizeof(float);
  const char* send_from = reinterpret_cast<const char*>(out.data());
  char* receive_to = reinterpret_cast<char*>(in.data());
  std::size_t sent = 0;
  std::size_t received = 0;
  while (received < bytes) {
    pollfd ready{client_.fd(), static_cast<short>(sent < bytes ? POLLIN | POLLOUT : POLLIN), 0};
    must(::poll(&ready, 1, kSilence) > 0, "silence");
    if ((ready.revents & POLLOUT) != 0) sent += moved(::send(client_.fd(), send_from + sent, bytes - sent, 0));
    if ((ready.revents & POLLIN) != 0) {
      received += moved(::recv(client_.fd(), receive_to + received, bytes - received, 0));
    }
  }
}

void TcpEcho::answer() const {
  const TcpSocket connection(::accept(listener_.fd(), nullptr, nullptr));
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

// ZeroMQ --------------------------------------------------------------------------------------------------------------

ZmqEcho::ZmqEcho(int core)
    : server_context_(::zmq_ctx_new()),
      client_context_(::zmq_ctx_new()),
      listener_(nullptr),
      client_(::zmq_socket(client_context_, ZMQ_DEALER)) {
  std::string endpoint(256, '\0');
  std::size_t size = endpoint.size();
  // The first socket of a context starts its I/O thread, which shall run where the server does.
  std::thread([&] {
    pin_to_core(core);
    listener_ = ::zmq_socket(server_context_, ZMQ_ROUTER);
    must(::zmq_bind(listener_, "tcp://127.0.0.1:*") == 0, "listen");
    must(::zmq_getsockopt(listener_, ZMQ_LAST_ENDPOINT, endpoint.data(), &size) == 0, "ask for the endpoint");
  }).join();
  ::zmq_setsockopt(client_, ZMQ_RCVTIMEO, &kSilence, sizeof kSilence);
  must(::zmq_connect(client_, endpoint.c_str()) == 0, "connect");
  server_ = std::thread([this, core] {
    pin_to_core(core);
    answer();
  });
}

ZmqEcho::~ZmqEcho() {
  const int at_once = 0;
  ::zmq_setsockopt(client_, ZMQ_LINGER, &at_once, sizeof at_once);
  ::zmq_close(client_);
  ::zmq_ctx_term(client_context_);
  ::zmq_ctx_term(server_context_);  // wakes the server's thread, which closes its socket
  server_.join();
}

void ZmqEcho::round_trip(const std::string& header, const std::vector<float>& out, std::vector<float>& in) const {
  must(::zmq_send(client_, header.data(), header.size(), ZMQ_SNDMORE) >= 0, "send");
  must(::zmq_send(client_, out.data(), out.size() * sizeof(float), 0) >= 0, "send");
  char answer[256];
  must(::zmq_recv(client_, answer, sizeof answer, 0) >= 0, "receive");
  must(::zmq_recv(client_, in.data(), in.size() * sizeof(float), 0) >= 0, "receive");
}

void ZmqEcho::answer() const {
  for (bool open = true; open;) {
    zmq_msg_t part;
    ::zmq_msg_init(&part);
    open = ::zmq_msg_recv(&part, listener_, 0) >= 0 &&
           ::zmq_msg_send(&part, listener_, ::zmq_msg_more(&part) != 0 ? ZMQ_SNDMORE : 0) >= 0;
    ::zmq_msg_close(&part);
  }
  ::zmq_close(listener_);
}

}  // namespace geomx::bench
