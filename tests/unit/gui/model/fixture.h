#pragma once

#include <gtest/gtest.h>

#include <QDirIterator>
#include <QFile>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "emulator/scenario/parse.h"
#include "emulator/scenario/write.h"
#include "gui/model/topology_model.h"

// What the tests of gui/model begin with.
namespace geomx::gui {

inline void PrintTo(const QString& text, std::ostream* out) {
  *out << '"' << text.toStdString() << '"';
}
inline void PrintTo(const Problem& problem, std::ostream* out) {
  *out << problem.pointer.toStdString() << ": " << problem.sentence().toStdString();
}

inline QByteArray read_bytes(const QString& path) {
  QFile file(path);
  EXPECT_TRUE(file.open(QIODevice::ReadOnly)) << path.toStdString();
  return file.readAll();
}

inline void write_bytes(const QString& path, const QByteArray& text) {
  QFile file(path);
  ASSERT_TRUE(file.open(QIODevice::WriteOnly)) << path.toStdString();
  ASSERT_EQ(file.write(text), text.size());
}

inline QString source_path(const char* relative) {
  const char* root = std::getenv("GEOMX_SOURCE");
  EXPECT_NE(root, nullptr) << "GEOMX_SOURCE is not set";
  return QString::fromUtf8(root == nullptr ? "" : root) + QLatin1Char('/') + QLatin1String(relative);
}

// Every scenario there is, in folders below too; other JSON (tables of traces, layouts) has no topology.
inline QStringList example_paths() {
  QStringList paths;
  QDirIterator files(source_path("scenarios"), {"*.json"}, QDir::Files, QDirIterator::Subdirectories);
  while (files.hasNext()) {
    const QString path = files.next();
    const Json json = Json::parse(read_bytes(path).toStdString(), nullptr, false);
    if (json.is_object() && json.contains("topology")) paths.append(path);
  }
  paths.sort();
  EXPECT_GE(paths.size(), 5);
  return paths;
}

inline QByteArray example(const char* name) {
  return read_bytes(source_path("scenarios/") + QLatin1String(name));
}

// A document with its topology.
struct Desk {
  explicit Desk(const QByteArray& text = {}) { document.set_text(text); }

  QStringList problems() const {
    QStringList lines;
    for (const Problem& problem : document.problems()) {
      lines.append(problem.pointer + QStringLiteral(": ") + problem.sentence());
    }
    return lines;
  }
  QString last_step() { return document.undo_stack().undoText(); }
  void undo_all() {
    while (document.undo_stack().canUndo()) document.undo_stack().undo();
  }
  void redo_all() {
    while (document.undo_stack().canRedo()) document.undo_stack().redo();
  }

  Document document;
  TopologyModel model{document};
};

}  // namespace geomx::gui
