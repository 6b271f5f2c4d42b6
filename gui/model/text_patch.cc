#include "gui/model/text_patch.h"

#include <QSet>
#include <algorithm>
#include <map>

#include "emulator/base/error.h"
#include "gui/model/text_layout.h"

namespace geomx::gui {
namespace {

qsizetype begin_of(const JsonNode& child) {
  return child.key.size() > 0 ? child.key.begin : child.value.begin;
}

QByteArray utf8(const QString& text) {
  return text.toUtf8();
}

JsonText parsed(const QString& json, const QString& pointer) {
  std::optional<JsonText> value = JsonText::read(utf8(json.trimmed()));
  if (!value) {
    throw InputError(pointer.toStdString(), "\"" + json.toStdString() + "\" is no JSON",
                     "strings are written with double quotes");
  }
  return std::move(*value);
}

// The order in which a scenario's sections stand in a file.
int rank(const QString& key) {
  static const QStringList kSections{"version",  "name",     "description", "seed",  "topology",
                                     "training", "workload", "events",      "expect"};
  const qsizetype found = kSections.indexOf(key);
  return static_cast<int>(found < 0 ? kSections.size() : found);
}

// Patches of one text, all computed from the same reading of it.
class Patcher {
 public:
  explicit Patcher(const JsonText& json) : json_(json), style_(style_of(json.text())) {}

  TextPatches of(const Edit& edit) const {
    switch (edit.kind) {
      case Edit::Kind::set:
        return set(edit.pointers.front(), edit.values.front());
      case Edit::Kind::insert:
        return insert(edit.pointers.front(), edit.index, edit.values);
      case Edit::Kind::remove:
        return remove(edit.pointers);
      case Edit::Kind::rename_key:
        return rename_key(edit.pointers.front(), edit.values.front());
    }
    return {};
  }

 private:
  [[noreturn]] static void refuse(const QString& pointer, const char* what) {
    throw InputError(pointer.toStdString(), what, "correct the file's text first");
  }

  TextPatch replacement(Span span, QByteArray inserted) const {
    return {span.begin, json_.text().mid(span.begin, span.size()), std::move(inserted)};
  }

  QByteArray indent_at(qsizetype offset) const {
    const qsizetype line = offset == 0 ? 0 : json_.text().lastIndexOf('\n', offset - 1) + 1;
    qsizetype end = line;
    while (end < offset && (json_.text()[end] == ' ' || json_.text()[end] == '\t')) ++end;
    return json_.text().mid(line, end - line);
  }

  TextPatches set(const QString& pointer, const QString& json) const {
    if (const JsonNode* node = json_.find(pointer)) {
      const QByteArray text = laid_out(parsed(json, pointer), indent_at(node->value.begin), style_);
      if (text == json_.raw(*node)) return {};
      return {replacement(node->value, text)};
    }
    // What is missing on the way is made around it, from below.
    QString at = pointer;
    QString value = json;
    for (QString up = parent_of(at); json_.find(up) == nullptr; up = parent_of(at)) {
      value = QStringLiteral("{%1: %2}").arg(quoted(key_of(at)), value);
      at = up;
    }
    const JsonNode& parent = *json_.find(parent_of(at));
    const auto size = static_cast<qsizetype>(parent.children.size());
    if (parent.kind == JsonNode::Kind::array) {
      if (key_of(at) != QLatin1String("-") && key_of(at) != QString::number(size)) {
        refuse(at, "the list has no such element");
      }
      return {insertion(parent, parent.children.size(), {{}, {parsed(value, pointer)}}, false)};
    }
    if (parent.kind != JsonNode::Kind::object) refuse(parent_of(at), "is neither an object nor a list");
    const bool is_section = parent_of(at).isEmpty();
    std::size_t index = parent.children.size();
    if (key_of(at) == QLatin1String("name") && !is_section) index = 0;
    while (is_section && index > 0 && rank(parent.children[index - 1].name) > rank(key_of(at))) --index;
    const bool in_lines = is_section || parent_of(parent_of(at)).isEmpty();
    return {insertion(parent, index, {key_of(at), {parsed(value, pointer)}}, in_lines)};
  }

