#include "emulator/control/client.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <deque>

#include "emulator/base/error.h"
#include "emulator/base/units.h"
#include "emulator/control/channel.h"
#include "emulator/control/convert.h"
#include "emulator/control/runtime.h"

namespace geomx::control {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds usual_patience{30};  // for an answer: inspecting 1000 nodes takes about a second

void watch(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  check(::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "watch", "control socket");
}

std::vector<LinkCounters> links_of(const wire::Counters& counters) {
  std::vector<LinkCounters> links;
  for (const wire::LinkCounters& link : counters.links()) {
    links.push_back({link.link(), counters_of(link.forward()), counters_of(link.backward())});
  }
  return links;
}

}  // namespace

struct Client::Impl {
  Impl(FileDescriptor connected, std::string name)
      : channel(std::move(connected)),
        lab(std::move(name)),
        queued(check(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "create eventfd", lab)),
        readable(check(::epoll_create1(EPOLL_CLOEXEC), "create epoll", lab)) {
    watch(readable.get(), channel.fd());
    watch(readable.get(), queued.get());
  }

  [[noreturn]] void gone() const { throw WorkError(lab, unusable.empty() ? "the lab has ended" : unusable); }

  // Ends the connection; fd() becomes readable, and everybody hears why.
  [[noreturn]] void give_up(const std::string& why) {
    unusable = why;
    closed = true;
    ::shutdown(channel.fd(), SHUT_RDWR);
    gone();
  }

  // Takes everything out of what has arrived: exits are queued, also those behind the answer, for which the socket
  // would not become readable again; the answer, of which there is at most one, is returned.
  std::optional<wire::Answer> sort() {
    std::optional<wire::Answer> other;
    while (const auto body = channel.next()) {
      wire::Answer answer;
      if (!answer.ParseFromString(*body)) throw WorkError(lab, "its answer is not understood");
      switch (answer.what_case()) {
        case wire::Answer::kExit:
          exits.push_back(
              {answer.exit().process(), answer.exit().status(), answer.exit().by_signal(), answer.exit().remark()});
          break;
        case wire::Answer::kEvent:
          events.push_back(
              {answer.event().time(), answer.event().kind(), answer.event().object(), answer.event().detail()});
          break;
        case wire::Answer::kSample:
          samples.push_back({answer.sample().time(), links_of(answer.sample().counters())});
          break;
        default:
          other = std::move(answer);
      }
    }
    show_queued();
    return other;
  }

  // `queued` is readable while there is something to be fetched.
  void show_queued() {
    const bool any = !exits.empty() || !events.empty() || !samples.empty();
    if (any == shown) return;
    shown = any;
    eventfd_t count = 0;
    check(any ? ::eventfd_write(queued.get(), 1) : ::eventfd_read(queued.get(), &count), "signal eventfd", lab);
  }

  template <typename Item>
  std::optional<Item> next_of(std::deque<Item>& items, std::chrono::milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    for (;;) {
      if (sort()) throw WorkError(lab, "the lab answered without having been asked");
      if (!items.empty()) {
        const Item first = std::move(items.front());
        items.pop_front();
        show_queued();
        return first;
      }
      if (closed) gone();
      if (!wait(deadline)) return std::nullopt;
      closed = !channel.receive();
    }
  }

