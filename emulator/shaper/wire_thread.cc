#include "emulator/shaper/wire_thread.h"

#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <future>
#include <utility>

#include "emulator/base/error.h"

namespace geomx::shaper {
namespace {

constexpr int kRealtimePriority = 10;
constexpr int kNice = -11;
constexpr Nanoseconds kLongWait = std::chrono::milliseconds(1);
// Where frames come thick, waking up for each costs more than what is to be done with it: then the thread looks once in
// so long. Frames carry the time at which they came, so that nothing is later than by that.
constexpr Nanoseconds kBreath = std::chrono::microseconds(50);
// As many looks in a row, each sooner after the last than that, each with frames that came or were due.
constexpr int kThick = 16;
constexpr auto kCommandDeadline = std::chrono::seconds(10);

// A thread that asks for short slices preempts those with long ones when it wakes, which needs no privilege
// (Linux 6.12; older kernels accept and ignore it).
bool ask_for_short_slices() {
  // struct sched_attr of <linux/sched/types.h>, which C libraries' headers clash with.
  struct {
    std::uint32_t size;
    std::uint32_t policy;
    std::uint64_t flags;
    std::int32_t nice;
    std::uint32_t priority;
    std::uint64_t runtime;
    std::uint64_t deadline;
    std::uint64_t period;
  } attributes{};
  attributes.size = sizeof attributes;
  attributes.policy = SCHED_OTHER;
  attributes.runtime = 100'000;
  return ::syscall(SYS_sched_setattr, 0, &attributes, 0) == 0;
}

// The best that is permitted to the calling thread.
std::string raise_priority() {
  // Timers on time: the default slack of 50 us is more than a packet at 1 Gbit takes.
  ::prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  sched_param parameter{};
  parameter.sched_priority = kRealtimePriority;
  if (::pthread_setschedparam(::pthread_self(), SCHED_RR, &parameter) == 0) {
    return "SCHED_RR " + std::to_string(kRealtimePriority);
  }
  if (::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice) == 0) return "nice " + std::to_string(kNice);
  return ask_for_short_slices() ? "normal, slices of 0.1 ms" : "normal";
}

void sleep_until(Time time) {
  timespec at{};
  at.tv_sec = time / std::chrono::seconds(1);
  at.tv_nsec = (time % std::chrono::seconds(1)).count();
  while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) == EINTR) {
  }
}

void drain(int event_fd) {
  eventfd_t value = 0;
  ::eventfd_read(event_fd, &value);
}

}  // namespace

WireThread::WireThread(bool realtime)
    : epoll_(check(::epoll_create1(EPOLL_CLOEXEC), "create epoll for the wire")),
      wake_(check(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "create eventfd for the wire")) {
  epoll_event event{};
  event.events = EPOLLIN;
  check(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event), "watch eventfd of the wire");
  const timespec at_once{};
  check(::epoll_pwait2(epoll_.get(), &event, 1, &at_once, nullptr), "wait with a precise timeout (Linux 5.11)");

  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::promise<std::string> started;
  std::future<std::string> scheduling = started.get_future();
  thread_ = std::thread([this, realtime, started = std::move(started)]() mutable {
    ::pthread_setname_np(::pthread_self(), "wire");
    started.set_value(realtime ? raise_priority() : "normal");
    run();
  });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  scheduling_ = scheduling.get();
}

WireThread::~WireThread() {
  stopping_.store(true);
  ::eventfd_write(wake_.get(), 1);
  thread_.join();
}

void WireThread::execute(std::function<void()> command) {
  auto done = std::make_shared<std::promise<void>>();
  std::future<void> finished = done->get_future();
  {
    const std::lock_guard lock(mutex_);
    commands_.push_back([command = std::move(command), done] {
      try {
        command();
        done->set_value();
      } catch (...) {
        done->set_exception(std::current_exception());
      }
    });
  }
  ::eventfd_write(wake_.get(), 1);
  if (finished.wait_for(kCommandDeadline) != std::future_status::ready) {
    throw WorkError("wire", "its thread did not answer within 10 s");
  }
  finished.get();
}

void WireThread::add(std::shared_ptr<WireLink> link) {
  execute([this, link = std::move(link)]() mutable {
    auto member = std::make_unique<Member>(std::move(link));
    for (Source& source : member->sources) {
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.ptr = &source;
      check(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, source.fd, &event), "watch a link's sockets");
    }
    member->place = members_.size();
    members_.push_back(std::move(member));
    due_.push_back(Time(0));
  });
  ++links_count_;
}

void WireThread::remove(std::shared_ptr<WireLink> link) {
  execute([this, link = std::move(link)] {
    for (const int fd : link->sources()) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    std::erase_if(members_, [&link](const auto& member) { return member->link == link; });
    due_.assign(members_.size(), Time(0));
    for (std::size_t i = 0; i < members_.size(); ++i) members_[i]->place = i;
  });
  --links_count_;
}

void WireThread::apply(std::shared_ptr<WireLink> link, std::function<void(WireLink&)> change) {
  execute([this, link = std::move(link), change = std::move(change)] {
    change(*link);
    for (auto& member : members_) {
      if (member->link == link) due_[member->place] = Time(0);
    }
  });
}

void WireThread::execute_commands() {
  std::vector<std::function<void()>> commands;
  {
    const std::lock_guard lock(mutex_);
    commands.swap(commands_);
  }
  for (const auto& command : commands) command();
}

void WireThread::run() {
  while (!stopping_.load()) wait_and_receive(deliver());
}

Time WireThread::deliver() {
  const Time now = monotonic_now();
  Time next = kNever;
  for (std::size_t i = 0; i < due_.size(); ++i) {
    if (due_[i] <= now) due_[i] = members_[i]->link->deliver(looked_);
    next = std::min(next, due_[i]);
  }
  return next;
}

void WireThread::wait_and_receive(Time until) {
  std::array<epoll_event, 512> events;
  timespec timeout{};
  const Time due = until;
  if (thick_ >= kThick) {
    sleep_until(looked_ + kBreath);
    until = looked_;  // only look
  }
  if (until != kNever) {
    Nanoseconds left = std::max(until - monotonic_now(), Nanoseconds(0));
    // Without real-time priority epoll may wake a thread late by a thousandth of what it waits: once early, then
    // precisely.
    if (left > kLongWait) left -= left / 500;
    timeout.tv_sec = left / std::chrono::seconds(1);
    timeout.tv_nsec = (left % std::chrono::seconds(1)).count();
  }
  const int count = ::epoll_pwait2(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                   until == kNever ? nullptr : &timeout, nullptr);
  const Time last = std::exchange(looked_, monotonic_now());
  const bool soon = thick_ >= kThick || looked_ - last < kBreath;
  const bool busy = count > 0 || due <= looked_;
  thick_ = soon && busy ? std::min(thick_ + 1, kThick) : 0;
  bool woken = false;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    const auto* source = static_cast<const Source*>(event.data.ptr);
    if (source == nullptr) {
      woken = true;
      continue;
    }
    if ((event.events & EPOLLERR) != 0) {
      // The interface went down. Reading the error clears it, or it would wake us for ever.
      int error = 0;
      socklen_t size = sizeof error;
      ::getsockopt(source->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    }
    source->member->link->receive(source->number);
    due_[source->member->place] = Time(0);
  }
  if (woken) {
    drain(wake_.get());
    execute_commands();  // after the events: these may point at what a command removes
  }
}

}  // namespace geomx::shaper
