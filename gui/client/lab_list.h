#pragma once

#include <QObject>
#include <QString>
#include <QVector>

#include "gui/client/lab_types.h"
#include "gui/client/work_thread.h"

namespace geomx::gui {

// The labs of this user that run, as `geomx-emu list` finds them. Looks in a thread of its own: removing what a killed
// lab has left may take a moment.
class LabList : public QObject {
  Q_OBJECT

 public:
  explicit LabList(QObject* parent = nullptr);
  ~LabList() override;

  void refresh();  // answered by one of the signals; nothing while it looks already
  const QVector<LabListing>& labs() const { return labs_; }  // of the last look

 signals:
  void listed(const QVector<geomx::gui::LabListing>& labs);
  void failed(const QString& why);

 private:
  QVector<LabListing> labs_;
  bool looking_ = false;
  WorkThread thread_;
};

}  // namespace geomx::gui