  // Waits until the socket has something, or `deadline`. False: nothing came.
  bool wait(Clock::time_point deadline) {
    for (;;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
      pollfd entry{channel.fd(), POLLIN, 0};
      const int ready = ::poll(&entry, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
      if (ready > 0) return true;
      if (ready == 0 && left.count() <= 0) return false;
      if (ready < 0 && errno != EINTR) throw SystemError(lab, "wait for the lab", errno);
    }
  }

  wire::Answer ask(const wire::Request& request, const std::vector<int>& descriptors = {},
                   std::chrono::milliseconds patience = usual_patience) {
    if (!unusable.empty()) gone();
    const auto deadline = Clock::now() + patience;
    try {
      channel.send_now(request, descriptors, deadline);
    } catch (const SystemError& error) {
      if (error.error_number() == EPIPE || error.error_number() == ECONNRESET) gone();
      give_up(error.what());
    }
    for (;;) {
      if (std::optional<wire::Answer> answer = sort()) {
        if (answer->what_case() == wire::Answer::kFailure) throw_failure(answer->failure());
        return std::move(*answer);
      }
      if (closed) gone();
      if (!wait(deadline)) give_up("the lab did not answer within " + to_string(Nanoseconds(patience), true));
      closed = !channel.receive();
    }
  }

  Channel channel;
  std::string lab;
  std::deque<ProcessExit> exits;
  std::deque<LabEvent> events;
  std::deque<CounterSample> samples;
  FileDescriptor queued;    // an eventfd that is readable while one of these has something
  FileDescriptor readable;  // epoll over both: what fd() gives out
  bool shown = false;       // that it is
  bool closed = false;
  std::string unusable;  // why nothing can be asked any more
};

Client::Client(FileDescriptor connected, std::string lab) : impl_(new Impl(std::move(connected), std::move(lab))) {}
Client Client::connect(const std::string& lab) {
  return Client(connect_to(lab), lab);
}
Client::Client(Client&& other) noexcept : impl_(std::exchange(other.impl_, nullptr)) {}
Client& Client::operator=(Client&& other) noexcept {
  std::swap(impl_, other.impl_);
  return *this;
}
Client::~Client() {
  delete impl_;
}

ProcessId Client::spawn(const ProcessSpec& spec) {
  wire::Request request;
  wire::Spawn& spawn = *request.mutable_spawn();
  spawn.set_node(spec.node);
  for (const std::string& argument : spec.argv) spawn.add_argv(argument);
  for (const auto& [name, value] : spec.environment) spawn.add_environment(name + "=" + value);
  spawn.set_whole_environment(spec.whole_environment);
  spawn.set_directory(spec.directory.empty() ? "/" : spec.directory);
  spawn.set_own_session(spec.own_session);
  std::vector<int> descriptors;
  const int passed[] = {spec.stdin_fd, spec.stdout_fd, spec.stderr_fd, spec.metrics_fd};
  for (std::uint32_t number = 0; number < 4; ++number) {
    if (passed[number] < 0) continue;
    spawn.add_descriptors(number);
    descriptors.push_back(passed[number]);
  }
  return impl_->ask(request, descriptors).spawned();
}

void Client::signal(ProcessId process, int signal) {
  wire::Request request;
  request.mutable_signal()->set_process(process);
  request.mutable_signal()->set_signal(signal);
  impl_->ask(request);
}

std::optional<ProcessExit> Client::next_exit(std::chrono::milliseconds timeout) {
  return impl_->next_of(impl_->exits, timeout);
}

std::optional<LabEvent> Client::next_event(std::chrono::milliseconds timeout) {
  return impl_->next_of(impl_->events, timeout);
}

std::optional<CounterSample> Client::next_sample(std::chrono::milliseconds timeout) {
  return impl_->next_of(impl_->samples, timeout);
}

std::vector<std::string> Client::change_link(const LinkChange& change) {
  wire::Request request;
  wire::ChangeLink& asked = *request.mutable_change_link();
  asked.set_link(change.link);
  asked.set_from(change.from);
  asked.set_way(static_cast<int>(change.way));
  for (const std::string& assignment : change.assignments) asked.add_assignments(assignment);
  asked.set_rebuild(change.rebuild);
  if (change.up) asked.set_up(*change.up);
  const wire::Answer answer = impl_->ask(request);
  return {answer.lines().line().begin(), answer.lines().line().end()};
}

std::string Client::inspect_link(const std::string& link) {
  wire::Request request;
  request.set_inspect_link(link);
  return impl_->ask(request).inspection();
}

void Client::act_on_node(const std::string& node, const std::string& action) {
  wire::Request request;
  request.mutable_act_on_node()->set_node(node);
  request.mutable_act_on_node()->set_action(action);
  impl_->ask(request);
}

std::vector<std::string> Client::apply(const std::string& scenario_json, bool dry_run) {
  wire::Request request;
  request.mutable_apply()->set_scenario(scenario_json);
  request.mutable_apply()->set_dry_run(dry_run);
  const wire::Answer answer = impl_->ask(request);
  return {answer.lines().line().begin(), answer.lines().line().end()};
}

void Client::begin_events() {
  wire::Request request;
  request.mutable_begin_events();
  impl_->ask(request);
}

void Client::subscribe(std::chrono::milliseconds interval) {
  wire::Request request;
  request.mutable_subscribe()->set_interval_milliseconds(static_cast<std::uint64_t>(interval.count()));
  impl_->ask(request);
}

std::vector<LinkCounters> Client::counters() {
  wire::Request request;
  request.mutable_counters();
  const wire::Answer answer = impl_->ask(request);
  return links_of(answer.counters());
}

std::string Client::inspect() {
  wire::Request request;
  request.mutable_inspect();
  return impl_->ask(request).inspection();
}

std::string Client::plan(std::chrono::milliseconds patience) {
  wire::Request request;
  request.mutable_plan();
  return impl_->ask(request, {}, patience).plan();
}

FileDescriptor Client::packet_socket(const std::string& node) {
  wire::Request request;
  request.set_packet_socket(node);
  impl_->ask(request);
  FileDescriptor socket = impl_->channel.next_descriptor();
  if (!socket) throw WorkError(impl_->lab, "the lab sent no packet socket");
  return socket;
}

void Client::down(std::chrono::milliseconds patience) {
  wire::Request request;
  request.mutable_down();
  impl_->ask(request, {}, patience);
}

bool Client::wait_end(std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  while (!impl_->closed) {
    if (!impl_->wait(deadline)) return false;
    impl_->closed = !impl_->channel.receive();
  }
  return impl_->unusable.empty();
}

const std::string& Client::lab() const {
  return impl_->lab;
}

int Client::fd() const {
  return impl_->readable.get();
}

}  // namespace geomx::control
