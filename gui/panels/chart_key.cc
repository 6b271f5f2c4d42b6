#include "gui/panels/chart_key.h"

namespace geomx::gui {

ChartKey::ChartKey(QWidget* parent) : QLabel(parent) {
  setTextFormat(Qt::RichText);
  setWordWrap(true);
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Minimum);
}

void ChartKey::show_entries(const QVector<Entry>& entries) {
  QStringList parts;
  for (const Entry& entry : entries) {
    // An entry is in one row, with its square.
    const QString words = entry.words.toHtmlEscaped().replace(QLatin1Char(' '), QStringLiteral("&nbsp;"));
    parts << (entry.colour.isValid()
                  ? QStringLiteral("<span style='color:%1'>&#9632;</span>&nbsp;%2").arg(entry.colour.name(), words)
                  : words);
  }
  const QString text = parts.join(QStringLiteral("&ensp; "));
  if (text != this->text()) setText(text);
}

}  // namespace geomx::gui
