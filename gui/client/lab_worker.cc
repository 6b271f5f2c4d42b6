#include "gui/client/lab_worker.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "emulator/base/error.h"
#include "emulator/control/runtime.h"
#include "gui/client/lab_documents.h"
#include "gui/client/text.h"

namespace geomx::gui {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFeedInterval(100);
constexpr milliseconds kFidelityInterval(1000);
constexpr milliseconds kPatience(10'000);  // inspecting 1000 nodes takes about a second
constexpr milliseconds kBetweenAttempts(300);

FileDescriptor make_eventfd() {
  return FileDescriptor(check(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "create eventfd", "the lab's client"));
}

// The run that the lab is for; empty: none.
QString run_folder_of(const std::string& lab) {
  for (const control::LabEntry& entry : control::running_labs()) {
    if (entry.name == lab) return to_qt(entry.run_folder);
  }
  return {};
}

bool has_ended(control::Client& client) {
  try {
    return client.wait_end(milliseconds(0));
  } catch (const std::exception&) {
    return false;  // nothing that it says is understood
  }
}

void clear(const FileDescriptor& eventfd) {
  eventfd_t count = 0;
  ::eventfd_read(eventfd.get(), &count);
}

}  // namespace

LabWorker::LabWorker(Tell tell)
    : tell_(std::move(tell)), wake_(make_eventfd()), interrupt_(make_eventfd()), thread_([this] { loop(); }) {}

LabWorker::~LabWorker() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    ::eventfd_write(interrupt_.get(), 1);
  }
  changed_.notify_one();
  thread_.join();
}

void LabWorker::attach(const QString& lab, quint64 generation) {
  {
    const std::lock_guard lock(mutex_);
    wanted_ = lab;
    wanted_generation_ = generation;
    requests_.clear();
    ::eventfd_write(interrupt_.get(), 1);
  }
  heard();  // silence counts from now
  changed_.notify_one();
}

void LabWorker::ask(LabRequest request) {
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(std::move(request));
  }
  ::eventfd_write(wake_.get(), 1);
}

milliseconds LabWorker::silence() const {
  const Clock::duration since = Clock::now().time_since_epoch() - Clock::duration(heard_.load());
  return std::chrono::duration_cast<milliseconds>(since);
}

void LabWorker::heard() {
  heard_ = Clock::now().time_since_epoch().count();
}

bool LabWorker::superseded() {
  const std::lock_guard lock(mutex_);
  return ending_ || wanted_generation_ != generation_;
}

bool LabWorker::rest(milliseconds time) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, time, [this] { return ending_ || wanted_generation_ != generation_; });
}

void LabWorker::loop() {
  for (;;) {
    std::string lab;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return ending_ || wanted_generation_ != generation_; });
      if (ending_) return;
      generation_ = wanted_generation_;
      lab = wanted_.toStdString();
      clear(interrupt_);
    }
    feed_under_way_ = false;
    if (!lab.empty()) stay_with(lab);
  }
}

void LabWorker::stay_with(const std::string& lab) {
  while (!superseded()) {
    std::optional<control::Client> client;
    try {
      client.emplace(connect(lab));
      introduce(*client);
      serve(*client);
    } catch (const std::exception& error) {
      if (superseded()) return;
      const QString why = line_of(error);
      refuse_all(why);
      // Only what has no lab of that name is an InputError here; those of requests are answers.
      const bool none = !client && dynamic_cast<const InputError*>(&error) != nullptr;
      if (none || (client && has_ended(*client))) {
        say(Ended{why});
        return;
      }
      say(Lost{why});
    }
    client.reset();
    if (!rest(kBetweenAttempts)) return;
  }
}

control::Client LabWorker::connect(const std::string& lab) {
  control::Client client = control::Client::connect(lab);
  client.set_patience(kPatience);
  client.interrupt_by(interrupt_.get());
  return client;
}

// First the feed: what happens while the lab is being looked at is told as an event.
void LabWorker::introduce(control::Client& client) {
  client.subscribe(kFeedInterval);
  tell_facts(client);
  before_.reset();
  next_fidelity_ = Clock::now();
  heard();
}

void LabWorker::tell_facts(control::Client& client) {
  LabFacts facts = facts_of(client.inspect(), client.lab());
  facts.run_folder = run_folder_of(client.lab());
  links_ = facts.links;
  say(std::move(facts));
}

