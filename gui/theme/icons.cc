#include "gui/theme/icons.h"

#include <QApplication>
#include <QFile>
#include <QIconEngine>
#include <QPainter>
#include <QPalette>
#include <QPixmapCache>
#include <QSvgRenderer>

// The drawings lie in a library, whose resources nobody else asks for; and the macro wants no namespace about it.
static void load_icons() {
  Q_INIT_RESOURCE(icons);
}

namespace geomx::gui {

QString icon_file(const QString& name) {
  static const bool loaded = (load_icons(), true);
  return loaded ? QStringLiteral(":/icons/%1.svg").arg(name) : QString();
}

namespace {

class DrawnIcon : public QIconEngine {
 public:
  explicit DrawnIcon(QString name) : name_(std::move(name)) {}

  void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State /*state*/) override {
    const int pixels = qRound(std::min(rect.width(), rect.height()) * painter->device()->devicePixelRatio());
    painter->drawPixmap(rect, drawing(name_, color(mode), pixels));
  }
  QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State /*state*/) override {
    return drawing(name_, color(mode), std::min(size.width(), size.height()));
  }
  QIconEngine* clone() const override { return new DrawnIcon(name_); }
  QString key() const override { return QStringLiteral("geomx"); }

 private:
  static QColor color(QIcon::Mode mode) {
    const QPalette palette = QApplication::palette();
    if (mode == QIcon::Disabled) return palette.color(QPalette::Disabled, QPalette::ButtonText);
    if (mode == QIcon::Selected) return palette.color(QPalette::HighlightedText);
    return palette.color(QPalette::ButtonText);
  }

  QString name_;
};

}  // namespace

QPixmap drawing(const QString& name, const QColor& color, int pixels) {
  const QString key = QStringLiteral("geomx/%1/%2/%3").arg(name, color.name()).arg(pixels);
  QPixmap pixmap;
  if (QPixmapCache::find(key, &pixmap)) return pixmap;
  pixmap = QPixmap(std::max(pixels, 1), std::max(pixels, 1));
  pixmap.fill(Qt::transparent);
  QFile file(icon_file(name));
  if (file.open(QIODevice::ReadOnly)) {
    QSvgRenderer renderer(file.readAll().replace("currentColor", color.name().toLatin1()));
    QPainter painter(&pixmap);
    renderer.render(&painter, QRectF(0, 0, pixels, pixels));
  }
  QPixmapCache::insert(key, pixmap);
  return pixmap;
}

QIcon icon(const QString& name) {
  return QFile::exists(icon_file(name)) ? QIcon(new DrawnIcon(name)) : QIcon();
}

QIcon application_icon() {
  return icon(QStringLiteral("geomx"));
}

}  // namespace geomx::gui
