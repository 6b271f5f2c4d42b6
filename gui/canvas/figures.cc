#include "gui/canvas/figures.h"

#include <QStringList>

namespace geomx::gui {

QString Figures::spaced(const QString& typed) {
  qsizetype at = 0;
  while (at < typed.size() && (typed[at].isDigit() || typed[at] == '.')) ++at;
  if (at == 0 || at == typed.size() || typed[at].isSpace()) return typed;
  return typed.left(at) + QChar(0xa0) + typed.mid(at);
}

QString Figures::asked(const LinkItem& link, bool forward) {
  QStringList parts;
  for (const char* key : {"rate", "delay", "loss"}) {
    const QString typed = link.effective(QLatin1String(key), forward);
    if (!typed.isEmpty()) parts << spaced(typed);
  }
  if (!link.effective(QStringLiteral("trace"), forward).isEmpty()) parts.prepend(tr("rate trace"));
  if (!link.effective(QStringLiteral("gilbert_elliott"), forward).isEmpty()) parts << tr("bursty loss");
  return parts.join(QStringLiteral(" \u00b7 "));
}

QString Figures::hosts(std::size_t count) {
  return tr("%n host(s)", nullptr, static_cast<int>(count));
}

QString Figures::rate(double bits_per_second) {
  static constexpr const char* kUnits[] = {"bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"};
  int unit = 0;
  while (bits_per_second >= 999.5 && unit < 4) {
    bits_per_second /= 1000;
    ++unit;
  }
  if (unit == 0)
    return bits_per_second < 0.5 ? QStringLiteral("0") : QStringLiteral("%1 bit/s").arg(bits_per_second, 0, 'f', 0);
  return QStringLiteral("%1\u00a0%2")
      .arg(bits_per_second, 0, 'f', bits_per_second < 99.95 ? 1 : 0)
      .arg(QLatin1String(kUnits[unit]));
}

QString Figures::rate_and_loss(const DirectionState& state) {
  const QString text = rate(state.bits_per_second);
  if (state.loss <= 0) return text;
  const double percent = state.loss * 100;
  return tr("%1 \u00b7 loss %2\u00a0%").arg(text).arg(percent, 0, 'f', percent < 0.095 ? 2 : percent < 9.95 ? 1 : 0);
}

}  // namespace geomx::gui
