#pragma once

#include <QDialog>
#include <QLineEdit>
#include <QListWidget>
#include <QSpinBox>

class QFormLayout;
class QLabel;

namespace geomx::gui {

// A network by recipe: which, how large, and what its links are like.
class TemplateDialog : public QDialog {
  Q_OBJECT

 public:
  explicit TemplateDialog(QWidget* parent = nullptr);
  const QByteArray& text() const { return text_; }  // the scenario, once it was accepted
  QListWidget* list() const { return list_; }

 public slots:
  void accept() override;  // stays open, and says why, where the numbers do not make a network

 private:
  void show_numbers();

  QListWidget* list_;
  QLabel* description_;
  QFormLayout* form_;
  QList<QSpinBox*> numbers_;
  QLineEdit* rate_;
  QLineEdit* delay_;
  QLabel* why_not_;
  QByteArray text_;
};

}  // namespace geomx::gui
