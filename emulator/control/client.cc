#include "emulator/control/client.h"

#include <fmt/format.h>
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
#include "emulator/control/keys.h"
#include "emulator/control/lab_socket.h"
#include "emulator/control/protocol.h"
#include "emulator/control/runtime.h"
#include "emulator/control/zmq_dealer.h"

namespace geomx::control {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds usual_patience{30};    // for an answer: inspecting 1000 nodes takes about a second
constexpr std::chrono::milliseconds last_words{500};  // for what a lab that has ended has said before

void watch(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  check(::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "watch", "control socket");
}

[[noreturn]] void throw_out_of_reach(const std::string& lab) {
  throw InputError(lab, "this cannot be done over TCP: terminals, files and sockets do not travel that far",
                   "exec, shell, capture and down work on the machine where the lab runs");
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
  explicit Impl(std::string name)
      : lab(std::move(name)),
        queued(check(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "create eventfd", lab)),
        readable(check(::epoll_create1(EPOLL_CLOEXEC), "create epoll", lab)) {
    watch(readable.get(), queued.get());
  }

  Dealer& requests() {
    if (!dealer) dealer.emplace(std::move(folder), kRequestSocket);
    return *dealer;
  }

  Channel& descriptors() {
    if (!channel) throw_out_of_reach(lab);
    return *channel;
  }

  [[noreturn]] void gone() const { throw WorkError(lab, unusable.empty() ? "the lab has ended" : unusable); }

  // Ends the connection; fd() becomes readable, and everybody hears why.
  [[noreturn]] void give_up(const std::string& why) {
    unusable = why;
    closed = true;
    if (channel) ::shutdown(channel->fd(), SHUT_RDWR);
    check(::eventfd_write(queued.get(), 1), "signal eventfd", lab);
    gone();
  }

  // Fetches what has arrived and sorts it: what nobody asked for is queued; the answer, of which there is at most one,
  // is returned.
  std::optional<wire::Answer> sort() {
    std::optional<wire::Answer> answer;
    if (channel) {
      if (!closed) closed = !channel->receive();
      while (const auto body = channel->next()) take(*body, answer);
    }
    // To its end, and after every sending again: what arrives while something is sent does not make fd() readable.
    for (bool unasked = dealer.has_value(); unasked;) {
      unasked = false;
      while (const auto body = dealer->receive()) {
        ++received;
        unasked = !take(*body, answer) || unasked;
      }
      if (unasked) acknowledge();
    }
    if (dealer && !closed) {
      if (const auto trouble = dealer->trouble()) {
        closed = true;
        unusable = *trouble;
      }
    }
    show_queued();
    return answer;
  }

  // True: it is the answer.
  bool take(const std::string& body, std::optional<wire::Answer>& result) {
    wire::Answer answer;
    if (!answer.ParseFromString(body)) throw WorkError(lab, "its answer is not understood");
    if (answer.protocol() != kProtocol) {
      throw WorkError(lab,
                      "the lab speaks protocol " + std::to_string(answer.protocol()) + ", and this program " +
                          std::to_string(kProtocol),
                      "use the geomx-emu that has started the lab");
    }
    switch (answer.what_case()) {
      case wire::Answer::kExit:
        exits.push_back(
            {answer.exit().process(), answer.exit().status(), answer.exit().by_signal(), answer.exit().remark()});
        return false;
      case wire::Answer::kEvent:
        events.push_back(
            {answer.event().time(), answer.event().kind(), answer.event().object(), answer.event().detail()});
        return false;
      case wire::Answer::kSample:
        samples.push_back({answer.sample().time(), links_of(answer.sample().counters())});
        return false;
      case wire::Answer::kProbe:
        return false;
      case wire::Answer::kEnd:
        give_up(answer.end());
      default:
        result = std::move(answer);
        return true;
    }
  }

  void acknowledge() {
    wire::Request request;
    request.mutable_read();
    send(request);
  }

  void send(wire::Request& request) {
    request.set_protocol(kProtocol);
    request.set_received(received);
    requests().send(request.SerializeAsString());
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
    }
  }

