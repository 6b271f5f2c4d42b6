#include "gui/model/text_layout.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace geomx::gui {
namespace {

constexpr qsizetype kLongestLine = 200;

bool has_list_of_objects(const JsonNode& node) {
  return std::any_of(node.children.begin(), node.children.end(), [&](const JsonNode& child) {
    const bool is_row = node.kind == JsonNode::Kind::array && child.kind == JsonNode::Kind::object;
    return is_row || has_list_of_objects(child);
  });
}

class Layout {
 public:
  Layout(const JsonText& json, const TextStyle& style) : json_(json), style_(style) {}

  QByteArray line(const JsonNode& node) const {
    if (!node.is_container()) return json_.raw(node);
    QByteArray line;
    for (const JsonNode& child : node.children) line += (line.isEmpty() ? "" : ", ") + key(child) + this->line(child);
    return in_brackets(node, line);
  }

  // `in_lines`: however short it is.
  QByteArray lines(const JsonNode& node, const QByteArray& indent, bool in_lines = false) const {
    const QByteArray line = this->line(node);
    const bool is_list = node.kind == JsonNode::Kind::array;
    const bool is_small = !has_list_of_objects(node) && (line.size() <= kLongestLine || is_list);
    if (node.children.empty() || (is_small && !in_lines)) return line;
    const QByteArray inner = indent + style_.unit;
    QByteArray text;
    for (const JsonNode& child : node.children) {
      const bool is_row = is_list && child.kind == JsonNode::Kind::object;
      text += (text.isEmpty() ? "" : ",") + style_.newline + inner + key(child);
      text += is_row ? this->line(child) : lines(child, inner);
    }
    return in_brackets(node, text + style_.newline + indent);
  }

 private:
  QByteArray key(const JsonNode& node) const {
    return node.key.size() == 0 ? QByteArray() : json_.text().mid(node.key.begin, node.key.size()) + ": ";
  }
  static QByteArray in_brackets(const JsonNode& node, const QByteArray& inside) {
    return node.kind == JsonNode::Kind::object ? "{" + inside + "}" : "[" + inside + "]";
  }

  const JsonText& json_;
  TextStyle style_;
};

}  // namespace

TextStyle style_of(const QByteArray& text) {
  TextStyle style;
  const qsizetype end = text.indexOf('\n');
  if (end > 0 && text[end - 1] == '\r') style.newline = "\r\n";
  qsizetype at = end + 1;
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
  if (end >= 0 && at > end + 1) style.unit = text.mid(end + 1, at - end - 1);
  return style;
}

QByteArray on_one_line(const JsonText& value) {
  return Layout(value, {}).line(value.root());
}

QByteArray laid_out(const JsonText& value, const QByteArray& indent, const TextStyle& style, bool is_section) {
  return Layout(value, style).lines(value.root(), indent, is_section && value.root().kind == JsonNode::Kind::object);
}

QByteArray file_text(const Json& root) {
  const std::optional<JsonText> json = JsonText::read(QByteArray::fromStdString(root.dump()));
  const TextStyle style;
  return Layout(*json, style).lines(json->root(), {}, true) + style.newline;
}

}  // namespace geomx::gui
