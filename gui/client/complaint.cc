#include "gui/client/complaint.h"

namespace geomx::gui {
namespace {

bool take_prefix(QString& text, const QString& prefix) {
  if (!text.startsWith(prefix)) return false;
  text.remove(0, prefix.size());
  return true;
}

// A place has no blanks; and a word that is none ends with the first colon as well.
bool is_place(const QString& text) {
  return !text.isEmpty() && !text.contains(QLatin1Char(' ')) &&
         (text.contains(QLatin1Char('/')) || text.contains(QLatin1Char('.')) || text.contains(QLatin1Char(':')));
}

// Where the parenthesis begins that the text ends with; -1: it does not.
qsizetype last_parenthesis(const QString& text) {
  if (!text.endsWith(QLatin1Char(')'))) return -1;
  int open = 0;
  for (qsizetype i = text.size() - 1; i > 0; --i) {
    if (text[i] == QLatin1Char(')')) ++open;
    if (text[i] == QLatin1Char('(') && --open == 0) return text[i - 1] == QLatin1Char(' ') ? i : -1;
  }
  return -1;
}

}  // namespace

Complaint complaint_of(QString line) {
  Complaint complaint;
  take_prefix(line, QStringLiteral("geomx-emu: "));
  complaint.warning = take_prefix(line, QStringLiteral("warning: "));
  if (const qsizetype hint = last_parenthesis(line); hint > 0) {
    complaint.hint = line.mid(hint + 1, line.size() - hint - 2);
    line.truncate(hint - 1);
  }
  if (const qsizetype colon = line.indexOf(QStringLiteral(": ")); is_place(line.left(colon))) {
    complaint.where = line.left(colon);
    line.remove(0, colon + 2);
  }
  complaint.what = line;
  return complaint;
}

}  // namespace geomx::gui
