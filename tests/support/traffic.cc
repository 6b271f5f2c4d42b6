#include "tests/support/traffic.h"

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <fstream>
#include <future>
#include <iterator>
#include <optional>
#include <sstream>
#include <thread>

#include "emulator/base/error.h"
#include "emulator/base/fd.h"
#include "emulator/sandbox/namespace.h"

namespace geomx::test {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::uint16_t kPort = 7007;
constexpr std::size_t kBatch = 64;

sockaddr_in endpoint(const std::string& address) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(kPort);
  if (::inet_pton(AF_INET, address.c_str(), &result.sin_addr) != 1) throw InputError(address, "not an IPv4 address");
  return result;
}

FileDescriptor open_socket(int netns, int type, int protocol = 0) {
  const sandbox::ScopedNetwork scope(netns);
  return FileDescriptor(check(::socket(AF_INET, type | SOCK_CLOEXEC, protocol), "open socket"));
}

void set_option(const FileDescriptor& fd, int level, int option, int value, const char* attempt) {
  check(::setsockopt(fd.get(), level, option, &value, sizeof value), attempt);
}

void enlarge_receive_buffer(const FileDescriptor& fd) {
  const int size = 64 << 20;
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0) {
    set_option(fd, SOL_SOCKET, SO_RCVBUF, size, "enlarge receive buffer");
  }
}

bool readable_within(const FileDescriptor& fd, Nanoseconds timeout) {
  pollfd wait{fd.get(), POLLIN, 0};
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  return ::poll(&wait, 1, static_cast<int>(milliseconds)) > 0;
}

Nanoseconds stamp_of(msghdr& message) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_TIMESTAMPNS) continue;
    timespec time{};
    std::memcpy(&time, CMSG_DATA(c), sizeof time);
    return std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
  }
  throw WorkError("traffic", "a packet came without a timestamp");
}

Nanoseconds wall_clock() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
}

// What each datagram begins with.
struct Mark {
  std::uint32_t number = 0;
  std::uint32_t padding = 0;
  std::int64_t sent = 0;  // nanoseconds of the wall clock
};

struct alignas(cmsghdr) Control : std::array<char, CMSG_SPACE(sizeof(timespec))> {};

// What sender and receiver of one blast tell each other.
struct Progress {
  std::atomic<bool> sending{true};
  std::atomic<std::uint32_t> arrived{0};  // the highest number
};

std::vector<Datagram> collect(const FileDescriptor& fd, Progress& progress, Nanoseconds quiet) {
  std::vector<Datagram> result;
  std::array<mmsghdr, kBatch> messages{};
  std::array<iovec, kBatch> parts{};
  std::array<Mark, kBatch> marks{};
  std::array<Control, kBatch> controls{};
  SteadyClock::time_point last = SteadyClock::now();
  while (progress.sending || SteadyClock::now() - last < quiet) {
    if (!readable_within(fd, std::chrono::milliseconds(10))) continue;
    for (std::size_t i = 0; i < kBatch; ++i) {
      parts[i] = {&marks[i], sizeof marks[i]};
      messages[i].msg_hdr = {};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
      messages[i].msg_hdr.msg_control = controls[i].data();
      messages[i].msg_hdr.msg_controllen = controls[i].size();
    }
    const int count = ::recvmmsg(fd.get(), messages.data(), kBatch, MSG_DONTWAIT, nullptr);
    for (int i = 0; i < count; ++i) {
      const auto at = static_cast<std::size_t>(i);
      result.push_back({marks[at].number, stamp_of(messages[at].msg_hdr), Nanoseconds(marks[at].sent)});
    }
    if (count > 0) progress.arrived = std::max(progress.arrived.load(), result.back().sequence);
    last = SteadyClock::now();
  }
  return result;
}

void send_paced(const FileDescriptor& fd, const sockaddr_in& to, const Blast& blast, const Progress& progress) {
  set_option(fd, IPPROTO_UDP, UDP_SEGMENT, static_cast<int>(blast.payload), "send datagrams together");
  if (blast.ecn != 0) set_option(fd, IPPROTO_IP, IP_TOS, blast.ecn, "allow marks");
  std::vector<std::byte> datagrams(blast.payload * blast.together);
  const double frame_bits = static_cast<double>(blast.payload + kFullFrame - kUdpPayload) * 8;
  const auto start = SteadyClock::now();
  auto last_sent = start;
  std::uint32_t sent = 0;
  while (sent < blast.count) {
    std::uint32_t due = blast.count;
    if (blast.rate.value > 0) {
      const std::chrono::duration<double> elapsed = SteadyClock::now() - start;
      const double bits = elapsed.count() * static_cast<double>(blast.rate.value);
      due = std::min(due, blast.together + static_cast<std::uint32_t>(bits / frame_bits));
    }
    if (blast.window > 0) {
      due = std::min(due, progress.arrived + blast.window);
      if (SteadyClock::now() - last_sent > std::chrono::seconds(5)) return;  // nothing comes back: enough was sent
    }
    const std::uint32_t count = std::min(blast.together, blast.count - sent);
    if (due < sent + count) {
      // Pacing a sender is what waiting is for here.
      std::this_thread::sleep_for(std::chrono::microseconds(50));
      continue;
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      const Mark mark{sent + i, 0, wall_clock().count()};
      std::memcpy(datagrams.data() + i * blast.payload, &mark, sizeof mark);
    }
    // A qdisc that is full says ENOBUFS: those datagrams are lost, as they should be.
    if (::sendto(fd.get(), datagrams.data(), count * blast.payload, 0, reinterpret_cast<const sockaddr*>(&to),
                 sizeof to) < 0 &&
        errno != ENOBUFS) {
      throw SystemError("traffic", "send datagrams", errno);
    }
    sent += count;
    last_sent = SteadyClock::now();
  }
}

