#pragma once

#include <QString>
#include <QStringList>

// Words of the catalogue that the schema does not have. By the last part of a property's path, or, where that means
// different things, by more of it. Internal to gui/model.
namespace geomx::gui::words {

QString label_of(const QString& path);         // "Batch size"
QString explanation_of(const QString& path);   // a sentence on what the term means; empty where it says itself
QStringList examples_of(const QString& path);  // of what is written as JSON
bool is_advanced(const QString& path);

}  // namespace geomx::gui::words
