#include "gui/client/lab_list.h"

#include <exception>
#include <string>
#include <utility>

#include "emulator/control/runtime.h"
#include "gui/client/text.h"

namespace geomx::gui {
namespace {

LabListing listing_of(const control::LabEntry& entry) {
  return {to_qt(entry.name),
          static_cast<int>(entry.nodes),
          static_cast<int>(entry.links),
          !entry.attached,
          QDateTime::fromSecsSinceEpoch(entry.started),
          to_qt(entry.run_folder)};
}

}  // namespace

LabList::LabList(QObject* parent) : QObject(parent) {}

LabList::~LabList() = default;

void LabList::refresh() {
  if (looking_) return;
  looking_ = true;
  thread_.post([this] {
    QVector<LabListing> labs;
    QString why;
    try {
      for (const control::LabEntry& entry : control::running_labs()) labs.push_back(listing_of(entry));
    } catch (const std::exception& error) {
      why = line_of(error);
    }
    // The thread is joined before the list is gone, and what is posted to an object goes with it.
    QMetaObject::invokeMethod(this, [this, labs = std::move(labs), why] {
      looking_ = false;
      if (!why.isEmpty()) {
        emit failed(why);
        return;
      }
      labs_ = labs;
      emit listed(labs_);
    });
  });
}

}  // namespace geomx::gui