  TextPatches insert(const QString& array, qsizetype index, const QStringList& values) const {
    if (values.isEmpty()) return {};
    const JsonNode* node = json_.find(array);
    if (node == nullptr) return set(array, QLatin1Char('[') + values.join(QLatin1Char(',')) + QLatin1Char(']'));
    if (node->kind != JsonNode::Kind::array) refuse(array, "is no list");
    const auto size = static_cast<qsizetype>(node->children.size());
    const qsizetype at = index < 0 || index > size ? size : index;
    New fresh;
    for (const QString& value : values) fresh.values.push_back(parsed(value, array));
    return {insertion(*node, static_cast<std::size_t>(at), fresh, true)};
  }

  // A member with a name, or elements of a list.
  struct New {
    QString name;
    std::vector<JsonText> values;
  };

  static bool is_object(const JsonText& value) { return value.root().kind == JsonNode::Kind::object; }

  // Before the child at `index`. `in_lines`: how an empty container begins.
  TextPatch insertion(const JsonNode& parent, std::size_t index, const New& fresh, bool in_lines) const {
    const QByteArray outer = indent_at(parent.value.begin);
    const bool is_empty = parent.children.empty();
    bool lines = in_lines && (parent.kind == JsonNode::Kind::object || is_object(fresh.values.front()));
    QByteArray inner = outer + style_.unit;
    if (!is_empty) {
      const qsizetype first = begin_of(parent.children.front());
      lines = json_.text().mid(parent.value.begin, first - parent.value.begin).contains('\n');
      if (lines) inner = indent_at(first);
    }
    const QByteArray gap = lines ? style_.newline + inner : QByteArray();
    const QByteArray between = lines ? "," + gap : QByteArray(", ");
    QByteArray text;
    for (const JsonText& value : fresh.values) {
      if (!text.isEmpty()) text += between;
      if (parent.kind == JsonNode::Kind::object) text += utf8(quoted(fresh.name)) + ": ";
      const bool is_row = parent.kind == JsonNode::Kind::array && is_object(value);
      text += is_row ? on_one_line(value)
                     : laid_out(value, lines ? inner : outer, style_, lines && &parent == &json_.root());
    }
    if (is_empty) {
      const Span inside{parent.value.begin + 1, parent.value.end - 1};
      return replacement(inside, lines ? gap + text + style_.newline + outer : text);
    }
    if (index == 0) {
      const qsizetype at = begin_of(parent.children.front());
      return replacement({at, at}, text + between);
    }
    const qsizetype at = parent.children[index - 1].value.end;
    return replacement({at, at}, between + text);
  }

  TextPatches remove(const QStringList& pointers) const {
    std::map<const JsonNode*, std::vector<bool>> gone;  // by container: which of its children
    const QSet<QString> all(pointers.begin(), pointers.end());
    for (const QString& pointer : all) {
      const JsonNode* node = pointer.isEmpty() ? nullptr : json_.find(pointer);
      bool inside_another = false;
      for (QString up = pointer; !up.isEmpty() && !inside_another; inside_another = all.contains(up))
        up = parent_of(up);
      if (node == nullptr || inside_another) continue;
      const JsonNode* parent = json_.find(parent_of(pointer));
      std::vector<bool>& marks = gone[parent];
      marks.resize(parent->children.size());
      marks[static_cast<std::size_t>(node - parent->children.data())] = true;
    }
    TextPatches patches;
    for (const auto& [parent, marks] : gone) {
      for (std::size_t i = 0; i < marks.size(); ++i) {
        if (!marks[i]) continue;
        std::size_t end = i;
        while (end < marks.size() && marks[end]) ++end;
        patches.push_back(replacement(run(*parent, i, end), {}));
        i = end;
      }
    }
    return patches;
  }

