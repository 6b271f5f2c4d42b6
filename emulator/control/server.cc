#include "emulator/control/server.h"

#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "emulator/base/error.h"
#include "emulator/control/convert.h"
#include "emulator/lab/inspect.h"

namespace geomx::control {
namespace {

constexpr std::chrono::milliseconds pause{200};  // until clients are accepted again after descriptors had run out

// Protocol 0 sees nothing: whoever gets it first sets a filter, then binds it.
FileDescriptor packet_socket(const sandbox::Namespace& network, const std::string& node) {
  const sandbox::ScopedNetwork inside(network);
  return FileDescriptor(
      geomx::check(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "open packet socket", node));
}

}  // namespace

Server::Server(lab::Lab& lab, FileDescriptor listener, ServerOptions options)
    : lab_(lab),
      listener_(std::move(listener)),
      options_(std::move(options)),
      epoll_(check(::epoll_create1(EPOLL_CLOEXEC), "create epoll", lab.plan().lab)),
      processes_(lab, options_.open_files) {
  watch(listener_.get(), EPOLLIN, EPOLL_CTL_ADD);
  timeline_ = lab.plan().timeline;
}

Server::~Server() = default;

void Server::watch(int fd, std::uint32_t events, int operation) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  check(::epoll_ctl(epoll_.get(), operation, fd, &event), "watch a descriptor", lab_.plan().lab);
}

void Server::run() {
  while (!ending_) {
    const auto next = time_to_sleep();
    std::array<epoll_event, 64> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(),
                                   next ? static_cast<int>(next->count()) : -1 /* until somebody wants something */);
    if (count < 0 && errno != EINTR) throw SystemError(lab_.plan().lab, "wait for clients", errno);
    for (int i = 0; i < count && !ending_; ++i) {
      try {
        react(events[i].data.fd, events[i].events);
      } catch (const std::exception& error) {
        spdlog::warn("{}: {}", lab_.plan().lab, error.what());
      }
    }
  }
}

void Server::react(int fd, std::uint32_t events) {
  if (fd == listener_.get()) {
    accept();
  } else if (const auto process = processes_.process_of(fd)) {
    report_exit(*process);
  } else if (const auto peer = peers_.find(fd); peer != peers_.end()) {
    serve(*peer->second, events);
  }
}

// Does what is due; until when nothing is, if anything will be.
std::optional<std::chrono::milliseconds> Server::time_to_sleep() {
  std::optional<std::chrono::milliseconds> sleep = processes_.reap_orphans();
  const auto until = [&](Clock::time_point time) {
    const auto left = std::max(std::chrono::ceil<std::chrono::milliseconds>(time - Clock::now()), {});
    sleep = sleep ? std::min(*sleep, left) : left;
  };
  if (const auto next = do_what_is_due()) until(*next);
  if (resume_accepting_ && *resume_accepting_ <= Clock::now()) {
    resume_accepting_.reset();
    watch(listener_.get(), EPOLLIN, EPOLL_CTL_MOD);
  }
  if (resume_accepting_) until(*resume_accepting_);
  return sleep;
}

// The client that cannot be accepted stays in the queue, and the listener readable.
void Server::pause_accepting(int error) {
  spdlog::warn("{}: clients must wait: {}", lab_.plan().lab, SystemError({}, "accept", error).what());
  watch(listener_.get(), 0, EPOLL_CTL_MOD);
  resume_accepting_ = std::chrono::steady_clock::now() + pause;
}

