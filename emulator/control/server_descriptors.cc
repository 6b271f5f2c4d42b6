#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "emulator/base/error.h"
#include "emulator/control/protocol.h"
#include "emulator/control/server.h"

// The descriptor socket: what carries descriptors, and what lives and dies with a client's connection.
namespace geomx::control {
namespace {

constexpr std::chrono::milliseconds pause{200};  // until clients are accepted again after descriptors had run out
constexpr rlim_t reserve = 24;                   // descriptors for everything but clients of this socket
constexpr std::size_t most_waiting = 4 << 20;    // bytes for a client that does not read

}  // namespace

// A lab without descriptors could not answer its other clients either, nor start what it has been asked to.
bool Server::descriptors_left() const {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return true;
  const FileDescriptor lowest(::eventfd(0, EFD_CLOEXEC));  // as many as are open, or fewer
  return lowest && static_cast<rlim_t>(lowest.get()) + reserve < limit.rlim_cur;
}

// The client that is not accepted stays in the queue, and the listener readable.
void Server::pause_accepting(int error) {
  spdlog::warn("{}: clients must wait: {}", lab_.plan().lab, SystemError({}, "accept", error).what());
  watch(listener_.get(), 0, EPOLL_CTL_MOD);
  resume_accepting_ = Clock::now() + pause;
}

void Server::accept() {
  if (!descriptors_left()) {
    pause_accepting(EMFILE);
    return;
  }
  FileDescriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket) {
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) pause_accepting(errno);
    return;  // else the client has changed its mind
  }
  ucred peer{};
  socklen_t size = sizeof peer;
  // In a user namespace the lab's user is 0 on both sides, and everybody else is the overflow user.
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.uid != ::geteuid()) {
    spdlog::warn("{}: refused a client of another user", lab_.plan().lab);
    return;
  }
  const int fd = socket.get();
  auto added = std::make_unique<Peer>(std::move(socket));
  added->number = next_number_++;
  watch(fd, EPOLLIN, EPOLL_CTL_ADD);
  peers_[fd] = std::move(added);
}

void Server::serve(Peer& peer, std::uint32_t events) {
  const int fd = peer.channel.fd();
  try {
    bool open = true;
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) open = peer.channel.receive();
    while (const auto body = peer.channel.next()) {
      wire::Request request;
      const bool understood = request.ParseFromString(*body);
      const bool spawns = understood && request.what_case() == wire::Request::kSpawn;
      Caller caller{&peer, {}, {}};
      wire::Answer answered = answer(caller, understood ? std::optional(std::move(request)) : std::nullopt);
      // Descriptors that came with what is no spawn are not to be taken for the next one's.
      while (!spawns && peer.channel.next_descriptor()) continue;
      answered.set_protocol(kProtocol);
      peer.channel.queue(answered, std::move(caller.passed));
      if (peer.channel.waiting() > most_waiting) throw WorkError(lab_.plan().lab, "it does not read its answers");
    }
    peer.channel.flush();
    if (!open) {
      drop(fd);
      return;
    }
    update_interest(peer);
  } catch (const std::exception& error) {
    spdlog::debug("{}: a client is dropped: {}", lab_.plan().lab, error.what());
    drop(fd);
  }
}

wire::Answer Server::spawn(Caller& caller, const wire::Request& request) {
  // Taken before anything can fail: the next request's descriptors come behind them.
  std::vector<FileDescriptor> descriptors(4);
  for (const std::uint32_t number : request.spawn().descriptors()) {
    FileDescriptor received = caller.peer->channel.next_descriptor();
    if (number < descriptors.size()) descriptors[number] = std::move(received);
  }
  const ProcessId process = processes_.spawn(caller.peer->number, request.spawn(), descriptors);
  try {
    watch(processes_.pidfd(process), EPOLLIN, EPOLL_CTL_ADD);
  } catch (const SystemError&) {
    processes_.collect(process);  // nobody would see its end
    throw;
  }
  wire::Answer answer;
  answer.set_spawned(process);
  return answer;
}

wire::Answer Server::signal(Caller&, const wire::Request& request) {
  processes_.signal(request.signal().process(), request.signal().signal());
  wire::Answer answer;
  answer.mutable_done();
  return answer;
}

wire::Answer Server::packet_socket(Caller& caller, const wire::Request& request) {
  const std::string& node = request.packet_socket();
  const sandbox::ScopedNetwork inside(lab_.namespaces(node).network);
  // Protocol 0 sees nothing: whoever gets it first sets a filter, then binds it.
  caller.passed = FileDescriptor(
      check(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "open packet socket", node));
  wire::Answer answer;
  answer.mutable_done();
  return answer;
}

void Server::report_exit(ProcessId process) {
  const Processes::Ended ended = processes_.collect(process);  // closes the pidfd: epoll forgets it
  if (ended.owner == Processes::kLab) note_end(ended);
  for (auto& [fd, peer] : peers_) {
    if (peer->number != ended.owner) continue;
    wire::Answer answer;
    answer.set_protocol(kProtocol);
    answer.mutable_exit()->set_process(ended.exit.process);
    answer.mutable_exit()->set_status(ended.exit.status);
    answer.mutable_exit()->set_by_signal(ended.exit.by_signal);
    answer.mutable_exit()->set_remark(ended.exit.remark);
    peer->channel.queue(answer);
    flush(*peer);
    return;
  }
}

void Server::flush(Peer& peer) {
  const int fd = peer.channel.fd();
  try {
    peer.channel.flush();
    update_interest(peer);
  } catch (const std::exception& error) {
    spdlog::debug("{}: a client is dropped: {}", lab_.plan().lab, error.what());
    drop(fd);
  }
}

void Server::update_interest(Peer& peer) {
  if (peer.channel.pending() == peer.wants_write) return;
  peer.wants_write = peer.channel.pending();
  watch(peer.channel.fd(), peer.wants_write ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
}

void Server::drop(int fd) {
  const auto it = peers_.find(fd);
  if (it == peers_.end()) return;
  processes_.orphan(it->second->number);
  peers_.erase(it);
}

}  // namespace geomx::control
