#include "gui/window/terminal.h"

#include <QCoreApplication>
#include <QProcess>
#include <QStandardPaths>

namespace geomx::gui {

QStringList terminal_command(const QStringList& command) {
  struct Terminal {
    QString program;
    QString option;  // before the command
  };
  QList<Terminal> terminals;
  const QString own = qEnvironmentVariable("TERMINAL");
  if (!own.isEmpty()) terminals << Terminal{own, "-e"};
  terminals << Terminal{"x-terminal-emulator", "-e"} << Terminal{"gnome-terminal", "--"} << Terminal{"konsole", "-e"}
            << Terminal{"xfce4-terminal", "-x"} << Terminal{"foot", "--"} << Terminal{"alacritty", "-e"}
            << Terminal{"xterm", "-e"};
  for (const Terminal& terminal : terminals) {
    const QString found = QStandardPaths::findExecutable(terminal.program);
    if (!found.isEmpty()) return QStringList{found, terminal.option} + command;
  }
  return {};
}

QString open_terminal(const QString& program, const QString& lab, const QString& node) {
  const QStringList shell{program, "shell", lab, node};
  QStringList command = terminal_command(shell);
  if (!command.isEmpty()) {
    const QString terminal = command.takeFirst();
    if (QProcess::startDetached(terminal, command)) return {};
  }
  return QCoreApplication::translate("Terminal", "No terminal could be opened. In one of your own: %1")
      .arg(shell.join(' '));
}

}  // namespace geomx::gui
