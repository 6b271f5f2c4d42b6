#pragma once

#include <QByteArray>
#include <QObject>
#include <QUndoStack>
#include <memory>
#include <optional>

#include "emulator/scenario/scenario.h"
#include "gui/model/json_text.h"
#include "gui/model/problem.h"
#include "gui/model/text_patch.h"

namespace geomx::gui {

// A scenario that is being edited. Its text is the only truth: every edit is a patch of the text, every undo the
// inverse patch, and all that is shown is read from it; so a file that was opened and saved is the same file, with
// whatever in it the editor knows nothing about. For the GUI's thread.
class Document : public QObject {
  Q_OBJECT

 public:
  explicit Document(QObject* parent = nullptr);
  ~Document() override;

  const QByteArray& text() const;
  // Where files that the scenario names are looked for; also the name in messages. Empty: nowhere yet.
  const QString& path() const { return path_; }
  void set_path(const QString& path);

  // The text with the places of its values; null while it is not JSON. Valid until the next change.
  const JsonText* json() const;
  // The value at a pointer as a person would type it ("10Mbit", 0.80); nothing where there is none.
  std::optional<QString> typed(const QString& pointer) const;
  std::optional<Json> value(const QString& pointer) const;

  // All that is wrong with the text, in its order.
  const Problems& problems() const;
  // Those at a pointer or below it.
  Problems problems_within(const QString& pointer) const;
  // What the text means; null while there are problems.
  std::shared_ptr<const scenario::Scenario> scenario() const;
  // The same, written out whole by emulator/scenario: what `geomx-emu` would run. Empty while there are problems.
  QByteArray resolved() const;

  // --- Edits: each call is one step of the undo stack, with a name for people ("Set rate of wan-a to 10Mbit").

  // Nothing happens where the edits leave the text as it is. Throws InputError where they do not fit the text, which
  // then stays as it was.
  void edit(const QString& name, const Edits& edits);

  // The same, unless it would put something wrong into the document: a problem that was not there before, at one of
  // the pointers in `judged` or below them. Then the text stays, and what is returned says why. Never throws.
  std::optional<Problem> try_edit(const QString& name, const Edits& edits, const QStringList& judged);
  // What try_edit would say, without doing anything: for marking a field while somebody types.
  std::optional<Problem> judge(const Edits& edits, const QStringList& judged) const;

  // The whole text, as an editor of the text has it; broken text is welcome. One step.
  void replace_text(const QString& name, const QByteArray& text);

  // Edits that follow each other in the same series are one step together, with the last one's name: what a person
  // tries out one by one. While it lives, every edit of the document is part of `number`; 0: of none.
  class Series {
   public:
    Series(Document& document, int number) : document_(document) { document.series_ = number; }
    Series(const Series&) = delete;
    Series& operator=(const Series&) = delete;
    ~Series() { document_.series_ = 0; }
    static int fresh();  // a number that nobody has had

   private:
    Document& document_;
  };

  // A step may be undone through it, and other steps (positions) may be pushed. Never clear it: that is set_text's.
  QUndoStack& undo_stack() { return undo_stack_; }

  // Another document: a new text, and no steps to undo.
  void set_text(const QByteArray& text);

 signals:
  void changed();   // the text, and with it all that is read from it
  void replaced();  // by set_text, after changed()

 private:
  class PatchCommand;
  struct Reading;  // a text and what it means

  void take(const QByteArray& text);
  std::shared_ptr<const Reading> read(const QByteArray& text) const;

  QString path_;
  std::shared_ptr<const Reading> now_;
  mutable std::shared_ptr<const Reading> last_read_;  // a text that was judged is likely to be the next one
  QUndoStack undo_stack_;
  int series_ = 0;
};

}  // namespace geomx::gui
