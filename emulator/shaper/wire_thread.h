#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "emulator/base/fd.h"
#include "emulator/shaper/wire_link.h"

namespace geomx::shaper {

// One thread that moves the packets of some links: it sleeps until a frame arrives or one is due to leave. All members
// may be called from any thread; the calls that concern a link return when the thread has done it, and throw WorkError
// where it has not within 10 s.
class WireThread {
 public:
  explicit WireThread(bool realtime);
  ~WireThread();
  WireThread(const WireThread&) = delete;
  WireThread& operator=(const WireThread&) = delete;

  void add(std::shared_ptr<WireLink> link);
  void remove(std::shared_ptr<WireLink> link);
  // Lets the thread do that to the link.
  void apply(std::shared_ptr<WireLink> link, std::function<void(WireLink&)> change);

  int links() const { return links_count_.load(); }
  const std::string& scheduling() const { return scheduling_; }

 private:
  struct Member;
  // What an epoll event points at; the one that wakes the thread points at nothing.
  struct Source {
    Member* member = nullptr;
    std::size_t number = 0;  // among the link's
    int fd = -1;
  };
  struct Member {
    explicit Member(std::shared_ptr<WireLink> its_link) : link(std::move(its_link)) {
      for (const int fd : link->sources()) sources.push_back({this, sources.size(), fd});
    }
    std::shared_ptr<WireLink> link;
    std::vector<Source> sources;
    std::size_t place = 0;  // among the members
  };

  void run();
  void execute(std::function<void()> command);
  void execute_commands();
  Time deliver();
  void wait_and_receive(Time until);

  FileDescriptor epoll_;
  FileDescriptor wake_;
  std::mutex mutex_;
  std::vector<std::function<void()>> commands_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> links_count_{0};
  std::string scheduling_;
  // The thread's own:
  std::vector<std::unique_ptr<Member>> members_;
  std::vector<Time> due_;  // when each has something to deliver; apart, for all are looked through before each wait
  Time looked_{0};         // when epoll last said which ends have frames
  int thick_ = 0;          // looks in a row that found something to do, soon after each other

  std::thread thread_;
};

}  // namespace geomx::shaper
