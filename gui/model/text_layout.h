#pragma once

#include <QByteArray>

#include "gui/model/json_text.h"

// How JSON that is new in a file is laid out: small things on one line, lists of objects with one on each, indented as
// the rest of the file is. Numbers and strings keep their spelling. Pure.
namespace geomx::gui {

struct TextStyle {
  QByteArray newline = "\n";
  QByteArray unit = "  ";  // of indentation
};

// As the file has it; the examples' own where it does not show any.
TextStyle style_of(const QByteArray& text);

// {"name": "a", "hosts": 2}
QByteArray on_one_line(const JsonText& value);

// `indent` is that of the line on which the value begins. A section of the file has its members on lines of their own
// however short it is.
QByteArray laid_out(const JsonText& value, const QByteArray& indent, const TextStyle& style, bool is_section = false);

// A whole file out of a root object, with a newline at its end.
QByteArray file_text(const Json& root);

}  // namespace geomx::gui