void LabWorker::serve(control::Client& client) {
  while (!superseded()) {
    while (const auto request = next_request()) perform(client, *request);
    fetch(client);
    if (Clock::now() >= next_fidelity_) {
      say(control::watched_fidelity(client.fidelity()));
      next_fidelity_ = Clock::now() + kFidelityInterval;
    }
    const auto left = std::chrono::ceil<milliseconds>(next_fidelity_ - Clock::now());
    pollfd entries[] = {{client.fd(), POLLIN, 0}, {wake_.get(), POLLIN, 0}, {interrupt_.get(), POLLIN, 0}};
    if (::poll(entries, 3, static_cast<int>(std::max<std::int64_t>(left.count(), 0))) < 0 && errno != EINTR) {
      throw SystemError(client.lab(), "wait for the lab", errno);
    }
    if (entries[1].revents != 0) clear(wake_);
  }
}

void LabWorker::fetch(control::Client& client) {
  std::optional<control::CounterSample> latest;
  while (auto sample = client.next_sample(milliseconds(0))) latest = std::move(sample);
  std::vector<control::LabEvent> events;
  while (auto event = client.next_event(milliseconds(0))) events.push_back(std::move(*event));
  if (latest || !events.empty()) heard();
  if (!events.empty()) take(client, events);
  if (latest) take(std::move(*latest));
}

void LabWorker::take(control::CounterSample sample) {
  if (!before_ || sample.time <= before_->time) {  // the clock may have been set back
    before_ = std::move(sample);
    return;
  }
  if (feed_under_way_.exchange(true)) return;
  auto feed = std::make_shared<LinkFeed>();
  feed->time = sample.time;
  feed->seconds = sample.time - before_->time;
  feed->links = control::rates(links_, before_->links, sample.links, feed->seconds);
  before_ = std::move(sample);
  say(Feed(std::move(feed)));
}

void LabWorker::take(control::Client& client, const std::vector<control::LabEvent>& events) {
  say(QVector<control::LabEvent>(events.begin(), events.end()));
  std::set<std::string> links;
  bool other = false;
  for (const control::LabEvent& event : events) {
    other = other || event.kind == "apply";
    if (event.kind == "set" || event.kind == "up" || event.kind == "down") links.insert(event.object);
  }
  if (other) tell_facts(client);
  for (const std::string& link : links) read_link(client, to_qt(link));
}

void LabWorker::read_link(control::Client& client, const QString& link) {
  std::string document;
  try {
    document = client.inspect_link(link.toStdString());
  } catch (const Error&) {
    if (client.usable()) return;  // there is no such link, or no longer
    throw;
  }
  control::WatchedLink watched = control::watched_link(document);
  const auto known = std::find_if(links_.begin(), links_.end(),
                                  [&](const control::WatchedLink& each) { return each.name == watched.name; });
  if (known != links_.end()) *known = std::move(watched);
  say(reading_of(document));
}

void LabWorker::perform(control::Client& client, const LabRequest& request) {
  Outcome outcome{request.number, request.object, request.asked, Outcome::Result::done, {}, {}};
  std::exception_ptr fatal;
  try {
    if (request.work) outcome.remarks = request.work(client);
  } catch (const std::exception& error) {
    if (!client.usable()) fatal = std::current_exception();
    outcome.result = fatal ? Outcome::Result::unknown : Outcome::Result::refused;
    outcome.reason = line_of(error);
  }
  if (request.number != 0) say(std::move(outcome));
  if (fatal) std::rethrow_exception(fatal);
  heard();
  if (!request.link.isEmpty()) read_link(client, request.link);
}

std::optional<LabRequest> LabWorker::next_request() {
  const std::lock_guard lock(mutex_);
  if (requests_.empty() || wanted_generation_ != generation_) return std::nullopt;
  LabRequest request = std::move(requests_.front());
  requests_.pop_front();
  return request;
}

void LabWorker::refuse_all(const QString& why) {
  while (const auto request = next_request()) {
    if (request->number == 0) continue;
    say(Outcome{request->number, request->object, request->asked, Outcome::Result::refused, why, {}});
  }
}

}  // namespace geomx::gui
