#include "gui/panels/timeline_panel.h"

#include <QCheckBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

#include "gui/panels/timeline_parts.h"
#include "gui/panels/timeline_view.h"

namespace geomx::gui {
namespace {

// Says what the colours mean, in coloured squares.
class TimelineKey : public QLabel {
 public:
  explicit TimelineKey(QWidget* parent) : QLabel(parent) {
    setTextFormat(Qt::RichText);
    retell();
  }

 protected:
  void changeEvent(QEvent* event) override {
    QLabel::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) retell();
  }

 private:
  void retell() {
    QString text;
    for (const Part& part : parts()) {
      text += QStringLiteral("<span style='color:%1'>&#9632;</span>&nbsp;%2&ensp; ")
                  .arg(part_colour(part, palette()).name(), part_name(part));
    }
    setText(text);
  }
};

}  // namespace

TimelinePanel::TimelinePanel(RunControl& control, QWidget* parent)
    : QWidget(parent), view_(new TimelineView(this)), follow_(new QCheckBox(tr("Fo&llow"), this)) {
  follow_->setChecked(true);
  follow_->setToolTip(tr("Keep the latest round in sight"));
  auto* top = new QHBoxLayout;
  top->addWidget(new TimelineKey(this), 1);
  top->addWidget(follow_);
  auto* layout = new QVBoxLayout(this);
  layout->addLayout(top);
  layout->addWidget(view_, 1);
  connect(follow_, &QCheckBox::toggled, view_, &TimelineView::set_follow);
  connect(view_, &TimelineView::follow_changed, follow_, &QCheckBox::setChecked);
  connect(&control.reader(), &RunFolderReader::cleared, view_, &TimelineView::clear);
  connect(&control.reader(), &RunFolderReader::read, view_, &TimelineView::add);
}

}  // namespace geomx::gui
