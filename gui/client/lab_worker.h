#pragma once

#include <QString>
#include <QStringList>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <variant>

#include "emulator/base/fd.h"
#include "emulator/control/client.h"
#include "gui/client/lab_types.h"

namespace geomx::gui {

// What the worker tells of the lab, in the order in which it happened.
struct Lost {
  QString why;  // the connection; another one is being tried
};
struct Ended {
  QString why;  // there is no such lab, or none any more: the worker is through with it
};
using LabNews = std::variant<LabFacts, Feed, QVector<control::LabEvent>, control::WatchedFidelity, LinkReading, Outcome,
                             Lost, Ended>;

struct LabRequest {
  quint64 number = 0;
  QString object;
  QString asked;
  std::function<QStringList(control::Client&)> work;  // returns remarks; what it throws is a refusal
  QString link;                                       // to be read back afterwards; empty: none
};

// The thread that talks to the lab, for control::Client is synchronous. It stays with one lab, through connections that
// break, until it is given another one or the lab has ended. Whatever it waits for in the lab ends at once when it is
// given something else or destroyed.
class LabWorker {
 public:
  // `tell` is called on the thread: what is told, and of which attachment.
  using Tell = std::function<void(quint64 generation, LabNews news)>;
  explicit LabWorker(Tell tell);
  LabWorker(const LabWorker&) = delete;
  LabWorker& operator=(const LabWorker&) = delete;
  ~LabWorker();

  // From now on this lab; an empty name: none.
  void attach(const QString& lab, quint64 generation);
  void ask(LabRequest request);  // of the lab that is attached
  // Whether the last Feed that was told has been dealt with: the next is told only then.
  void feed_taken() { feed_under_way_ = false; }
  // How long the lab has been silent.
  std::chrono::milliseconds silence() const;

 private:
  using Clock = std::chrono::steady_clock;

  void loop();
  void stay_with(const std::string& lab);
  control::Client connect(const std::string& lab);
  void introduce(control::Client& client);
  void tell_facts(control::Client& client);
  void serve(control::Client& client);
  void fetch(control::Client& client);
  void take(control::CounterSample sample);
  void take(control::Client& client, const std::vector<control::LabEvent>& events);
  void perform(control::Client& client, const LabRequest& request);
  void read_link(control::Client& client, const QString& link);
  void refuse_all(const QString& why);
  std::optional<LabRequest> next_request();
  bool superseded();
  bool rest(std::chrono::milliseconds time);  // false: superseded
  void heard();
  void say(LabNews news) { tell_(generation_, std::move(news)); }

  Tell tell_;
  FileDescriptor wake_;       // an eventfd: there is a request
  FileDescriptor interrupt_;  // another one: nothing that is waited for matters any more

  std::mutex mutex_;  // of the next five
  std::condition_variable changed_;
  std::deque<LabRequest> requests_;
  QString wanted_;
  quint64 wanted_generation_ = 0;
  bool ending_ = false;

  std::atomic<bool> feed_under_way_ = false;
  std::atomic<Clock::rep> heard_ = 0;

  // The thread's own.
  quint64 generation_ = 0;
  std::vector<control::WatchedLink> links_;
  std::optional<control::CounterSample> before_;
  Clock::time_point next_fidelity_{};

  std::thread thread_;  // last: it uses the others
};

}  // namespace geomx::gui
