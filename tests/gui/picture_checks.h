#pragma once

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QAbstractSpinBox>
#include <QComboBox>
#include <QDockWidget>
#include <QHeaderView>
#include <QImage>
#include <QLabel>
#include <QLineEdit>
#include <QPixmap>
#include <QScrollArea>
#include <QTabBar>
#include <QTest>
#include <QToolButton>
#include <algorithm>
#include <cmath>

#include "gui/canvas/canvas_scene.h"
#include "gui/panels/elided_label.h"

// What makes a window look wrong, as far as a program can tell.
namespace geomx::test {

inline std::string name_of(const QWidget& widget) {
  QString name = QString::fromLatin1(widget.metaObject()->className());
  const QString text = widget.property("text").toString();
  if (!widget.objectName().isEmpty()) name += QLatin1Char(' ') + widget.objectName();
  if (!text.isEmpty()) name += QStringLiteral(" '%1'").arg(text);
  return name.toStdString();
}

// Of a large picture, a sample of the pixels says enough.
inline int step_of(const QImage& image) {
  return image.width() * image.height() > 40'000 ? 3 : 1;
}

// The colour that most of it has.
inline QRgb ground_of(const QImage& image) {
  QHash<QRgb, int> counts;
  for (int y = 0; y < image.height(); y += step_of(image)) {
    for (int x = 0; x < image.width(); x += step_of(image)) ++counts[image.pixel(x, y)];
  }
  QRgb ground = 0;
  int most = 0;
  for (auto count = counts.constBegin(); count != counts.constEnd(); ++count) {
    if (*count > most) ground = count.key();
    most = std::max(most, *count);
  }
  return ground;
}

// The share of it that differs from its ground.
inline double ink_of(const QImage& image) {
  const QRgb ground = ground_of(image);
  qint64 inked = 0;
  qint64 all = 1;
  for (int y = 0; y < image.height(); y += step_of(image)) {
    for (int x = 0; x < image.width(); x += step_of(image), ++all) inked += image.pixel(x, y) != ground ? 1 : 0;
  }
  return static_cast<double>(inked) / static_cast<double>(all);
}

// As the Web's guidelines define it (WCAG 2.1): from 1, the same, to 21, black on white.
inline double contrast(QRgb one, QRgb other) {
  const auto luminance = [](QRgb color) {
    const auto part = [](int value) {
      const double share = value / 255.0;
      return share <= 0.04045 ? share / 12.92 : std::pow((share + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * part(qRed(color)) + 0.7152 * part(qGreen(color)) + 0.0722 * part(qBlue(color));
  };
  const auto [dark, light] = std::minmax({luminance(one), luminance(other)});
  return (light + 0.05) / (dark + 0.05);
}

// The strongest pixel of a text against its ground: of thin letters less than their colour has.
inline void expect_readable(const QImage& window, const QLabel& label, const QWidget& top, double ratio) {
  const QRect at(label.mapTo(&top, QPoint()) * ratio, label.size() * ratio);
  const QImage image = window.copy(at.intersected(window.rect()));
  if (image.isNull()) return;
  const QRgb ground = ground_of(image);
  double best = 1;
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) best = std::max(best, contrast(ground, image.pixel(x, y)));
  }
  EXPECT_GT(best, label.isEnabled() ? 3.0 : 1.5) << name_of(label) << " is hardly to be read";
}

inline bool is_inside_view(const QWidget& widget) {
  for (const QWidget* up = widget.parentWidget(); up != nullptr; up = up->parentWidget()) {
    if (qobject_cast<const QAbstractItemView*>(up) != nullptr) return true;
    if (qobject_cast<const QLineEdit*>(up) != nullptr) return true;
  }
  return false;
}

// Words that have less room than they take.
inline void expect_room(const QWidget& widget) {
  if (const auto* label = qobject_cast<const QLabel*>(&widget)) {
    if (label->text().isEmpty() || qobject_cast<const gui::ElidedLabel*>(label) != nullptr) return;
    const int height = label->wordWrap() ? label->heightForWidth(label->width()) : label->sizeHint().height();
    EXPECT_GE(label->height(), height) << name_of(widget) << " is clipped";
    const int width = label->wordWrap() ? 0 : label->sizeHint().width();
    EXPECT_GE(label->width(), width) << name_of(widget) << " is clipped";
  } else if (const auto* header = qobject_cast<const QHeaderView*>(&widget)) {
    for (int section = 0; section < header->count(); ++section) {
      if (header->orientation() == Qt::Vertical || header->isSectionHidden(section)) continue;
      EXPECT_GE(header->sectionSize(section), header->sectionSizeHint(section))
          << header->model()->headerData(section, Qt::Horizontal).toString().toStdString() << " is clipped";
    }
  } else if (const auto* bar = qobject_cast<const QTabBar*>(&widget)) {
    if (bar->fontInfo().pixelSize() > 15) return;  // in presentation mode they may be scrolled
    for (const auto* button : bar->findChildren<QToolButton*>()) {
      EXPECT_FALSE(button->isVisible()) << "tabs from '" << bar->tabText(0).toStdString() << "' on have no room";
    }
  } else if (qobject_cast<const QAbstractButton*>(&widget) != nullptr) {
    EXPECT_GE(widget.width(), widget.sizeHint().width()) << name_of(widget) << " is clipped";
    EXPECT_GE(widget.height(), widget.sizeHint().height()) << name_of(widget) << " is clipped";
  } else if (qobject_cast<const QComboBox*>(&widget) != nullptr || qobject_cast<const QLineEdit*>(&widget) != nullptr ||
             qobject_cast<const QAbstractSpinBox*>(&widget) != nullptr) {
    EXPECT_GE(widget.height(), widget.sizeHint().height()) << name_of(widget) << " is clipped";
    EXPECT_GE(widget.width(), widget.minimumSizeHint().width()) << name_of(widget) << " is clipped";
  } else if (const auto* area = qobject_cast<const QScrollArea*>(&widget)) {
    if (area->widget() != nullptr && area->horizontalScrollBarPolicy() == Qt::ScrollBarAlwaysOff) {
      EXPECT_LE(area->widget()->width(), area->viewport()->width())
          << name_of(*area->widget()) << " is cut at the side";
    }
  }
}

// Neighbours of one layout that lie on each other, and who sticks out of its parent.
inline void expect_apart(const QWidget& widget) {
  const QWidget* parent = widget.parentWidget();
  if (parent == nullptr || parent->layout() == nullptr || parent->layout()->indexOf(&widget) < 0) return;
  EXPECT_TRUE(parent->rect().contains(widget.geometry())) << name_of(widget) << " sticks out";
  for (const QObject* child : parent->children()) {
    const auto* other = qobject_cast<const QWidget*>(child);
    if (other == nullptr || other == &widget || !other->isVisible() || parent->layout()->indexOf(other) < 0) continue;
    EXPECT_FALSE(other->geometry().intersects(widget.geometry())) << name_of(widget) << " lies on " << name_of(*other);
  }
}

// What is seen, and no part of something that scrolls or draws by itself.
inline bool counts(const QWidget& widget, const QWidget& window) {
  if (!widget.isVisible() || !window.isAncestorOf(&widget) || widget.visibleRegion().isEmpty()) return false;
  if (is_inside_view(widget) && qobject_cast<const QHeaderView*>(&widget) == nullptr) return false;
  return qobject_cast<const QTabBar*>(widget.parentWidget()) == nullptr;
}

inline void expect_laid_out(const QWidget& window) {
  for (const QWidget* widget : window.findChildren<QWidget*>()) {
    if (!counts(*widget, window)) continue;
    expect_room(*widget);
    const bool laid_out_by_hand = qobject_cast<const QDockWidget*>(widget) != nullptr ||
                                  widget->parentWidget() == &window || widget->inherits("QTabWidget");
    if (!laid_out_by_hand) expect_apart(*widget);
  }
}

// Layouts follow what was put into them when the event loop comes to it, which on a busy machine may be seconds later.
// One that does not is left to expect_laid_out to tell.
inline void wait_for_layouts(const QWidget& window) {
  constexpr int kMilliseconds = 20'000;
  static_cast<void>(QTest::qWaitFor(
      [&] {
        testing::TestPartResultArray results;
        const testing::ScopedFakeTestPartResultReporter silent(
            testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
        expect_laid_out(window);
        return results.size() == 0;
      },
      kMilliseconds));
}

// `picture` is of `window`, or of the window that `window` fills, at its device pixel ratio.
inline void expect_sound_widgets(const QWidget& window, const QImage& picture) {
  expect_laid_out(window);
  const double ratio = window.devicePixelRatioF();
  for (const QWidget* widget : window.findChildren<QWidget*>()) {
    if (!counts(*widget, window)) continue;
    const auto* label = qobject_cast<const QLabel*>(widget);
    if (label != nullptr && !label->text().trimmed().isEmpty()) expect_readable(picture, *label, window, ratio);
    if (const auto* dock = qobject_cast<const QDockWidget*>(widget)) {
      const QRect at(dock->widget()->mapTo(&window, QPoint()) * ratio, dock->widget()->size() * ratio);
      EXPECT_GT(ink_of(picture.copy(at)), 0.002) << dock->objectName().toStdString() << " is blank";
    }
  }
}

// Names and figures that lie on each other or on a node, or have too little room.
inline void expect_sound_labels(const gui::CanvasScene& scene) {
  const gui::LabelLayer* layer = nullptr;
  for (const QGraphicsItem* item : scene.items()) {
    if (const auto* found = dynamic_cast<const gui::LabelLayer*>(item)) layer = found;
  }
  ASSERT_NE(layer, nullptr);
  const auto& labels = layer->labels();
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::string words = labels[i].lines.join(QLatin1Char('|')).toStdString();
    for (std::size_t j = 0; j < i; ++j) {
      EXPECT_FALSE(labels[i].rect.intersects(labels[j].rect))
          << words << " lies on " << labels[j].lines.join(QLatin1Char('|')).toStdString();
    }
    for (const gui::Vertex* top : scene.tops()) {
      EXPECT_FALSE(labels[i].rect.intersects(top->obstacle())) << words << " lies on " << top->id().toStdString();
    }
  }
}

}  // namespace geomx::test
