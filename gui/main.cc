// geomx-gui: the editor.
#include <QApplication>
#include <QCommandLineParser>
#include <QElapsedTimer>
#include <QEventLoop>
#include <QFileInfo>
#include <QLocale>
#include <QTemporaryDir>
#include <QTimer>
#include <QTranslator>
#include <algorithm>
#include <cstdio>

#include "emulator/base/error.h"
#include "emulator/base/log.h"
#include "gui/model/recovery.h"
#include "gui/window/main_window.h"
#include "gui/window/screenshot.h"

namespace {

constexpr int failed = 1;
constexpr int bad_usage = 2;

int complain(int code, const QString& line) {
  std::fprintf(stderr, "geomx-gui: %s\n", qPrintable(line));
  return code;
}

struct Options {
  QString scenario;
  QString lab;
  QString screenshot;
  QString view = QStringLiteral("editor");
  QString theme;
  bool presentation = false;
  QSize size{1280, 800};
};

void add_options(QCommandLineParser& parser) {
  parser.setApplicationDescription(
      "Draw a network of data centers, run it, change it live, watch it train.\n\n"
      "Examples:\n"
      "  geomx-gui                                        an empty canvas\n"
      "  geomx-gui scenarios/three-dc.json                a scenario\n"
      "  geomx-gui --attach three-dc                      a lab that runs (geomx-emu list)\n"
      "  geomx-gui scenarios/three-dc.json --screenshot three-dc.png --view inspector\n"
      "                                                   a picture of the window, which needs no display");
  parser.addPositionalArgument("SCENARIO", "The scenario file to open.", "[SCENARIO]");
  parser.addOptions({
      {"attach", "Watch a lab that runs.", "LAB"},
      {"screenshot", "Write a picture of the window, and end.", "FILE.png"},
      {"view", "What the picture shows: " + geomx::gui::MainWindow::view_names().join(", ") + ".", "NAME", "editor"},
      {"theme", "light or dark, for this time alone.", "NAME"},
      {"presentation", "Large type and full contrast, for this time alone."},
      {"size", "Of the window in a picture: 1280x800.", "WIDTHxHEIGHT"},
      {"language", "Of the window: en or zh_CN; else the system's.", "NAME"},
  });
}

bool has_display() {
  return !qEnvironmentVariableIsEmpty("DISPLAY") || !qEnvironmentVariableIsEmpty("WAYLAND_DISPLAY") ||
         !qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM");
}

// Qt ends the program where there is no display, so this has to be known before it sees the options.
bool draws_nothing_on_screen(int argc, char** argv) {
  return std::any_of(argv, argv + argc, [](const QByteArray& option) {
    return option.startsWith("--screenshot") || option == "--help" || option == "-h" || option == "--version" ||
           option == "-v";
  });
}

// Until what is shown has settled: layouts, timers, the first answers of a lab.
void settle(int milliseconds) {
  QEventLoop loop;
  QTimer::singleShot(milliseconds, &loop, &QEventLoop::quit);
  loop.exec();
}

int picture(geomx::gui::MainWindow& window, const Options& options) {
  window.resize(options.size);
  window.show();
  settle(300);
  if (!window.show_view(options.view)) {
    return complain(bad_usage, QStringLiteral("--view %1: there is no such view (one of %2)")
                                   .arg(options.view, geomx::gui::MainWindow::view_names().join(", ")));
  }
  settle(options.lab.isEmpty() ? 500 : 3000);
  geomx::gui::write_screenshot(window, options.screenshot);
  return 0;
}

int start(const Options& options) {
  // A picture leaves no trace in the user's own state.
  const QTemporaryDir scratch;
  geomx::gui::MainWindow window(options.screenshot.isEmpty() ? geomx::gui::state_folder() : scratch.path());
  if (!options.theme.isEmpty() || options.presentation) {
    window.set_look(options.theme == QLatin1String("dark"), options.presentation);
  }
  if (!options.scenario.isEmpty() && !window.files().open(options.scenario) && !options.screenshot.isEmpty()) {
    return complain(failed, options.scenario + ": it could not be opened");
  }
  if (!options.lab.isEmpty()) window.attach(options.lab);
  if (!options.screenshot.isEmpty()) return picture(window, options);
  window.show();
  window.greet();
  return QApplication::exec();
}

}  // namespace

int main(int argc, char** argv) {
  geomx::log_to_stderr("geomx-gui", spdlog::level::warn);
  if (!has_display()) {
    if (!draws_nothing_on_screen(argc, argv)) {
      return complain(failed,
                      "there is no display (start it in a desktop session, or make a picture with --screenshot)");
    }
    qputenv("QT_QPA_PLATFORM", "offscreen");
  }
  QApplication::setStyle(QStringLiteral("Fusion"));
  const QApplication application(argc, argv);
  QApplication::setOrganizationName("geomx-emu");
  QApplication::setApplicationName("geomx-gui");
  QApplication::setApplicationDisplayName("GeoMX-Emu");
  QApplication::setApplicationVersion(GEOMX_VERSION);

  QCommandLineParser parser;
  add_options(parser);
  const QCommandLineOption help = parser.addHelpOption();
  const QCommandLineOption version = parser.addVersionOption();
  if (!parser.parse(QApplication::arguments())) return complain(bad_usage, parser.errorText() + " (see --help)");
  if (parser.isSet(help)) parser.showHelp();
  if (parser.isSet(version)) parser.showVersion();
  if (parser.positionalArguments().size() > 1) return complain(bad_usage, "one scenario at a time (see --help)");

  Options options;
  options.scenario = parser.positionalArguments().value(0);
  options.lab = parser.value("attach");
  options.screenshot = parser.value("screenshot");
  options.view = parser.value("view");
  options.theme = parser.value("theme");
  options.presentation = parser.isSet("presentation");
  if (parser.isSet("size")) {
    const QStringList parts = parser.value("size").split('x');
    options.size = QSize(parts.value(0).toInt(), parts.value(1).toInt());
    if (parts.size() != 2 || options.size.isEmpty()) return complain(bad_usage, "--size: WIDTHxHEIGHT, as in 1280x800");
  }
  if (!options.theme.isEmpty() && options.theme != "light" && options.theme != "dark") {
    return complain(bad_usage, "--theme: light or dark");
  }
  if (!options.scenario.isEmpty() && !QFileInfo::exists(options.scenario)) {
    return complain(bad_usage, options.scenario + ": there is no such file");
  }

  const QLocale locale = parser.isSet("language") ? QLocale(parser.value("language")) : QLocale::system();
  QTranslator words;
  // English has a file as well, for "1 host" and "2 hosts".
  if (words.load(locale, "geomx", "_", ":/i18n") || words.load(":/i18n/geomx_en")) {
    QApplication::installTranslator(&words);
  }

  try {
    return start(options);
  } catch (const geomx::InputError& error) {
    return complain(bad_usage, QString::fromStdString(error.line()));
  } catch (const std::exception& error) {
    return complain(failed, QString::fromUtf8(error.what()));
  }
}