// What the other end of a connection has, in order or not: after a loss, what came behind the gap is handed to the
// reader at once when the gap is filled, long after it has crossed the link.
struct Arrived {
  SteadyClock::time_point at;
  std::uint64_t bytes = 0;
};
Arrived arrived(const FileDescriptor& sender) {
  tcp_info info{};
  socklen_t size = sizeof info;
  check(::getsockopt(sender.get(), IPPROTO_TCP, TCP_INFO, &info, &size), "read TCP_INFO");
  return {SteadyClock::now(), info.tcpi_bytes_acked + std::uint64_t{info.tcpi_sacked} * info.tcpi_snd_mss};
}

// One of the namespace's counters: two lines that begin with `group` hold the names and the values.
std::uint64_t counter_of(int netns, const std::string& file_name, const std::string& group,
                         const std::string& counter) {
  const sandbox::ScopedNetwork scope(netns);
  std::ifstream file("/proc/thread-self/net/" + file_name);
  std::vector<std::string> names;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(group)) continue;
    std::istringstream words(line);
    const std::vector<std::string> row{std::istream_iterator<std::string>(words), {}};
    const auto at = static_cast<std::size_t>(std::find(names.begin(), names.end(), counter) - names.begin());
    if (!names.empty() && at < row.size()) return std::stoull(row[at]);
    names = row;
  }
  throw WorkError("traffic", "the kernel does not count " + counter);
}

// Above other processes, below the wire's own threads.
void hurry() {
  sched_param parameter{};
  parameter.sched_priority = 5;
  ::pthread_setschedparam(::pthread_self(), SCHED_RR, &parameter);
}

std::uint16_t internet_checksum(const void* data, std::size_t size) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < size; i += 2) {
    std::uint16_t word = 0;
    std::memcpy(&word, static_cast<const std::byte*>(data) + i, 2);
    sum += word;
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

}  // namespace

std::vector<Datagram> blast_udp(int from_netns, int to_netns, const std::string& to_address, const Blast& blast,
                                Nanoseconds quiet) {
  const FileDescriptor receiver = open_socket(to_netns, SOCK_DGRAM);
  enlarge_receive_buffer(receiver);
  set_option(receiver, SOL_SOCKET, SO_TIMESTAMPNS, 1, "ask for timestamps");
  const sockaddr_in to = endpoint(to_address);
  check(::bind(receiver.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), "bind", to_address);
  const FileDescriptor sender = open_socket(from_netns, SOCK_DGRAM);
  Progress progress;
  auto received = std::async(std::launch::async, [&] {
    hurry();
    return collect(receiver, progress, quiet);
  });
  auto sent = std::async(std::launch::async, [&] {
    hurry();
    send_paced(sender, to, blast, progress);
  });
  sent.wait();
  progress.sending = false;
  std::vector<Datagram> result = received.get();
  sent.get();
  return result;
}

std::uint64_t checksum_errors(int netns) {
  return counter_of(netns, "snmp", "Udp:", "InCsumErrors") + counter_of(netns, "netstat", "IpExt:", "InCsumErrors");
}

std::uint64_t congestion_marks(int netns) {
  return counter_of(netns, "netstat", "IpExt:", "InCEPkts");
}

double goodput(const std::vector<Datagram>& received, std::uint64_t payload) {
  const std::size_t half = received.size() / 2;
  if (half == 0) return 0;
  std::vector<Nanoseconds> times;
  for (std::size_t i = 0; i + half < received.size(); ++i) {
    times.push_back(received[i + half].received - received[i].received);
  }
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return static_cast<double>(half * payload * 8) / std::chrono::duration<double>(*middle).count();
}

