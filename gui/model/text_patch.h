#pragma once

#include <QByteArray>
#include <QString>
#include <QStringList>
#include <optional>
#include <vector>

#include "gui/model/json_text.h"

// Edits of a JSON document as the smallest changes of its text: whatever an edit does not name keeps its bytes, its
// spelling of numbers and its layout, and what is new is laid out as its neighbours are. Pure.
namespace geomx::gui {

// Replaces `removed` at `offset` (bytes) by `inserted`.
struct TextPatch {
  qsizetype offset = 0;
  QByteArray removed;
  QByteArray inserted;
  TextPatch inverse() const { return {offset, inserted, removed}; }
};
using TextPatches = std::vector<TextPatch>;  // applied in order, each to what the one before has left

void apply(const TextPatch& patch, QByteArray& text);

// One change of the document. Pointers mean the document as the changes before have left it.
struct Edit {
  enum class Kind { set, insert, remove, rename_key };

  // The value at a pointer becomes `json`; what is missing on the way is made as objects. An index behind an array's
  // last element, or "-", appends.
  static Edit set(const QString& pointer, const QString& json);
  // Elements are put before `index` of an array, which is made where it is missing; -1: at its end.
  static Edit insert(const QString& array, qsizetype index, const QStringList& json);
  // All of them at once: the pointers mean the document before any of them is gone. What is not there is passed over.
  static Edit remove(const QStringList& pointers);
  // A member's key; its value and its place stay.
  static Edit rename_key(const QString& pointer, const QString& key);

  Kind kind = Kind::set;
  QStringList pointers;
  QStringList values;  // JSON texts; of rename_key the new key, plain
  qsizetype index = -1;
};
using Edits = std::vector<Edit>;

// Throws InputError where a pointer leads through what is no object or array, or a value is no JSON.
TextPatches patches_for(const QByteArray& text, const Edits& edits);

}  // namespace geomx::gui
