#include "emulator/control/server.h"

#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "emulator/base/error.h"
#include "emulator/base/phase.h"
#include "emulator/control/convert.h"
#include "emulator/control/protocol.h"
#include "emulator/lab/fidelity_report.h"
#include "emulator/lab/inspect.h"
#include "emulator/sandbox/listening.h"

namespace geomx::control {
namespace {

constexpr int requests_at_once = 32;  // then it is somebody else's turn

wire::Answer done() {
  wire::Answer answer;
  answer.mutable_done();
  return answer;
}

std::optional<wire::Request> parsed(const std::string& body) {
  wire::Request request;
  return request.ParseFromString(body) ? std::optional(std::move(request)) : std::nullopt;
}

}  // namespace

Server::Server(lab::Lab& lab, Listeners listeners, ServerOptions options)
    : lab_(lab),
      listener_(std::move(listeners.descriptors)),
      options_(std::move(options)),
      epoll_(check(::epoll_create1(EPOLL_CLOEXEC), "create epoll", lab.plan().lab)),
      router_(listeners.requests),
      subscriptions_(router_),
      processes_(lab, options_.open_files) {
  if (listeners.tcp) router_.listen_tcp(listeners.tcp, listeners.keys);
  watch(listener_.get(), EPOLLIN, EPOLL_CTL_ADD);
  for (const int fd : router_.descriptors()) watch(fd, EPOLLIN, EPOLL_CTL_ADD);
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
    // In this order: whatever is sent can hide that a request has come meanwhile.
    auto next = time_to_sleep();
    if (serve_requests() || router_.ready()) next = std::chrono::milliseconds(0);
    if (ending_) return;
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
  }  // else it is one of the router's, which the loop looks after each time
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

// True: something has been served, so that there may be more, and something else may have become due.
bool Server::serve_requests() {
  bool served = false;
  for (int i = 0; i < requests_at_once && !ending_; ++i) {
    const std::optional<Router::Received> received = router_.receive();
    if (!received) break;
    served = true;
    try {
      serve_request(*received);
    } catch (const std::exception& error) {
      spdlog::warn("{}: {}", lab_.plan().lab, error.what());
    }
  }
  while (const auto notice = router_.notice()) spdlog::warn("{}: {}", lab_.plan().lab, *notice);
  return served;
}

void Server::serve_request(const Router::Received& received) {
  const std::optional<wire::Request> request = received.whole ? parsed(received.message) : std::nullopt;
  const bool accepted =
      request ? subscriptions_.heard(received.client, request->received()) : subscriptions_.heard(received.client);
  if (!accepted || (request && request->what_case() == wire::Request::kRead)) return;
  Caller caller{nullptr, received.client, {}};
  subscriptions_.answer(received.client, answer(caller, request));
}

wire::Answer Server::answer(Caller& caller, const std::optional<wire::Request>& request) {
  try {
    if (!request) {
      throw WorkError(lab_.plan().lab, "the lab does not understand a request",
                      "it may be of another version: the lab speaks protocol " + std::to_string(kProtocol));
    }
    return handle(caller, *request);
  } catch (const std::exception& error) {
    wire::Answer failure;
    *failure.mutable_failure() = failure_of(error);
    return failure;
  }
}

wire::Answer Server::handle(Caller& caller, const wire::Request& request) {
  if (request.protocol() != kProtocol) {
    throw WorkError(lab_.plan().lab,
                    "the lab speaks protocol " + std::to_string(kProtocol) + ", and this client " +
                        std::to_string(request.protocol()),
                    "use the geomx-emu that has started the lab");
  }
  const auto handler = handlers().find(request.what_case());
  if (handler == handlers().end()) {
    throw InputError(lab_.plan().lab, "a request asks for nothing that this lab's version knows",
                     "the lab speaks protocol " + std::to_string(kProtocol));
  }
  if (handler->second.descriptors != (caller.peer != nullptr)) {
    throw InputError(lab_.plan().lab, handler->second.descriptors
                                          ? "this request goes by the descriptor socket of the lab's own machine"
                                          : "this request goes by the request socket");
  }
  return (this->*handler->second.work)(caller, request);
}

// The one place that says what can be asked, by which road and what answers it.
const std::map<wire::Request::WhatCase, Server::Handler>& Server::handlers() {
  using Request = wire::Request;
  static const std::map<Request::WhatCase, Handler> table{
      {Request::kSpawn, {true, &Server::spawn}},
      {Request::kSignal, {true, &Server::signal}},
      {Request::kPacketSocket, {true, &Server::packet_socket}},
      {Request::kCounters, {false, &Server::counters}},
      {Request::kInspect, {false, &Server::inspect}},
      {Request::kInspectLink, {false, &Server::inspect_link}},
      {Request::kPlan, {false, &Server::plan}},
      {Request::kFidelity, {false, &Server::fidelity}},
      {Request::kListens, {false, &Server::listens}},
      {Request::kStatus, {false, &Server::status}},
      {Request::kSubscribe, {false, &Server::subscribe}},
      {Request::kChangeLink, {false, &Server::change_link}},
      {Request::kActOnNode, {false, &Server::act_on_node}},
      {Request::kApply, {false, &Server::apply}},
      {Request::kBeginEvents, {false, &Server::begin_events}},
      {Request::kDown, {false, &Server::down}},
  };
  return table;
}

wire::Answer Server::counters(Caller&, const wire::Request&) {
  wire::Answer answer;
  add_counters(*answer.mutable_counters());
  return answer;
}

wire::Answer Server::inspect(Caller&, const wire::Request&) {
  wire::Answer answer;
  answer.set_inspection(lab::inspect(lab_, scenario_now(), started_, lab::fidelity_json(monitor_)));
  return answer;
}

wire::Answer Server::inspect_link(Caller&, const wire::Request& request) {
  wire::Answer answer;
  answer.set_inspection(lab::inspect_link(lab_, request.inspect_link()));
  return answer;
}

wire::Answer Server::plan(Caller&, const wire::Request&) {
  wire::Answer answer;
  answer.set_plan(lab::plan_json(lab_.plan()));
  return answer;
}

wire::Answer Server::fidelity(Caller&, const wire::Request& request) {
  if (request.fidelity()) look();
  wire::Answer answer;
  answer.set_fidelity(lab::fidelity_json(monitor_));
  return answer;
}

wire::Answer Server::listens(Caller&, const wire::Request& request) {
  const wire::Listens& asked = request.listens();
  wire::Answer answer;
  answer.set_listens(sandbox::tcp_listens(lab_.namespaces(asked.node()).network, static_cast<int>(asked.port())));
  return answer;
}

wire::Answer Server::status(Caller&, const wire::Request&) {
  wire::Answer answer;
  wire::Status& status = *answer.mutable_status();
  status.set_protocol(kProtocol);
  status.set_subscribers(subscriptions_.subscribers());
  status.set_address(router_.tcp_address());
  status.set_refused(router_.refused());
  status.set_abandoned(subscriptions_.abandoned());
  return answer;
}

wire::Answer Server::subscribe(Caller& caller, const wire::Request& request) {
  constexpr std::uint64_t longest = std::chrono::milliseconds(std::chrono::hours(24)).count();
  subscriptions_.subscribe(caller.client,
                           std::chrono::milliseconds(std::min(request.subscribe().interval_milliseconds(), longest)));
  return done();
}

wire::Answer Server::down(Caller&, const wire::Request&) {
  phase("down: answering");
  ending_ = true;
  return done();
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

}  // namespace geomx::control