  // Children [begin, end) with the commas that go with them.
  static Span run(const JsonNode& parent, std::size_t begin, std::size_t end) {
    const std::vector<JsonNode>& children = parent.children;
    if (begin > 0) return {children[begin - 1].value.end, children[end - 1].value.end};
    if (end < children.size()) return {begin_of(children[0]), begin_of(children[end])};
    return {parent.value.begin + 1, parent.value.end - 1};
  }

  TextPatches rename_key(const QString& pointer, const QString& key) const {
    const JsonNode* node = json_.find(pointer);
    if (node == nullptr || node->key.size() == 0) refuse(pointer, "is no member of an object");
    if (node->name == key) return {};
    return {replacement(node->key, utf8(quoted(key)))};
  }

  const JsonText& json_;
  TextStyle style_;
};

// The edits of a batch, of which as many as can be are computed from one reading of the text: those that touch
// different places, and do not change what the pointers of others mean.
class Batch {
 public:
  explicit Batch(const QByteArray& text) : text_(text) { read(); }

  void add(const Edit& edit) {
    if (moved_) flush();
    TextPatches patches = Patcher(*json_).of(edit);
    if (std::any_of(patches.begin(), patches.end(), [this](const TextPatch& patch) { return touches(patch); })) {
      flush();
      patches = Patcher(*json_).of(edit);
    }
    for (TextPatch& patch : patches) pending_.emplace(patch.offset, std::move(patch));
    moved_ = edit.kind != Edit::Kind::set || grows_list(edit.pointers.front());
  }

  TextPatches finish() {
    flush();
    return std::move(done_);
  }

 private:
  bool grows_list(const QString& pointer) const {
    const JsonNode* list = pointer.isEmpty() ? nullptr : json_->find(parent_of(pointer));
    return list != nullptr && list->kind == JsonNode::Kind::array && json_->find(pointer) == nullptr;
  }

  bool touches(const TextPatch& patch) const {
    const qsizetype end = patch.offset + patch.removed.size();
    auto next = pending_.lower_bound(patch.offset);
    if (next != pending_.end() && next->first <= end) return true;
    if (next == pending_.begin()) return false;
    --next;
    return next->first + next->second.removed.size() >= patch.offset;
  }

  // From the end of the text to its beginning, so that the offsets of those to come stay right.
  void flush() {
    moved_ = false;
    if (pending_.empty()) return;
    for (auto patch = pending_.rbegin(); patch != pending_.rend(); ++patch) {
      apply(patch->second, text_);
      done_.push_back(std::move(patch->second));
    }
    pending_.clear();
    read();
  }

  void read() {
    json_ = JsonText::read(text_);
    if (!json_) throw InputError("", "the text is not JSON", "correct it first");
  }

  QByteArray text_;
  std::optional<JsonText> json_;
  std::map<qsizetype, TextPatch> pending_;
  TextPatches done_;
  bool moved_ = false;
};

}  // namespace

void apply(const TextPatch& patch, QByteArray& text) {
  text.replace(patch.offset, patch.removed.size(), patch.inserted);
}

Edit Edit::set(const QString& pointer, const QString& json) {
  return {Kind::set, {pointer}, {json}, -1};
}

Edit Edit::insert(const QString& array, qsizetype index, const QStringList& json) {
  return {Kind::insert, {array}, json, index};
}

Edit Edit::remove(const QStringList& pointers) {
  return {Kind::remove, pointers, {}, -1};
}

Edit Edit::rename_key(const QString& pointer, const QString& key) {
  return {Kind::rename_key, {pointer}, {key}, -1};
}

TextPatches patches_for(const QByteArray& text, const Edits& edits) {
  if (edits.empty()) return {};
  Batch batch(text);
  for (const Edit& edit : edits) batch.add(edit);
  return batch.finish();
}

}  // namespace geomx::gui
