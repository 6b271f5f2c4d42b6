#pragma once

#include <QMap>
#include <QWidget>
#include <optional>

#include "gui/client/run_control.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QTableWidget;

namespace geomx::gui {

// One link of the running lab, to be changed while traffic flows: per direction what is asked beside what the lab has
// acknowledged and what the kernel or the wire says of it. A refusal is shown with its reason, and the field goes back
// to what holds.
class LinkEditorPanel : public QWidget {
  Q_OBJECT

 public:
  explicit LinkEditorPanel(RunControl& control, QWidget* parent = nullptr);

  void set_link(const QString& link);
  const QString& link() const { return link_; }

 signals:
  void link_chosen(const QString& link);  // by the user, here

 private:
  struct Field {
    QString key;
    std::array<QLineEdit*, 2> asked{};
    std::array<QLabel*, 2> acknowledged{};
  };
  void list_links();
  void show_reading(const LinkReading& reading);
  void show_outcome(const Outcome& outcome);
  void ask(const Field& field, int way);
  void cut_or_heal();
  void set_usable();
  void say(const QString& text, bool bad);

  RunControl& control_;
  QString link_;
  std::optional<LinkReading> reading_;
  QMap<quint64, QLineEdit*> asking_;  // by request
  QComboBox* links_;
  QPushButton* cut_;
  QLabel* up_;
  QLabel* both_;
  std::array<QLabel*, 2> headings_{};
  std::array<QLabel*, 2> read_back_{};
  QVector<Field> fields_;
  QLabel* message_;
};

}  // namespace geomx::gui
