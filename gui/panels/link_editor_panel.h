#pragma once

#include <QHash>
#include <QVector>
#include <QWidget>
#include <array>
#include <optional>

#include "gui/client/run_control.h"

class QCheckBox;
class QComboBox;
class QGridLayout;
class QLabel;
class QLineEdit;
class QPushButton;

namespace geomx::gui {

// One link of the running lab, to be changed while traffic flows: per direction what is asked beside what the lab has
// acknowledged, and what the kernel or the wire says of it. Enter asks, for both directions unless the box is not
// ticked. A refusal is shown with its reason, and the field goes back to what holds.
class LinkEditorPanel : public QWidget {
  Q_OBJECT

 public:
  explicit LinkEditorPanel(RunControl& control, QWidget* parent = nullptr);
  ~LinkEditorPanel() override;
  LinkEditorPanel(const LinkEditorPanel&) = delete;
  LinkEditorPanel& operator=(const LinkEditorPanel&) = delete;

  void set_link(const QString& link);
  const QString& link() const { return link_; }

 signals:
  void link_chosen(const QString& link);  // by the user, here

 private:
  struct Field {
    QString key;  // "rate"
    int way = 0;  // 0 forward, 1 backward
    QLineEdit* asked = nullptr;
    QLabel* acknowledged = nullptr;
  };
  void add_fields(QGridLayout& grid);
  void list_links();
  void choose(const QString& link);
  void read();
  void show_reading(const LinkReading& reading);
  void show_outcome(const Outcome& outcome);
  void ask(int index);  // of a field
  bool is_asked(int index) const;
  int twin(int index) const;  // the same property of the other direction
  void revert(const Field& field);
  QString acknowledged(const Field& field) const;
  QString from(int way) const;  // the end that the direction leaves
  void cut_or_heal();
  void set_usable();
  void say(const QString& text, bool bad);

  RunControl& control_;
  QString link_;
  std::optional<LinkReading> reading_;
  QHash<quint64, QVector<int>> asking_;  // request -> fields; none: cut or heal
  QComboBox* links_;
  QCheckBox* both_;
  QPushButton* cut_;
  QLabel* state_;
  std::array<QLabel*, 2> headings_{};
  std::array<QLabel*, 2> read_back_{};
  QVector<Field> fields_;
  QLabel* message_;
};

}  // namespace geomx::gui
