#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QString>
#include <QStringList>
#include <QTimer>
#include <QVector>
#include <functional>
#include <memory>
#include <optional>

#include "gui/client/lab_types.h"
#include "gui/client/lab_worker.h"

namespace geomx::gui {

// The GUI's end of a running lab: its state, its feed, and what can be done to it. Lives in the GUI's thread and never
// blocks it: a thread of its own asks the lab, which may be slow, hang or die (lab_worker.h). Signals come in the GUI's
// thread. Nothing throws; what goes wrong is a state, or the outcome of a request.
class LabSession : public QObject {
  Q_OBJECT

 public:
  explicit LabSession(QObject* parent = nullptr);
  ~LabSession() override;

  LabState state() const { return state_; }
  const QString& words() const { return words_; }  // the state for people: "three-dc has not answered for 3 s"
  const QString& lab() const { return lab_; }      // empty: none
  // Whether requests make sense now. Those made while it is false are refused.
  bool usable() const { return state_ == LabState::connected; }
  // Of the lab that is, or was last, attached; nothing before the first `attached`.
  const std::optional<LabFacts>& facts() const { return facts_; }
  const Feed& last_feed() const { return last_feed_; }  // null: none yet

  // From now on this lab, by its name as in `geomx-emu list`; another one is left as it is.
  void attach(const QString& lab);
  // Leaves the lab running.
  void detach();

  // Requests return at once, with a number that comes back in `answered`, unless another lab is attached before.
  // `from`: the end that the direction leaves, as in the feed's "central->a"; empty: both directions. `assignments`: as
  // `geomx-emu link` takes them, "rate=10Mbit", "loss=none". Followed by link_read, with what is now.
  quint64 change_link(const QString& link, const QString& from, const QStringList& assignments);
  quint64 set_link_up(const QString& link, bool up);
  quint64 act_on_node(const QString& node, const QString& action);  // kill, restart, pause, resume
  quint64 down();
  void read_link(const QString& link);  // answered by link_read alone

 signals:
  void state_changed(geomx::gui::LabState state, const QString& words);
  // The lab's parts are known; again after each reconnection, and where the lab has become another scenario.
  void attached(const geomx::gui::LabFacts& facts);
  void fed(const geomx::gui::Feed& feed);  // ten times a second
  void happened(const QVector<geomx::control::LabEvent>& events);
  void fidelity_changed(const geomx::control::WatchedFidelity& fidelity);  // once a second
  void link_read(const geomx::gui::LinkReading& reading);                  // also where somebody else has changed it
  void node_changed(const QString& node, const QString& state);
  void answered(const geomx::gui::Outcome& outcome);

 private:
  void hear(LabNews news);
  void take(LabFacts facts);
  void take(Feed feed);
  void take(const QVector<control::LabEvent>& events);
  void take(const control::WatchedFidelity& fidelity) { emit fidelity_changed(fidelity); }
  void take(const LinkReading& reading);
  void take(const Outcome& outcome);
  void take(const Lost& lost);
  void take(const Ended& ended);
  void enter(LabState state, const QString& words);
  void watch_silence();
  quint64 ask(const QString& object, const QString& asked, std::function<QStringList(control::Client&)> work,
              const QString& link = {});

  LabState state_ = LabState::idle;
  QString words_;
  QString lab_;
  QString trouble_;  // why the connection was lost
  std::optional<LabFacts> facts_;
  Feed last_feed_;
  bool down_asked_ = false;
  quint64 generation_ = 0;  // of attachments: what an earlier one still says is not for this one
  quint64 last_request_ = 0;
  QTimer silence_;
  LabWorker worker_;  // last: its thread tells the others
};

}  // namespace geomx::gui
