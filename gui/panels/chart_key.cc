#include "gui/panels/chart_key.h"

namespace geomx::gui {
namespace {

// A row ends only between figures.
QString unbroken(const QString& words) {
  return words.toHtmlEscaped()
      .replace(QStringLiteral(" \u00b7 "), QStringLiteral("\n"))
      .replace(QLatin1Char(' '), QStringLiteral("&nbsp;"))
      .replace(QLatin1Char('/'), QStringLiteral("/&#8288;"))
      .replace(QLatin1Char('-'), QStringLiteral("&#8209;"))
      .replace(QLatin1Char('\n'), QStringLiteral("&nbsp;&middot; "));
}

}  // namespace

ChartKey::ChartKey(QWidget* parent) : QLabel(parent) {
  setTextFormat(Qt::RichText);
  setWordWrap(true);
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Minimum);
}

void ChartKey::show_entries(const QVector<Entry>& entries) {
  QStringList parts;
  for (const Entry& entry : entries) {
    // An entry is in one row, with its square.
    const QString words = unbroken(entry.words);
    parts << (entry.colour.isValid()
                  ? QStringLiteral("<span style='color:%1'>&#9632;</span>&nbsp;%2").arg(entry.colour.name(), words)
                  : words);
  }
  const QString text = parts.join(QStringLiteral("&ensp; "));
  if (text != this->text()) setText(text);
}

}  // namespace geomx::gui
