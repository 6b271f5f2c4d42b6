#pragma once

#include <QByteArray>
#include <QString>
#include <optional>
#include <vector>

#include "gui/model/json.h"

// Strict JSON text with the place of every key and value, in bytes. What a patch of the text is computed from.
namespace geomx::gui {

struct Span {
  qsizetype begin = 0;
  qsizetype end = 0;  // behind the last byte
  qsizetype size() const { return end - begin; }
};

struct JsonNode {
  enum class Kind { object, array, string, number, literal };
  Kind kind = Kind::literal;
  QString name;  // of a member of an object, unescaped
  Span key;      // with its quotes; empty in an array and at the root
  Span value;    // with quotes or brackets
  std::vector<JsonNode> children;
  bool is_container() const { return kind == Kind::object || kind == Kind::array; }
  const JsonNode* member(const QString& wanted) const;  // null: none; of duplicates the first
};

class JsonText {
 public:
  // Nothing where `text` is not JSON.
  static std::optional<JsonText> read(const QByteArray& text);

  const QByteArray& text() const { return text_; }
  const JsonNode& root() const { return root_; }
  const JsonNode* find(const QString& pointer) const;  // null: there is none
  QByteArray raw(const JsonNode& node) const { return text_.mid(node.value.begin, node.value.size()); }
  Json json(const JsonNode& node) const;
  // A string's content, any other value as it is written.
  QString typed(const JsonNode& node) const;
  // The pointer of the innermost key or value at a byte of the text.
  QString pointer_at(qsizetype offset) const;

 private:
  QByteArray text_;
  JsonNode root_;
};

}  // namespace geomx::gui
