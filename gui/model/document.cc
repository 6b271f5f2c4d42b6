#include "gui/model/document.h"

#include <QUndoCommand>
#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "emulator/scenario/parse.h"
#include "emulator/scenario/write.h"

namespace geomx::gui {

struct Document::Reading {
  QByteArray text;
  QString path;
  std::optional<JsonText> json;
  Problems problems;
  std::shared_ptr<const scenario::Scenario> scenario;
};

class Document::PatchCommand : public QUndoCommand {
 public:
  PatchCommand(Document& document, const QString& name, TextPatches patches)
      : QUndoCommand(name), document_(document), patches_(std::move(patches)), series_(document.series_) {}

  int id() const override { return series_ == 0 ? -1 : kFirstId + series_; }

  void redo() override {
    QByteArray text = document_.text();
    for (const TextPatch& patch : patches_) apply(patch, text);
    document_.take(text);
  }

  void undo() override { document_.take(text_before()); }

  // Both have been done.
  bool mergeWith(const QUndoCommand* later) override {
    const auto* other = static_cast<const PatchCommand*>(later);  // of the same id
    patches_.insert(patches_.end(), other->patches_.begin(), other->patches_.end());
    setText(other->text());
    if (text_before() == document_.text()) setObsolete(true);  // there and back
    return true;
  }

 private:
  static constexpr int kFirstId = 1 << 20;  // smaller ones are those of moves

  QByteArray text_before() const {
    QByteArray text = document_.text();
    for (auto patch = patches_.rbegin(); patch != patches_.rend(); ++patch) apply(patch->inverse(), text);
    return text;
  }

  Document& document_;
  TextPatches patches_;
  int series_;
};

namespace {

Problem problem_of(const Error& error) {
  return {QString::fromStdString(error.where()), 0, 0, QString::fromStdString(error.what()),
          QString::fromStdString(error.hint())};
}

bool was_there(const Problem& problem, const Problems& before) {
  return std::any_of(before.begin(), before.end(), [&](const Problem& other) {
    return other.pointer == problem.pointer && other.what == problem.what;
  });
}

// The part in which two texts differ, as one patch.
TextPatch difference(const QByteArray& before, const QByteArray& after) {
  const auto [left, right] = std::mismatch(before.begin(), before.end(), after.begin(), after.end());
  const qsizetype begin = left - before.begin();
  qsizetype same = 0;
  const qsizetype most = std::min(before.size(), after.size()) - begin;
  while (same < most && before[before.size() - 1 - same] == after[after.size() - 1 - same]) ++same;
  return {begin, before.mid(begin, before.size() - begin - same), after.mid(begin, after.size() - begin - same)};
}

}  // namespace

int Document::Series::fresh() {
  static int last = 0;
  return ++last;
}

Document::Document(QObject* parent) : QObject(parent) {
  take({});
}

Document::~Document() {
  undo_stack_.blockSignals(true);  // whoever hears of its end would look at a document that is half gone
}

const QByteArray& Document::text() const {
  return now_->text;
}

const JsonText* Document::json() const {
  return now_->json ? &*now_->json : nullptr;
}

const Problems& Document::problems() const {
  return now_->problems;
}

std::shared_ptr<const scenario::Scenario> Document::scenario() const {
  return now_->scenario;
}

void Document::set_path(const QString& path) {
  if (path == path_) return;
  path_ = path;
  take(text());  // what the scenario names lies beside it
}

std::optional<QString> Document::typed(const QString& pointer) const {
  const JsonNode* node = json() != nullptr ? json()->find(pointer) : nullptr;
  if (node == nullptr) return std::nullopt;
  return json()->typed(*node);
}

std::optional<Json> Document::value(const QString& pointer) const {
  const JsonNode* node = json() != nullptr ? json()->find(pointer) : nullptr;
  if (node == nullptr) return std::nullopt;
  return json()->json(*node);
}

Problems Document::problems_within(const QString& pointer) const {
  Problems within;
  std::copy_if(problems().begin(), problems().end(), std::back_inserter(within),
               [&](const Problem& problem) { return is_within(problem.pointer, pointer); });
  return within;
}

QByteArray Document::resolved() const {
  return scenario() ? QByteArray::fromStdString(scenario::write(*scenario())) : QByteArray();
}

void Document::edit(const QString& name, const Edits& edits) {
  TextPatches patches = patches_for(text(), edits);
  if (!patches.empty()) undo_stack_.push(new PatchCommand(*this, name, std::move(patches)));
}

std::optional<Problem> Document::try_edit(const QString& name, const Edits& edits, const QStringList& judged) {
  std::optional<Problem> problem = judge(edits, judged);
  if (!problem) edit(name, edits);
  return problem;
}

std::optional<Problem> Document::judge(const Edits& edits, const QStringList& judged) const {
  QByteArray candidate = text();
  try {
    for (const TextPatch& patch : patches_for(text(), edits)) apply(patch, candidate);
  } catch (const Error& error) {
    return problem_of(error);
  }
  for (const Problem& problem : read(candidate)->problems) {
    const bool is_judged = std::any_of(judged.begin(), judged.end(),
                                       [&](const QString& pointer) { return is_within(problem.pointer, pointer); });
    if (is_judged && !was_there(problem, problems())) return problem;
  }
  return std::nullopt;
}

void Document::replace_text(const QString& name, const QByteArray& text) {
  if (text == this->text()) return;
  undo_stack_.push(new PatchCommand(*this, name, {difference(this->text(), text)}));
}

void Document::set_text(const QByteArray& text) {
  undo_stack_.clear();
  take(text);
  emit replaced();
}

void Document::take(const QByteArray& text) {
  now_ = read(text);
  emit changed();
}

std::shared_ptr<const Document::Reading> Document::read(const QByteArray& text) const {
  if (last_read_ && last_read_->text == text && last_read_->path == path_) return last_read_;
  auto reading = std::make_shared<Reading>();
  reading->text = text;
  reading->path = path_;
  reading->json = JsonText::read(text);
  const std::string path = path_.isEmpty() ? "scenario.json" : path_.toStdString();
  try {
    reading->scenario = std::make_shared<scenario::Scenario>(
        scenario::parse(std::string_view(text.constData(), static_cast<std::size_t>(text.size())), path));
  } catch (const scenario::ScenarioErrors& errors) {
    for (const scenario::ScenarioErrors::Finding& finding : errors.findings()) {
      reading->problems.append({QString::fromStdString(finding.pointer), finding.line, finding.column,
                                QString::fromStdString(finding.what), QString::fromStdString(finding.hint)});
    }
  } catch (const Error& error) {
    reading->problems.append(problem_of(error));
  }
  last_read_ = reading;
  return reading;
}

}  // namespace geomx::gui
