#include "gui/panels/report_page.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QLocale>
#include <QStringList>

#include "gui/panels/theme.h"

namespace geomx::gui {
namespace {

struct Page {
  Q_DECLARE_TR_FUNCTIONS(geomx::gui::ReportPage)

 public:
  Page(const QJsonObject& of, const QPalette& with) : summary(of), palette(with) {}

  QString whole() const {
    QString html = outcome();
    for (const QString& part : {expectations(), training(), commands(), links(), fidelity()}) html += part;
    return html;
  }

 private:
  QString outcome() const;
  QString expectations() const;
  QString training() const;
  QString commands() const;
  QString links() const;
  QString fidelity() const;
  QString coloured(Mood mood, const QString& text) const {
    return QStringLiteral("<span style='color:%1'>%2</span>").arg(mood_colour(mood, palette).name(), text);
  }
  QString table(const QStringList& heads, const QList<QStringList>& rows) const;

  const QJsonObject& summary;
  const QPalette& palette;
};

QString headline(const QString& text) {
  return QStringLiteral("<h4>%1</h4>").arg(text.toHtmlEscaped());
}

// A figure as people read it; a dash where there is none.
QString figure(const QJsonValue& value, int decimals = 2) {
  if (value.isString()) return value.toString().toHtmlEscaped();
  return value.isDouble() ? QLocale::c().toString(value.toDouble(), 'f', decimals) : QStringLiteral("\u2013");
}

QString amount(const QJsonValue& bytes) {
  return QLocale::c().formattedDataSize(bytes.toInteger(), 1).toHtmlEscaped();
}

// Cells are HTML; the first column's are names, the others' figures.
QString Page::table(const QStringList& heads, const QList<QStringList>& rows) const {
  const auto row = [](const QStringList& cells, const char* tag) {
    QString html;
    for (qsizetype i = 0; i < cells.size(); ++i) {
      html += QStringLiteral("<%1 align='%2'>%3</%1>")
                  .arg(QLatin1String(tag), i == 0 ? QStringLiteral("left") : QStringLiteral("right"), cells[i]);
    }
    return QStringLiteral("<tr>%1</tr>").arg(html);
  };
  QString html = heads.isEmpty() ? QString() : row(heads, "th");
  for (const QStringList& cells : rows) html += row(cells, "td");
  return QStringLiteral("<table cellpadding='3' cellspacing='0'>%1</table>").arg(html);
}

QString Page::outcome() const {
  const QString status = summary.value(QStringLiteral("status")).toString();
  const QString seconds = figure(summary.value(QStringLiteral("wall_seconds")), 1);
  const QString error = summary.value(QStringLiteral("error")).toString().toHtmlEscaped();
  const QString words = status == QLatin1String("ok") ? coloured(Mood::good, tr("The run is complete"))
                        : status == QLatin1String("interrupted")
                            ? coloured(Mood::waiting, tr("The run was stopped; this is what it had reached"))
                            : coloured(Mood::bad, tr("The run has failed"));
  QString html = QStringLiteral("<h3>%1</h3>").arg(words);
  if (!error.isEmpty() && status == QLatin1String("failed")) html += QStringLiteral("<p>%1</p>").arg(error);
  return html + QStringLiteral("<p>%1</p>").arg(tr("It took %1 s.").arg(seconds));
}

QString Page::expectations() const {
  QList<QStringList> rows;
  for (const QJsonValue value : summary.value(QStringLiteral("expectations")).toArray()) {
    const QJsonObject each = value.toObject();
    QStringList wanted;
    const QJsonValue least = each.value(QStringLiteral("min"));
    const QJsonValue most = each.value(QStringLiteral("max"));
    if (least.isDouble()) wanted << tr("at least %1").arg(least.toDouble());
    if (most.isDouble()) wanted << tr("at most %1").arg(most.toDouble());
    const bool met = each.value(QStringLiteral("met")).toBool();
    rows << QStringList{figure(each.value(QStringLiteral("metric"))), wanted.join(QStringLiteral(", ")),
                        figure(each.value(QStringLiteral("value")), 4),
                        coloured(met ? Mood::good : Mood::bad, met ? tr("met") : tr("not met"))};
  }
  if (rows.isEmpty()) return {};
  return headline(tr("Expectations")) + table({tr("Measured value"), tr("Wanted"), tr("Found"), QString()}, rows);
}

QString Page::training() const {
  const QJsonObject training = summary.value(QStringLiteral("training")).toObject();
  if (training.isEmpty()) return {};
  const QJsonValue accuracy = training.value(QStringLiteral("test_accuracy"));
  QList<QStringList> rows;
  if (accuracy.isDouble()) rows << QStringList{tr("Test accuracy"), figure(100 * accuracy.toDouble(), 1) + " %"};
  rows << QStringList{tr("Training loss"), figure(training.value(QStringLiteral("train_loss")), 3)}
       << QStringList{tr("Rounds"), figure(training.value(QStringLiteral("rounds")), 0)}
       << QStringList{tr("Samples per second"), figure(training.value(QStringLiteral("samples_per_second")), 0)}
       << QStringList{tr("Over the WAN"), amount(training.value(QStringLiteral("wan_bytes")))}
       << QStringList{tr("Inside data centers"), amount(training.value(QStringLiteral("lan_bytes")))};
  const QJsonObject reached = training.value(QStringLiteral("seconds_to_accuracy")).toObject();
  for (auto level = reached.begin(); level != reached.end(); ++level) {
    rows << QStringList{tr("Accuracy of %1 after").arg(level.key()), tr("%1 s").arg(figure(level.value(), 1))};
  }
  return headline(tr("Training")) + table({}, rows);
}

QString Page::commands() const {
  QList<QStringList> rows;
  for (const QJsonValue value : summary.value(QStringLiteral("workload")).toArray()) {
    const QJsonObject command = value.toObject();
    QStringList words;
    for (const QJsonValue word : command.value(QStringLiteral("argv")).toArray()) words << word.toString();
    rows << QStringList{words.join(QLatin1Char(' ')).toHtmlEscaped(), figure(command.value(QStringLiteral("node"))),
                        figure(command.value(QStringLiteral("status"))),
                        figure(command.value(QStringLiteral("exit_code")), 0),
                        figure(command.value(QStringLiteral("seconds")), 1)};
  }
  if (rows.isEmpty()) return {};
  return headline(tr("Commands")) +
         table({tr("Command"), tr("Node"), tr("Status"), tr("Exit code"), tr("Seconds")}, rows);
}

QString Page::links() const {
  QList<QStringList> rows;
  for (const QJsonValue value : summary.value(QStringLiteral("links")).toArray()) {
    const QJsonObject link = value.toObject();
    if (link.value(QStringLiteral("scope")).toString() != QLatin1String("wan")) continue;
    const QJsonObject asked = link.value(QStringLiteral("asked")).toObject();
    const QJsonObject measured = link.value(QStringLiteral("measured")).toObject();
    QStringList cells{QStringLiteral("%1, %2").arg(
        link.value(QStringLiteral("name")).toString().toHtmlEscaped(),
        link.value(QStringLiteral("direction")).toString().replace("->", QStringLiteral(" \u2192 ")).toHtmlEscaped())};
    for (const char* key : {"rate", "delay", "loss"}) {
      cells << figure(asked.value(QLatin1String(key))) + QStringLiteral(" / ") +
                   figure(measured.value(QLatin1String(key)));
    }
    cells << amount(link.value(QStringLiteral("bytes"))) << figure(link.value(QStringLiteral("drops")), 0);
    rows << cells;
  }
  if (rows.isEmpty()) return {};
  return headline(tr("Links of the WAN, as asked / as measured")) +
         table({tr("Link"), tr("Rate"), tr("Delay"), tr("Loss"), tr("Bytes"), tr("Drops")}, rows);
}

QString Page::fidelity() const {
  const QJsonObject fidelity = summary.value(QStringLiteral("fidelity")).toObject();
  const QString verdict = fidelity.value(QStringLiteral("verdict")).toString();
  if (verdict.isEmpty()) return {};
  const Mood mood = verdict == QLatin1String("faithful")   ? Mood::good
                    : verdict == QLatin1String("degraded") ? Mood::bad
                                                           : Mood::waiting;
  QString html = headline(tr("Was the network what was asked for?")) +
                 QStringLiteral("<p>%1</p>").arg(coloured(mood, verdict.toHtmlEscaped()));
  QString reasons;
  for (const QJsonValue reason : fidelity.value(QStringLiteral("reasons")).toArray()) {
    reasons += QStringLiteral("<li>%1</li>").arg(reason.toString().toHtmlEscaped());
  }
  return reasons.isEmpty() ? html : html + QStringLiteral("<ul>%1</ul>").arg(reasons);
}

}  // namespace

QString report_page(const QJsonObject& summary, const QPalette& palette) {
  return Page(summary, palette).whole();
}

}  // namespace geomx::gui
