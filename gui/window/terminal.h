#pragma once

#include <QString>
#include <QStringList>

namespace geomx::gui {

// The command of the user's own terminal that runs `command` in it: $TERMINAL, the system's choice, or a well-known
// one; empty where there is none.
QStringList terminal_command(const QStringList& command);

// `geomx-emu shell LAB NODE` in a terminal. What went wrong in a sentence; empty: nothing.
QString open_terminal(const QString& program, const QString& lab, const QString& node);

}  // namespace geomx::gui