void Server::accept() {
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
      if (request.ParseFromString(*body)) {
        FileDescriptor passed;
        const wire::Answer answer = handle(peer, request, passed);
        peer.channel.queue(answer, std::move(passed));
        continue;
      }
      // Descriptors that came with it are not to be taken for the next one's.
      while (peer.channel.next_descriptor()) {
      }
      wire::Answer answer;
      *answer.mutable_failure() = failure_of(
          WorkError(lab_.plan().lab, "the lab does not understand a request", "it may be of another version"));
      peer.channel.queue(answer);
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

wire::Answer Server::handle(Peer& peer, const wire::Request& request, FileDescriptor& passed) {
  wire::Answer answer;
  try {
    switch (request.what_case()) {
      case wire::Request::kSpawn:
        return spawn(peer, request.spawn());
      case wire::Request::kSignal:
        processes_.signal(request.signal().process(), request.signal().signal());
        answer.mutable_done();
        break;
      case wire::Request::kCounters:
        add_counters(*answer.mutable_counters());
        break;
      case wire::Request::kInspect:
        answer.set_inspection(lab::inspect(lab_, scenario_now(), started_));
        break;
      case wire::Request::kInspectLink:
        answer.set_inspection(lab::inspect_link(lab_, request.inspect_link()));
        break;
      case wire::Request::kChangeLink:
        return change_link(request.change_link());
      case wire::Request::kActOnNode:
        act_on_node(request.act_on_node().node(), request.act_on_node().action());
        answer.mutable_done();
        break;
      case wire::Request::kApply:
        return apply(request.apply());
      case wire::Request::kSubscribe:
        peer.subscribed = true;
        peer.interval = std::chrono::milliseconds(request.subscribe().interval_milliseconds());
        peer.next_sample = Clock::now();
        answer.mutable_done();
        break;
      case wire::Request::kBeginEvents:
        begin_events();
        answer.mutable_done();
        break;
      case wire::Request::kPlan:
        answer.set_plan(lab::plan_json(lab_.plan()));
        break;
      case wire::Request::kPacketSocket:
        passed = packet_socket(lab_.namespaces(request.packet_socket()).network, request.packet_socket());
        answer.mutable_done();
        break;
      case wire::Request::kDown:
        ending_ = true;
        answer.mutable_done();
        break;
      case wire::Request::WHAT_NOT_SET:
        throw InputError("control socket", "a request asks for nothing this version knows");
    }
  } catch (const std::exception& error) {
    *answer.mutable_failure() = failure_of(error);
  }
  return answer;
}

void Server::add_counters(wire::Counters& message) {
  const std::vector<shaper::LinkCounters> counters = lab_.counters();
  for (std::size_t l = 0; l < counters.size(); ++l) {
    wire::LinkCounters& link = *message.add_links();
    link.set_link(lab_.plan().links[l].name);
    fill(*link.mutable_forward(), counters[l].forward);
    fill(*link.mutable_backward(), counters[l].backward);
  }
}

wire::Answer Server::spawn(Peer& peer, const wire::Spawn& request) {
  // Taken before anything can fail: the next request's descriptors come behind them.
  std::vector<FileDescriptor> descriptors(4);
  for (const std::uint32_t number : request.descriptors()) {
    FileDescriptor received = peer.channel.next_descriptor();
    if (number < descriptors.size()) descriptors[number] = std::move(received);
  }
  wire::Answer answer;
  try {
    const ProcessId process = processes_.spawn(peer.number, request, descriptors);
    try {
      watch(processes_.pidfd(process), EPOLLIN, EPOLL_CTL_ADD);
    } catch (const SystemError&) {
      processes_.collect(process);  // nobody would see its end
      throw;
    }
    answer.set_spawned(process);
  } catch (const std::exception& error) {
    *answer.mutable_failure() = failure_of(error);
  }
  return answer;
}

void Server::report_exit(ProcessId process) {
  const Processes::Ended ended = processes_.collect(process);  // closes the pidfd: epoll forgets it
  if (ended.owner == Processes::kLab) note_end(ended);
  for (auto& [fd, peer] : peers_) {
    if (peer->number != ended.owner) continue;
    wire::Answer answer;
    answer.mutable_exit()->set_process(ended.exit.process);
    answer.mutable_exit()->set_status(ended.exit.status);
    answer.mutable_exit()->set_by_signal(ended.exit.by_signal);
    answer.mutable_exit()->set_remark(ended.exit.remark);
    send(*peer, answer);
    return;
  }
}

void Server::send(Peer& peer, const wire::Answer& answer) {
  peer.channel.queue(answer);
  flush(peer);
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