void trickle_udp(const std::vector<std::pair<int, int>>& netns_pairs, const std::string& to_address, BitsPerSecond rate,
                 Nanoseconds time) {
  const sockaddr_in to = endpoint(to_address);
  std::vector<FileDescriptor> receivers;
  std::vector<FileDescriptor> senders;
  for (const auto& [from_netns, to_netns] : netns_pairs) {
    senders.push_back(open_socket(from_netns, SOCK_DGRAM));
    receivers.push_back(open_socket(to_netns, SOCK_DGRAM));
    check(::bind(receivers.back().get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), "bind", to_address);
  }
  const std::vector<std::byte> datagram(kUdpPayload);
  const double gap = 8.0 * kFullFrame / static_cast<double>(rate.value) / static_cast<double>(senders.size());
  const auto begin = SteadyClock::now();
  std::chrono::duration<double> elapsed{0};
  for (std::uint64_t sent = 0; elapsed < time; elapsed = SteadyClock::now() - begin) {
    const auto due = static_cast<std::uint64_t>(elapsed.count() / gap);
    for (; sent < due; ++sent) {
      ::sendto(senders[sent % senders.size()].get(), datagram.data(), datagram.size(), 0,
               reinterpret_cast<const sockaddr*>(&to), sizeof to);
    }
    // Pacing a sender is what waiting is for here.
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
}

TcpResult run_tcp(int from_netns, int to_netns, const std::string& to_address, Nanoseconds warm_up, Nanoseconds window,
                  const std::string& congestion_control) {
  const FileDescriptor listener = open_socket(to_netns, SOCK_STREAM);
  set_option(listener, SOL_SOCKET, SO_REUSEADDR, 1, "reuse address");
  const sockaddr_in to = endpoint(to_address);
  check(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), "bind", to_address);
  check(::listen(listener.get(), 1), "listen", to_address);
  const FileDescriptor sender = open_socket(from_netns, SOCK_STREAM);
  TcpResult result;
  // BBR fills a long fat link within seconds; cubic's slow start ends early there and then takes a minute.
  ::setsockopt(sender.get(), IPPROTO_TCP, TCP_CONGESTION, congestion_control.data(),
               static_cast<socklen_t>(congestion_control.size()));
  std::array<char, 16> name{};
  socklen_t size = name.size();
  check(::getsockopt(sender.get(), IPPROTO_TCP, TCP_CONGESTION, name.data(), &size), "read congestion control");
  result.congestion_control = name.data();

  const timeval limit{.tv_sec = 10, .tv_usec = 0};
  check(::setsockopt(sender.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit), "set send timeout");
  check(::connect(sender.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), "connect", to_address);
  if (!readable_within(listener, std::chrono::seconds(10))) throw WorkError(to_address, "no connection within 10 s");
  const FileDescriptor receiver(check(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC), "accept"));

  auto sending = std::async(std::launch::async, [&sender] {
    const std::vector<char> data(256 << 10);
    while (::send(sender.get(), data.data(), data.size(), MSG_NOSIGNAL) > 0) {
    }
  });
  std::vector<char> data(1 << 20);
  const auto begin = SteadyClock::now() + warm_up;
  std::optional<Arrived> first;
  while (SteadyClock::now() < begin + window) {
    if (!readable_within(receiver, std::chrono::seconds(10))) break;
    // MSG_TRUNC discards without copying: the receiver shall not be what is measured.
    if (::recv(receiver.get(), data.data(), data.size(), MSG_TRUNC) <= 0) break;
    if (!first && SteadyClock::now() >= begin) first = arrived(sender);
  }
  const Arrived last = arrived(sender);
  ::shutdown(sender.get(), SHUT_RDWR);
  ::shutdown(receiver.get(), SHUT_RDWR);
  sending.get();
  if (!first) return result;
  const std::chrono::duration<double> time = last.at - first->at;
  result.bits_per_second = static_cast<double>(last.bytes - first->bytes) * 8 / time.count();
  return result;
}

std::vector<Nanoseconds> ping(int from_netns, const std::string& to_address, int count, Nanoseconds pause) {
  const FileDescriptor fd = open_socket(from_netns, SOCK_RAW, IPPROTO_ICMP);
  set_option(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1, "ask for timestamps");
  sockaddr_in to = endpoint(to_address);
  to.sin_port = 0;
  std::vector<Nanoseconds> times;
  for (int i = 0; i < count; ++i) {
    struct {
      icmphdr header;
      std::array<char, 56> data;
    } request{};
    request.header.type = ICMP_ECHO;
    request.header.un.echo.sequence = htons(static_cast<std::uint16_t>(i));
    request.header.checksum = internet_checksum(&request, sizeof request);
    const Nanoseconds sent = wall_clock();
    check(static_cast<int>(
              ::sendto(fd.get(), &request, sizeof request, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to)),
          "send ping", to_address);
    const auto deadline = SteadyClock::now() + std::chrono::seconds(2);
    bool answered = false;
    while (!answered && SteadyClock::now() < deadline &&
           readable_within(fd, std::chrono::duration_cast<Nanoseconds>(deadline - SteadyClock::now()))) {
      std::array<std::byte, 256> answer{};
      Control control{};
      iovec part{answer.data(), answer.size()};
      msghdr message{};
      message.msg_iov = &part;
      message.msg_iovlen = 1;
      message.msg_control = control.data();
      message.msg_controllen = control.size();
      if (::recvmsg(fd.get(), &message, 0) < 0) continue;
      icmphdr header{};
      std::memcpy(&header, answer.data() + 20, sizeof header);
      if (header.type != ICMP_ECHOREPLY || ntohs(header.un.echo.sequence) != i) continue;
      times.push_back(stamp_of(message) - sent);
      answered = true;
    }
    std::this_thread::sleep_for(pause);
  }
  return times;
}

}  // namespace geomx::test
