#include "gui/panels/link_editor_panel.h"

#include <QCheckBox>
#include <QComboBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalBlocker>
#include <QVBoxLayout>
#include <algorithm>

#include "gui/client/text.h"
#include "gui/panels/theme.h"

namespace geomx::gui {
namespace {

struct Property {
  const char* key;
  const char* name;
  const char* tip;
  const char* example;
};

constexpr Property kProperties[] = {
    {"rate", QT_TRANSLATE_NOOP("geomx::gui::LinkEditorPanel", "Rate"),
     QT_TRANSLATE_NOOP("geomx::gui::LinkEditorPanel", "How many bits leave in a second"), "100Mbit"},
    {"delay", QT_TRANSLATE_NOOP("geomx::gui::LinkEditorPanel", "Delay"),
     QT_TRANSLATE_NOOP("geomx::gui::LinkEditorPanel", "How long a packet is on its way, in this direction"), "30ms"},
    {"jitter", QT_TRANSLATE_NOOP("geomx::gui::LinkEditorPanel", "Jitter"),
     QT_TRANSLATE_NOOP("geomx::gui::LinkEditorPanel", "By how much the delay varies"), "1ms"},
    {"loss", QT_TRANSLATE_NOOP("geomx::gui::LinkEditorPanel", "Loss"),
     QT_TRANSLATE_NOOP("geomx::gui::LinkEditorPanel", "The share of packets that never arrive"), "0.1%"},
    {"queue", QT_TRANSLATE_NOOP("geomx::gui::LinkEditorPanel", "Queue"),
     QT_TRANSLATE_NOOP("geomx::gui::LinkEditorPanel", "How much may wait for the rate before packets are dropped"),
     "500packets"},
};

}  // namespace

LinkEditorPanel::LinkEditorPanel(RunControl& control, QWidget* parent)
    : QWidget(parent),
      control_(control),
      links_(new QComboBox(this)),
      both_(new QCheckBox(tr("&Both directions alike"), this)),
      cut_(new QPushButton(tr("C&ut"), this)),
      state_(new QLabel(this)),
      message_(new QLabel(this)) {
  links_->setAccessibleName(tr("Link"));
  links_->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  links_->setMinimumContentsLength(8);
  links_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  cut_->setObjectName(QStringLiteral("live/cut"));
  both_->setChecked(true);
  both_->setToolTip(tr("What is asked for one direction is asked for the other as well"));
  message_->setWordWrap(true);
  message_->setMinimumHeight(2 * fontMetrics().lineSpacing());
  message_->setAlignment(Qt::AlignTop | Qt::AlignLeft);
  auto* top = new QHBoxLayout;
  top->addWidget(links_);
  top->addWidget(state_);
  top->addWidget(cut_);
  auto* grid = new QGridLayout;
  add_fields(*grid);
  auto* layout = new QVBoxLayout(this);
  layout->addLayout(top);
  layout->addWidget(both_);
  layout->addLayout(grid);
  layout->addWidget(message_);
  layout->addStretch();

  connect(links_, &QComboBox::activated, this, [this] {
    choose(links_->currentText());
    emit link_chosen(link_);
  });
  connect(cut_, &QPushButton::clicked, this, &LinkEditorPanel::cut_or_heal);
  LabSession& session = control_.session();
  connect(&session, &LabSession::attached, this, &LinkEditorPanel::list_links);
  connect(&session, &LabSession::state_changed, this, &LinkEditorPanel::set_usable);
  connect(&session, &LabSession::link_read, this, &LinkEditorPanel::show_reading);
  connect(&session, &LabSession::answered, this, &LinkEditorPanel::show_outcome);
  list_links();
}

// A line that has the focus finishes its editing while it goes, when there is no panel to hear it any more.
LinkEditorPanel::~LinkEditorPanel() {
  for (const Field& field : fields_) field.asked->disconnect(this);
}

// A row per property and direction, so that the panel stays narrow: what is asked, what is acknowledged.
void LinkEditorPanel::add_fields(QGridLayout& grid) {
  int row = 0;
  for (int way = 0; way < 2; ++way) {
    headings_[way] = new QLabel(this);
    QFont bold = headings_[way]->font();
    bold.setBold(true);
    headings_[way]->setFont(bold);
    grid.addWidget(headings_[way], row, 0);
    grid.addWidget(new QLabel(tr("asked"), this), row, 1);
    grid.addWidget(new QLabel(tr("acknowledged"), this), row++, 2);
    for (const Property& property : kProperties) {
      auto* name = new QLabel(tr(property.name), this);
      name->setToolTip(tr(property.tip));
      Field field{QString::fromLatin1(property.key), way, new QLineEdit(this), new QLabel(this)};
      field.asked->setObjectName(QStringLiteral("live/%1/%2").arg(way == 0 ? "forward" : "backward", field.key));
      field.asked->setPlaceholderText(tr("for example %1").arg(QString::fromLatin1(property.example)));
      field.asked->setToolTip(
          tr("%1. Enter asks the lab for it; nothing or \"none\" takes it away.").arg(tr(property.tip)));
      field.acknowledged->setTextInteractionFlags(Qt::TextSelectableByMouse);
      name->setBuddy(field.asked);
      const auto index = static_cast<int>(fields_.size());
      connect(field.asked, &QLineEdit::returnPressed, this, [this, index] { ask(index); });
      connect(field.asked, &QLineEdit::editingFinished, this, [this, index] {
        // Enter comes here as well; it has asked already.
        if (!fields_[index].asked->hasFocus() && !is_asked(index)) revert(fields_[index]);
      });
      grid.addWidget(name, row, 0);
      grid.addWidget(field.asked, row, 1);
      grid.addWidget(field.acknowledged, row++, 2);
      fields_.push_back(field);
    }
    read_back_[way] = new QLabel(this);
    read_back_[way]->setWordWrap(true);
    read_back_[way]->setTextInteractionFlags(Qt::TextSelectableByMouse);
    read_back_[way]->setToolTip(tr("What the kernel, or the wire, says that it does"));
    grid.addWidget(read_back_[way], row++, 0, 1, 3);
  }
  grid.setColumnStretch(1, 1);
  grid.setColumnStretch(2, 1);
}

void LinkEditorPanel::list_links() {
  const QSignalBlocker blocker(links_);
  const QString before = link_;
  links_->clear();
  if (const auto& facts = control_.session().facts()) {
    for (const control::WatchedLink& link : facts->links) {
      if (link.wan) links_->addItem(to_qt(link.name));
    }
    for (const control::WatchedLink& link : facts->links) {
      if (!link.wan) links_->addItem(to_qt(link.name));
    }
  }
  links_->setCurrentIndex(std::max(links_->findText(before), links_->count() > 0 ? 0 : -1));
  link_ = links_->currentText();
  asking_.clear();
  read();
  set_usable();
}

void LinkEditorPanel::set_link(const QString& link) {
  const int at = links_->findText(link);
  if (at < 0 || link == link_) return;
  links_->setCurrentIndex(at);
  choose(link);
}

void LinkEditorPanel::choose(const QString& link) {
  link_ = link;
  asking_.clear();
  say({}, false);
  read();
}

void LinkEditorPanel::read() {
  reading_.reset();
  for (const Field& field : fields_) {
    field.asked->clear();
    field.acknowledged->clear();
  }
  for (int way = 0; way < 2; ++way) {
    headings_[way]->setText(way == 0 ? tr("forward") : tr("backward"));
    read_back_[way]->clear();
  }
  state_->clear();
  if (!link_.isEmpty()) control_.session().read_link(link_);
  set_usable();
}

void LinkEditorPanel::set_usable() {
  const bool usable = control_.session().usable() && reading_.has_value();
  for (const Field& field : fields_) field.asked->setEnabled(usable);
  cut_->setEnabled(usable);
  links_->setEnabled(links_->count() > 0);
  if (control_.session().usable() && !reading_ && !link_.isEmpty()) return;
  if (!control_.session().usable() && !reading_) state_->setText(tr("no lab is attached"));
}

QString LinkEditorPanel::acknowledged(const Field& field) const {
  return reading_ ? reading_->ways[field.way].asked.value(field.key) : QString();
}

void LinkEditorPanel::revert(const Field& field) {
  field.asked->setText(acknowledged(field));
}

void LinkEditorPanel::show_reading(const LinkReading& reading) {
  if (reading.link != link_) return;
  const std::optional<LinkReading> before = std::exchange(reading_, reading);
  for (int way = 0; way < 2; ++way) {
    headings_[way]->setText(reading.ways[way].direction);
    const QString& text = reading.ways[way].read_back;
    read_back_[way]->setText(text.isEmpty() ? tr("unshaped") : tr("in force: %1").arg(text));
  }
  for (int index = 0; index < fields_.size(); ++index) {
    const Field& field = fields_[index];
    const QString now = acknowledged(field);
    field.acknowledged->setText(now.isEmpty() ? tr("none") : now);
    // What is being typed stays; what nobody has touched follows.
    const QString was = before ? before->ways[field.way].asked.value(field.key) : QString();
    const bool untouched = !before || field.asked->text() == was;
    if (!is_asked(index) && (untouched || !field.asked->hasFocus())) revert(field);
  }
  state_->setText(reading.up ? tr("up, by %1").arg(reading.shaper) : tr("cut"));
  cut_->setText(reading.up ? tr("C&ut") : tr("&Heal"));
  cut_->setToolTip(reading.up ? tr("Nothing passes any more, in both directions, until it is healed")
                              : tr("Packets pass again"));
  set_usable();
}

QString LinkEditorPanel::from(int way) const {
  return reading_ ? reading_->ways[way].direction.section(QStringLiteral("->"), 0, 0) : QString();
}

bool LinkEditorPanel::is_asked(int index) const {
  return std::any_of(asking_.begin(), asking_.end(),
                     [=](const QVector<int>& fields) { return fields.contains(index); });
}

int LinkEditorPanel::twin(int index) const {
  const auto half = static_cast<int>(fields_.size()) / 2;
  return index < half ? index + half : index - half;
}

void LinkEditorPanel::ask(int index) {
  const Field& field = fields_[index];
  const QString text = field.asked->text().trimmed();
  const QVector<int> asked = both_->isChecked() ? QVector<int>{index, twin(index)} : QVector<int>{index};
  if (std::all_of(asked.begin(), asked.end(), [&](int each) { return text == acknowledged(fields_[each]); })) return;
  const QString value = text.isEmpty() ? QStringLiteral("none") : text;
  const QString end = asked.size() > 1 ? QString() : from(field.way);
  asking_[control_.session().change_link(link_, end, {QStringLiteral("%1=%2").arg(field.key, value)})] = asked;
  for (const int each : asked) {
    fields_[each].asked->setText(text);
    fields_[each].acknowledged->setText(tr("asking..."));
  }
  say({}, false);
}

void LinkEditorPanel::cut_or_heal() {
  if (!reading_) return;
  asking_[control_.session().set_link_up(link_, !reading_->up)] = {};
  say({}, false);
}

void LinkEditorPanel::show_outcome(const Outcome& outcome) {
  const auto found = asking_.find(outcome.request);
  if (found == asking_.end()) return;
  const QVector<int> asked = *found;
  asking_.erase(found);
  switch (outcome.result) {
    case Outcome::Result::done:
      say(outcome.remarks.isEmpty() ? tr("%1: %2 is in force").arg(link_, outcome.asked)
                                    : outcome.remarks.join(QLatin1Char('\n')),
          false);
      return;  // what is now is read next
    case Outcome::Result::refused:
      say(tr("%1 was refused: %2").arg(outcome.asked, outcome.reason), true);
      break;
    case Outcome::Result::unknown:
      say(tr("%1 was asked, and no answer came: %2").arg(outcome.asked, outcome.reason), true);
      break;
  }
  for (const int each : asked) {
    const Field& field = fields_[each];
    revert(field);
    field.acknowledged->setText(acknowledged(field).isEmpty() ? tr("none") : acknowledged(field));
  }
}

void LinkEditorPanel::say(const QString& text, bool bad) {
  QPalette colours = palette();
  if (bad) colours.setColor(QPalette::WindowText, mood_colour(Mood::bad, colours));
  message_->setPalette(colours);
  message_->setText(text);
}

}  // namespace geomx::gui
