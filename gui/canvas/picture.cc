#include "gui/canvas/picture.h"

#include <QBuffer>
#include <QImage>
#include <QPainter>
#include <QSaveFile>
#include <QSvgGenerator>
#include <algorithm>

#include "emulator/base/error.h"
#include "gui/canvas/canvas_scene.h"

namespace geomx::gui {

namespace {

QRectF whole(const CanvasScene& scene) {
  return scene.contents().adjusted(-30, -30, 30, 30);
}

void write(const QString& path, const QByteArray& bytes) {
  QSaveFile file(path);
  if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size() || !file.commit()) {
    throw WorkError(path.toStdString(), "cannot write the picture: " + file.errorString().toStdString(),
                    "choose a folder that you may write to");
  }
}

// A picture is of the scene at 100 %, however it is looked at.
class AtFullSize {
 public:
  explicit AtFullSize(CanvasScene& scene) : scene_(scene), zoom_(scene.zoom()) { look_at(1); }
  AtFullSize(const AtFullSize&) = delete;
  AtFullSize& operator=(const AtFullSize&) = delete;
  ~AtFullSize() { look_at(zoom_); }

 private:
  void look_at(qreal zoom) {
    scene_.set_zoom(zoom);
    scene_.relabel();
  }

  CanvasScene& scene_;
  qreal zoom_;
};

// Draws the scene with nothing selected, and selects again what was.
void draw(CanvasScene& scene, QPainter& painter, const QRectF& target) {
  const QStringList selected = scene.selected_ids();
  scene.select({});
  scene.render(&painter, target, whole(scene));
  scene.select(selected);
}

}  // namespace

void write_png(CanvasScene& scene, const QString& path, double scale) {
  const AtFullSize full_size(scene);
  const QSizeF size = whole(scene).size();
  scale = std::min(scale, 16000 / std::max(size.width(), size.height()));
  QImage image((size * scale).toSize().expandedTo(QSize(1, 1)), QImage::Format_ARGB32_Premultiplied);
  image.fill(scene.theme().canvas);
  QPainter painter(&image);
  painter.setRenderHint(QPainter::Antialiasing);
  draw(scene, painter, QRectF(image.rect()));
  painter.end();
  QByteArray bytes;
  QBuffer buffer(&bytes);
  image.save(&buffer, "PNG");
  write(path, bytes);
}

void write_svg(CanvasScene& scene, const QString& path) {
  const AtFullSize full_size(scene);
  const QSizeF size = whole(scene).size();
  QByteArray bytes;
  QBuffer buffer(&bytes);
  QSvgGenerator generator;
  generator.setOutputDevice(&buffer);
  generator.setSize(size.toSize());
  generator.setViewBox(QRectF(QPointF(), size));
  generator.setTitle(QStringLiteral("GeoMX-Emu"));
  QPainter painter(&generator);
  draw(scene, painter, QRectF(QPointF(), size));
  painter.end();
  write(path, bytes);
}

}  // namespace geomx::gui
