#pragma once

#include <QByteArray>
#include <QDateTime>
#include <QMap>
#include <QString>
#include <QStringList>
#include <QVector>
#include <array>
#include <memory>
#include <vector>

#include "emulator/control/client.h"
#include "emulator/control/rates.h"
#include "emulator/control/watched_fidelity.h"

// What the GUI knows of a running lab, as values that may travel between threads.
namespace geomx::gui {

enum class LabState {
  idle,           // nobody has asked for a lab
  connecting,     // for the first time
  connected,      // the feed arrives
  not_answering,  // the lab lives, or seems to, and says nothing
  reconnecting,   // the connection is lost, and another one is being tried
  gone,           // the lab has ended
};

// A lab that can be attached to.
struct LabListing {
  QString name;
  int nodes = 0;
  int links = 0;
  bool detached = false;  // false: it ends with the command that has started it
  QDateTime started;
  QString run_folder;  // of the run that it belongs to; empty: it is a network to play in
};

struct LabNode {
  QString name;
  QString kind;        // host, router, switch
  QString datacenter;  // empty: none
  QString state;       // running, paused, killed
};

// What a lab is made of.
struct LabFacts {
  QString lab;
  QVector<LabNode> nodes;
  std::vector<control::WatchedLink> links;
  QByteArray scenario;  // JSON, with the links as they are now; empty: unknown
  QString run_folder;   // empty: no run
};

// A tenth of a second of every link. Between two of them nothing is lost: where the GUI was busy, the next one is over
// the longer time.
struct LinkFeed {
  double time = 0;     // seconds since 1970, of the later reading
  double seconds = 0;  // that the rates are over
  std::vector<control::LinkRates> links;
};
using Feed = std::shared_ptr<const LinkFeed>;

// A link as the lab has it.
struct LinkWay {
  QString direction;             // "central->a"
  QMap<QString, QString> asked;  // what the lab has taken over: rate, delay, ...; without those that are unset
  QString read_back;             // what the kernel or the wire says that it does; empty: nothing
};
struct LinkReading {
  QString link;
  bool up = true;
  QString shaper;
  int mtu = 0;
  std::array<LinkWay, 2> ways;  // forward, backward
};

// What became of something that the lab was asked to do.
struct Outcome {
  enum class Result {
    done,
    refused,  // nothing was changed: `reason`
    unknown,  // no answer came: it may have been done or not
  };
  quint64 request = 0;
  QString object;  // the link, the node or the lab
  QString asked;   // in words: "rate=10Mbit", "down", "kill"
  Result result = Result::done;
  QString reason;       // one line, with what to do about it
  QStringList remarks;  // what could not be had exactly, a line each
};

}  // namespace geomx::gui
