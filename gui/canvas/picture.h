#pragma once

#include <QString>

namespace geomx::gui {

class CanvasScene;

// The drawing as a file, whole, without what is selected. They throw geomx::Error where the file cannot be written.

// `scale`: pixels per unit of the scene; less where the picture would be wider or higher than 16,000.
void write_png(CanvasScene& scene, const QString& path, double scale = 2);
void write_svg(CanvasScene& scene, const QString& path);

}  // namespace geomx::gui
