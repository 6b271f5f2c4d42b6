#include "gui/model/json_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace geomx::gui {
namespace {

// Reads text that is known to be JSON, so that every byte is where it should be.
class Scanner {
 public:
  explicit Scanner(const QByteArray& text) : text_(text) {}

  void value(JsonNode& node) {
    skip_space();
    node.value.begin = at_;
    switch (text_[at_]) {
      case '{':
        node.kind = JsonNode::Kind::object;
        members(node, '}');
        break;
      case '[':
        node.kind = JsonNode::Kind::array;
        members(node, ']');
        break;
      case '"':
        node.kind = JsonNode::Kind::string;
        string();
        break;
      default:
        node.kind = text_[at_] == '-' || (text_[at_] >= '0' && text_[at_] <= '9') ? JsonNode::Kind::number
                                                                                  : JsonNode::Kind::literal;
        while (at_ < text_.size() && !is_space(text_[at_]) && QByteArrayView(",]}").indexOf(text_[at_]) < 0) ++at_;
    }
    node.value.end = at_;
  }

  void skip_byte_order_mark() {
    if (text_.startsWith("\xEF\xBB\xBF")) at_ = 3;
  }

 private:
  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
  void skip_space() {
    while (is_space(text_[at_])) ++at_;
  }

  void string() {
    for (++at_; text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    ++at_;
  }

  void members(JsonNode& node, char closing) {
    ++at_;
    skip_space();
    while (text_[at_] != closing) {
      JsonNode& member = node.children.emplace_back();
      if (node.kind == JsonNode::Kind::object) {
        member.key.begin = at_;
        string();
        member.key.end = at_;
        member.name = plain(text_.mid(member.key.begin, member.key.size()));
        skip_space();
        ++at_;  // the colon
      }
      value(member);
      skip_space();
      if (text_[at_] == ',') ++at_;
      skip_space();
    }
    ++at_;
  }

  static QString plain(const QByteArray& string) {
    if (!string.contains('\\')) return QString::fromUtf8(string.mid(1, string.size() - 2));
    return QString::fromStdString(Json::parse(string.toStdString()).get<std::string>());
  }

  const QByteArray& text_;
  qsizetype at_ = 0;
};

const JsonNode* step(const JsonNode& node, const QString& segment) {
  if (node.kind == JsonNode::Kind::object) return node.member(segment);
  if (node.kind != JsonNode::Kind::array) return nullptr;
  bool is_number = false;
  const qsizetype index = segment.toLongLong(&is_number);
  const bool exists = is_number && index >= 0 && index < static_cast<qsizetype>(node.children.size());
  return exists ? &node.children[static_cast<std::size_t>(index)] : nullptr;
}

// Deeper, the machine's stack ends; emulator/scenario refuses to read such a file as well.
bool is_too_deep(const QByteArray& text) {
  constexpr int kMaxDepth = 64;
  int depth = 0;
  bool in_string = false;
  for (qsizetype i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

}  // namespace

const JsonNode* JsonNode::member(const QString& wanted) const {
  const auto found =
      std::find_if(children.begin(), children.end(), [&](const JsonNode& c) { return c.name == wanted; });
  return found == children.end() ? nullptr : &*found;
}

std::optional<JsonText> JsonText::read(const QByteArray& text) {
  if (is_too_deep(text) || !Json::accept(text.begin(), text.end())) return std::nullopt;
  JsonText read;
  read.text_ = text;
  Scanner scanner(read.text_);
  scanner.skip_byte_order_mark();
  scanner.value(read.root_);
  return read;
}

const JsonNode* JsonText::find(const QString& pointer) const {
  const JsonNode* node = &root_;
  for (const QString& key : segments(pointer)) {
    if (node != nullptr) node = step(*node, key);
  }
  return node;
}

Json JsonText::json(const JsonNode& node) const {
  return Json::parse(text_.begin() + node.value.begin, text_.begin() + node.value.end);
}

QString JsonText::typed(const JsonNode& node) const {
  const QByteArray bytes = raw(node);
  if (node.kind != JsonNode::Kind::string) return QString::fromUtf8(bytes);
  if (!bytes.contains('\\')) return QString::fromUtf8(bytes.mid(1, bytes.size() - 2));
  return QString::fromStdString(json(node).get<std::string>());
}

QString JsonText::pointer_at(qsizetype offset) const {
  QString pointer;
  const JsonNode* node = &root_;
  while (node != nullptr) {
    const JsonNode* next = nullptr;
    for (std::size_t i = 0; i < node->children.size(); ++i) {
      const JsonNode& member = node->children[i];
      const qsizetype begin = member.key.size() > 0 ? member.key.begin : member.value.begin;
      if (offset < begin || offset >= member.value.end) continue;
      pointer =
          node->kind == JsonNode::Kind::array ? child(pointer, static_cast<qsizetype>(i)) : child(pointer, member.name);
      next = &member;
      break;
    }
    node = next;
  }
  return pointer;
}

}  // namespace geomx::gui