  // Waits until something may have come, or `deadline`. False: nothing did.
  bool wait(Clock::time_point deadline) {
    for (;;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
      pollfd entries[] = {{channel && !closed ? channel->fd() : -1, POLLIN, 0},
                          {dealer ? dealer->fd() : -1, POLLIN, 0},
                          {interrupt, POLLIN, 0}};
      const int ready = ::poll(entries, 3, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
      if (ready > 0 && entries[2].revents != 0) give_up("the wait for the lab was interrupted");
      if (ready > 0) return true;
      if (ready == 0 && left.count() <= 0) return false;
      if (ready < 0 && errno != EINTR) throw SystemError(lab, "wait for the lab", errno);
    }
  }

  wire::Answer ask(wire::Request request) { return ask(std::move(request), usual); }

  wire::Answer ask(wire::Request request, std::chrono::milliseconds patience) {
    if (!unusable.empty()) gone();
    const auto deadline = Clock::now() + patience;
    send(request);
    return answer(deadline, patience);
  }

  wire::Answer ask_for_descriptors(wire::Request request, const std::vector<int>& passed = {}) {
    Channel& road = descriptors();
    if (!unusable.empty()) gone();
    const auto deadline = Clock::now() + usual;
    request.set_protocol(kProtocol);
    try {
      road.send_now(request, passed, deadline);
    } catch (const SystemError& error) {
      if (error.error_number() == EPIPE || error.error_number() == ECONNRESET) gone();
      give_up(error.what());
    }
    return answer(deadline, usual);
  }

  wire::Answer answer(Clock::time_point deadline, std::chrono::milliseconds patience) {
    for (bool ending = false;;) {
      if (std::optional<wire::Answer> answer = sort()) {
        if (answer->what_case() == wire::Answer::kFailure) throw_failure(answer->failure());
        return std::move(*answer);
      }
      if (closed && !ending) {
        // What the lab said last comes by the other road.
        ending = true;
        deadline = std::min(deadline, Clock::now() + last_words);
      }
      if (wait(deadline)) continue;
      if (ending) gone();
      give_up("the lab did not answer within " + to_string(Nanoseconds(patience), true));
    }
  }

  std::string lab;
  std::optional<Channel> channel;  // to the descriptor socket; none over TCP
  FileDescriptor folder;           // until it goes into
  std::optional<Dealer> dealer;    // to the request socket, once something has been asked
  std::uint64_t received = 0;      // messages, by the dealer
  std::deque<ProcessExit> exits;
  std::deque<LabEvent> events;
  std::deque<CounterSample> samples;
  FileDescriptor queued;    // an eventfd that is readable while one of these has something
  FileDescriptor readable;  // epoll over all that is waited for: what fd() gives out
  bool shown = false;       // that something is queued
  bool subscribed = false;
  bool closed = false;
  std::string unusable;  // why nothing can be asked any more
  std::chrono::milliseconds usual = usual_patience;
  int interrupt = -1;
};

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Client::Client(FileDescriptor connected, const std::string& folder, std::string lab)
    : impl_(std::make_unique<Impl>(std::move(lab))) {
  impl_->channel.emplace(std::move(connected));
  impl_->folder = open_folder(folder);
  watch(impl_->readable.get(), impl_->channel->fd());
}

bool is_remote(const std::string& lab) {
  return lab.starts_with("tcp://");
}

Client Client::connect(const std::string& lab) {
  if (is_remote(lab)) throw_out_of_reach(lab);
  const std::string folder = folder_of(lab);
  return {connect_to(lab, folder), folder, lab};
}

Client Client::connect(const std::string& address, const ClientKey& key) {
  auto impl = std::make_unique<Impl>(address);
  impl->dealer.emplace(address, key);
  watch(impl->readable.get(), impl->dealer->fd());
  return Client(std::move(impl));
}

Client::Client(Client&& other) noexcept = default;
Client& Client::operator=(Client&& other) noexcept = default;
Client::~Client() = default;

void Client::set_patience(std::chrono::milliseconds patience) {
  impl_->usual = patience;
}

void Client::interrupt_by(int fd) {
  impl_->interrupt = fd;
}

ProcessId Client::spawn(const ProcessSpec& spec) {
  wire::Request request;
  wire::Spawn& spawn = *request.mutable_spawn();
  spawn.set_node(spec.node);
  for (const std::string& argument : spec.argv) spawn.add_argv(argument);
  for (const auto& [name, value] : spec.environment) spawn.add_environment(fmt::format("{}={}", name, value));
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
  return impl_->ask_for_descriptors(request, descriptors).spawned();
}

void Client::signal(ProcessId process, int signal) {
  wire::Request request;
  request.mutable_signal()->set_process(process);
  request.mutable_signal()->set_signal(signal);
  impl_->ask_for_descriptors(request);
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
  if (!impl_->subscribed && impl_->channel) watch(impl_->readable.get(), impl_->dealer->fd());
  impl_->subscribed = true;
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
  return impl_->ask(request, patience).plan();
}

std::string Client::fidelity(bool at_once) {
  wire::Request request;
  request.set_fidelity(at_once);
  return impl_->ask(request).fidelity();
}

bool Client::listens(const std::string& node, int port) {
  wire::Request request;
  request.mutable_listens()->set_node(node);
  request.mutable_listens()->set_port(static_cast<std::uint32_t>(port));
  return impl_->ask(request).listens();
}

FileDescriptor Client::packet_socket(const std::string& node) {
  wire::Request request;
  request.set_packet_socket(node);
  impl_->ask_for_descriptors(request);
  FileDescriptor socket = impl_->channel->next_descriptor();
  if (!socket) throw WorkError(impl_->lab, "the lab sent no packet socket");
  return socket;
}

ServerStatus Client::status() {
  wire::Request request;
  request.mutable_status();
  const wire::Answer answer = impl_->ask(request);
  const wire::Status& status = answer.status();
  return {status.protocol(), status.subscribers(), status.address(), status.refused(), status.abandoned()};
}

void Client::down(std::chrono::milliseconds patience) {
  wire::Request request;
  request.mutable_down();
  try {
    impl_->ask(request, patience);
  } catch (const WorkError&) {
    if (!impl_->closed || !impl_->unusable.empty()) throw;
  }
}

bool Client::wait_end(std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  for (impl_->sort(); !impl_->closed; impl_->sort()) {
    if (!impl_->wait(deadline)) return false;
  }
  return impl_->unusable.empty() || !impl_->channel;
}

FileDescriptor Client::open_lab() const {
  return open_init(impl_->descriptors().fd());
}

const std::string& Client::lab() const {
  return impl_->lab;
}

bool Client::usable() const {
  return !impl_->closed && impl_->unusable.empty();
}

int Client::fd() const {
  return impl_->readable.get();
}

}  // namespace geomx::control
