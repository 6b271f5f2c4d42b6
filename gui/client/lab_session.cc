#include "gui/client/lab_session.h"

#include <utility>

#include "gui/client/text.h"

namespace geomx::gui {
namespace {

constexpr std::chrono::milliseconds kLook(200);
constexpr std::chrono::milliseconds kSilent(1500);  // a feed comes every 100 ms

QString state_after(const std::string& action) {
  if (action == "kill") return QStringLiteral("killed");
  if (action == "pause") return QStringLiteral("paused");
  return action == "restart" || action == "resume" ? QStringLiteral("running") : QString();
}

}  // namespace

LabSession::LabSession(QObject* parent)
    : QObject(parent), words_(tr("no lab")), worker_([this](quint64 generation, LabNews news) {
        // The thread is joined before the session is gone, and what is posted to an object goes with it.
        QMetaObject::invokeMethod(
            this,
            [this, generation, news = std::move(news)]() mutable {
              if (generation == generation_) hear(std::move(news));
            },
            Qt::QueuedConnection);
      }) {
  connect(&silence_, &QTimer::timeout, this, &LabSession::watch_silence);
  silence_.setInterval(kLook);
}

LabSession::~LabSession() = default;

void LabSession::attach(const QString& lab) {
  lab_ = lab;
  facts_.reset();
  last_feed_.reset();
  trouble_.clear();
  down_asked_ = false;
  worker_.attach(lab, ++generation_);
  silence_.start();
  enter(LabState::connecting, tr("connecting to %1").arg(lab));
}

void LabSession::detach() {
  worker_.attach({}, ++generation_);
  silence_.stop();
  lab_.clear();
  enter(LabState::idle, tr("no lab"));
}

void LabSession::enter(LabState state, const QString& words) {
  if (state == state_ && words == words_) return;
  state_ = state;
  words_ = words;
  emit state_changed(state_, words_);
}

void LabSession::hear(LabNews news) {
  std::visit([this](auto&& each) { take(std::forward<decltype(each)>(each)); }, std::move(news));
}

void LabSession::take(LabFacts facts) {
  facts_ = std::move(facts);
  trouble_.clear();
  enter(LabState::connected, tr("%1 is running").arg(lab_));
  emit attached(*facts_);
}

void LabSession::take(Feed feed) {
  worker_.feed_taken();
  last_feed_ = std::move(feed);
  if (state_ != LabState::connected) enter(LabState::connected, tr("%1 is running").arg(lab_));
  emit fed(last_feed_);
}

void LabSession::take(const QVector<control::LabEvent>& events) {
  for (const control::LabEvent& event : events) {
    const QString state = state_after(event.kind);
    if (state.isEmpty() || !facts_) continue;
    for (LabNode& node : facts_->nodes) {
      if (node.name != to_qt(event.object)) continue;
      node.state = state;
      emit node_changed(node.name, state);
    }
  }
  emit happened(events);
}

void LabSession::take(const LinkReading& reading) {
  emit link_read(reading);
}

void LabSession::take(const Outcome& outcome) {
  emit answered(outcome);
}

void LabSession::take(const Lost& lost) {
  trouble_ = lost.why;
  if (state_ == LabState::connected)
    enter(LabState::reconnecting, tr("connecting to %1 again: %2").arg(lab_, trouble_));
}

void LabSession::take(const Ended& ended) {
  silence_.stop();
  enter(LabState::gone, down_asked_ ? tr("%1 is down").arg(lab_) : ended.why);
}

// The worker may be waiting for an answer that does not come, so this is looked at from here.
void LabSession::watch_silence() {
  const std::chrono::milliseconds silence = worker_.silence();
  if (silence < kSilent) return;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(silence).count();
  enter(LabState::not_answering, tr("%1 has not answered for %n s", nullptr, static_cast<int>(seconds)).arg(lab_));
}

quint64 LabSession::ask(const QString& object, const QString& asked, std::function<QStringList(control::Client&)> work,
                        const QString& link) {
  const quint64 number = ++last_request_;
  if (usable()) {
    worker_.ask({number, object, asked, std::move(work), link});
  } else {
    const QString why = lab_.isEmpty() ? tr("no lab is attached") : words_;
    QMetaObject::invokeMethod(
        this,
        [this, outcome = Outcome{number, object, asked, Outcome::Result::refused, why, {}}] { emit answered(outcome); },
        Qt::QueuedConnection);
  }
  return number;
}

quint64 LabSession::change_link(const QString& link, const QString& from, const QStringList& assignments) {
  control::LinkChange change;
  change.link = link.toStdString();
  change.from = from.toStdString();
  for (const QString& assignment : assignments) change.assignments.push_back(assignment.toStdString());
  const auto work = [change](control::Client& client) {
    QStringList remarks;
    for (const std::string& line : client.change_link(change)) remarks.push_back(to_qt(line));
    return remarks;
  };
  return ask(link, assignments.join(QStringLiteral(" ")), work, link);
}

quint64 LabSession::set_link_up(const QString& link, bool up) {
  control::LinkChange change;
  change.link = link.toStdString();
  change.up = up;
  const auto work = [change](control::Client& client) {
    client.change_link(change);
    return QStringList();
  };
  return ask(link, up ? QStringLiteral("up") : QStringLiteral("down"), work, link);
}

quint64 LabSession::act_on_node(const QString& node, const QString& action) {
  const auto work = [name = node.toStdString(), what = action.toStdString()](control::Client& client) {
    client.act_on_node(name, what);
    return QStringList();
  };
  return ask(node, action, work);
}

quint64 LabSession::down() {
  const auto work = [](control::Client& client) {
    client.down();
    return QStringList();
  };
  down_asked_ = usable();
  return ask(lab_, QStringLiteral("down"), work);
}

void LabSession::read_link(const QString& link) {
  if (usable()) worker_.ask({0, link, {}, {}, link});
}

}  // namespace geomx::gui
