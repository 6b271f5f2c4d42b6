// The window in Chinese: nothing that is meant to be read is left in English.
#include <gtest/gtest.h>

#include <QAbstractButton>
#include <QFile>
#include <QLabel>
#include <QTabWidget>
#include <QTest>
#include <QTranslator>
#include <QXmlStreamReader>

#include "gui/model/catalogue.h"
#include "gui/panels/inspector.h"
#include "gui/window/template_dialog.h"

namespace geomx::gui {
namespace {

// The words as they are in the source tree: the .qm files that a build makes of them are in geomx-gui alone.
class Words : public QTranslator {
 public:
  explicit Words(const QString& path) {
    QFile file(path);
    EXPECT_TRUE(file.open(QIODevice::ReadOnly)) << path.toStdString();
    QXmlStreamReader xml(&file);
    QString context;
    QString source;
    while (!xml.atEnd()) {
      if (xml.readNext() != QXmlStreamReader::StartElement) continue;
      if (xml.name() == QLatin1String("name")) context = xml.readElementText();
      if (xml.name() == QLatin1String("source")) source = xml.readElementText();
      if (xml.name() == QLatin1String("translation")) {
        const bool unfinished = xml.attributes().hasAttribute(QLatin1String("type"));
        const QString words = xml.readElementText(QXmlStreamReader::IncludeChildElements).trimmed();
        if (unfinished || words.isEmpty()) untranslated_.append(source);
        words_.insert({context, source}, words);
      }
    }
    EXPECT_FALSE(xml.hasError()) << xml.errorString().toStdString();
  }
  QString translate(const char* context, const char* source, const char* /*disambiguation*/, int n) const override {
    return words_.value({QString::fromUtf8(context), QString::fromUtf8(source)})
        .replace(QStringLiteral("%n"), QString::number(n));
  }
  bool isEmpty() const override { return words_.isEmpty(); }
  const QStringList& untranslated() const { return untranslated_; }

 private:
  QHash<std::pair<QString, QString>, QString> words_;
  QStringList untranslated_;
};

bool is_chinese(const QString& text) {
  return std::any_of(text.begin(), text.end(), [](QChar c) { return c.script() == QChar::Script_Han; });
}

class Languages : public testing::Test {
 protected:
  // Before anything asks for a word: what a template is called is asked once.
  static void SetUpTestSuite() {
    words_ = new Words(QString::fromUtf8(qgetenv("GEOMX_SOURCE")) + "/gui/translations/geomx_zh_CN.ts");
    QCoreApplication::installTranslator(words_);
  }
  static void TearDownTestSuite() {
    QCoreApplication::removeTranslator(words_);
    delete words_;
  }
  static Words* words_;
};
Words* Languages::words_ = nullptr;

TEST_F(Languages, TemplatesAreChineseWithTheirFieldsAndTips) {
  TemplateDialog dialog;
  dialog.show();
  for (int row = 0; row < dialog.list()->count(); ++row) {
    EXPECT_TRUE(is_chinese(dialog.list()->item(row)->text())) << dialog.list()->item(row)->text().toStdString();
    dialog.list()->setCurrentRow(row);
    QApplication::processEvents();
    for (const QLabel* label : dialog.findChildren<QLabel*>()) {
      if (label->isVisible() && !label->text().isEmpty()) {
        EXPECT_TRUE(is_chinese(label->text())) << label->text().toStdString();
      }
    }
    for (const QSpinBox* box : dialog.findChildren<QSpinBox*>()) {
      EXPECT_TRUE(is_chinese(box->toolTip())) << box->toolTip().toStdString();
    }
  }
}

// But for what is called the same in every language.
TEST_F(Languages, EveryPropertyHasAName) {
  const QStringList names{"DC-ASGD", "DC-ASGD λ", "DGT", "ECN", "MTU", "P3", "TSEngine"};
  for (int section = 0; section <= static_cast<int>(Section::command); ++section) {
    for (const Property& property : properties(static_cast<Section>(section))) {
      EXPECT_TRUE(is_chinese(property.label) || names.contains(property.label))
          << property.path.toStdString() << " is called " << property.label.toStdString();
    }
  }
}

TEST_F(Languages, NothingIsLeftToTranslate) {
  EXPECT_EQ(words_->untranslated(), QStringList()) << words_->untranslated().join(QLatin1Char('\n')).toStdString();
}

TEST_F(Languages, TheInspectorsPagesAreChinese) {
  Document document;
  TopologyModel model(document);
  QFile file(QString::fromUtf8(qgetenv("GEOMX_SOURCE")) + "/scenarios/three-dc.json");
  ASSERT_TRUE(file.open(QIODevice::ReadOnly));
  document.set_text(file.readAll());
  Inspector inspector(model);
  inspector.QWidget::show();
  for (const QStringList& shown : {QStringList(), QStringList{"a"}, QStringList{"link:wan-a"}}) {
    inspector.show(shown);
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    auto* pages = inspector.findChild<QTabWidget*>(QStringLiteral("pages"));
    for (int i = 0; i < pages->count(); ++i) {
      const QString title = pages->tabText(i);
      const bool names_something = title == QLatin1String("JSON") || title.contains(QChar(0x2192));  // "central -> a"
      EXPECT_TRUE(names_something || is_chinese(title)) << title.toStdString();
    }
    for (const QAbstractButton* button : inspector.findChildren<QAbstractButton*>()) {
      const bool is_arrow = button->text().size() < 2;
      EXPECT_TRUE(is_arrow || is_chinese(button->text())) << button->text().toStdString();
    }
  }
}

}  // namespace
}  // namespace geomx::gui
