#include "gui/model/document.h"

#include <algorithm>
#include <random>

#include "tests/unit/gui/model/fixture.h"

namespace geomx::gui {
namespace {

TEST(Document, EveryExampleIsWholeAndUnchanged) {
  for (const QString& path : example_paths()) {
    const QByteArray text = read_bytes(path);
    Document document;
    document.set_path(path);
    document.set_text(text);
    EXPECT_EQ(document.text(), text) << path.toStdString();
    EXPECT_TRUE(document.problems().isEmpty()) << path.toStdString();
    ASSERT_NE(document.scenario(), nullptr) << path.toStdString();
    EXPECT_EQ(document.resolved().toStdString(),
              scenario::write(scenario::parse(text.toStdString(), path.toStdString())));
  }
}

TEST(Document, ABrokenFileOpensWithItsProblems) {
  Desk desk("{\"version\": 1,\n  \"name\": \"x\"\n  \"topology\": {}}");
  EXPECT_EQ(desk.document.json(), nullptr);
  EXPECT_EQ(desk.document.scenario(), nullptr);
  ASSERT_EQ(desk.document.problems().size(), 1);
  EXPECT_EQ(desk.document.problems()[0].line, 3);
  EXPECT_EQ(desk.document.problems()[0].column, 3);
  EXPECT_EQ(desk.document.problems()[0].hint, "a comma is missing before it");

  desk.document.set_text(R"({"version": 1, "name": "X!", "topology": {"datacenters": [{"name": "a", "hosts": "many"}]},
    "colour": "red"})");
  EXPECT_EQ(desk.problems().size(), 3) << desk.problems().join('\n').toStdString();
  EXPECT_EQ(desk.document.problems_within("/topology").size(), 1);
  EXPECT_EQ(desk.document.problems_within("/topology")[0].pointer, "/topology/datacenters/0/hosts");
  EXPECT_EQ(desk.document.problems_within("/topo").size(), 0);
}

TEST(Document, AnInvalidValueNeverReachesTheText) {
  const QByteArray text = example("three-dc.json");
  Desk desk(text);
  const auto refused = desk.document.try_edit("Set rate", {Edit::set("/topology/links/0/rate", "\"10 megs\"")},
                                              {"/topology/links/0/rate"});
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->pointer, "/topology/links/0/rate");
  EXPECT_FALSE(refused->what.isEmpty());
  EXPECT_EQ(desk.document.text(), text);
  EXPECT_FALSE(desk.document.undo_stack().canUndo());

  EXPECT_EQ(desk.document.try_edit("Set rate", {Edit::set("/topology/links/0/rate", "\"10Mbit\"")},
                                   {"/topology/links/0/rate"}),
            std::nullopt);
  EXPECT_EQ(desk.document.undo_stack().undoText(), "Set rate");
}

// A problem that was there before is not the edit's.
TEST(Document, OnlyNewProblemsAreJudged) {
  Desk desk(R"({"version": 1, "name": "x", "topology": {"nodes": [{"name": "a"}, {"name": "b"}],
    "links": [{"ends": ["a", "c"], "rate": "fast"}]}})");
  EXPECT_EQ(desk.problems().size(), 2);
  EXPECT_EQ(desk.document.judge({Edit::set("/topology/links/0/delay", "\"1ms\"")}, {"/topology/links/0"}),
            std::nullopt);
  EXPECT_NE(desk.document.judge({Edit::set("/topology/links/0/delay", "\"1\"")}, {"/topology/links/0"}), std::nullopt);
}

TEST(Document, UnchangedIsNoStep) {
  Desk desk(example("three-dc.json"));
  desk.document.edit("Nothing", {Edit::set("/seed", "7"), Edit::remove({"/nothing"})});
  EXPECT_FALSE(desk.document.undo_stack().canUndo());
}

TEST(Document, AWholeNewTextIsOneStep) {
  const QByteArray text = example("iperf.json");
  Desk desk(text);
  QByteArray other = text;
  other.replace("100Mbit", "90Mbit");
  desk.document.replace_text("Edit the text", other);
  EXPECT_EQ(desk.document.text(), other);
  desk.document.replace_text("Break it", "{");
  EXPECT_EQ(desk.document.text(), "{");
  desk.undo_all();
  EXPECT_EQ(desk.document.text(), text);
  EXPECT_NE(desk.document.scenario(), nullptr);
  desk.redo_all();
  EXPECT_EQ(desk.document.text(), "{");
}

// --- 300 edits at random, undone and redone

class RandomEdits {
 public:
  RandomEdits(Desk& desk, unsigned seed) : desk_(desk), random_(seed) {}

  void one() {
    const QStringList ids = desk_.model.ids();
    const QString id = ids.isEmpty() ? QString() : pick(ids);
    switch (below(14)) {
      case 0:
        desk_.model.add_datacenter();
        break;
      case 1:
        desk_.model.add_node(pick(QList<ItemKind>{ItemKind::host, ItemKind::router, ItemKind::switch_}));
        break;
      case 2:
      case 3:
        if (ids.size() > 1) desk_.model.connect(pick(ids), pick(ids), {{"rate", "\"5Mbit\""}});
        break;
      case 4:
        if (ids.size() > 12) desk_.model.remove({id, pick(ids)});
        break;
      case 5:
        if (!id.isEmpty()) desk_.model.rename(id, QStringLiteral("n%1").arg(below(40)));
        break;
      case 6:
        if (!ids.isEmpty() && ids.size() < 60) desk_.model.duplicate({id, pick(ids)});
        break;
      case 7:
        set_on_links();
        break;
      case 8:
        desk_.model.set_preset(links(), pick(QStringList{"leo-satellite", "", "adsl"}));
        break;
      case 9:
        desk_.model.set_value(pick(QStringList{"/seed", "/training/epochs", "/training/rounds", "/description"}),
                              pick(QStringList{"3", "", "\"text \\u00e9\""}));
        break;
      case 10:
        desk_.model.set_party(
            id, below(2) == 0 ? std::optional<PartyItem>() : PartyItem{{}, below(2), 1 + below(2), below(4)});
        break;
      case 11:
        desk_.model.append("/events", R"({"at": "1s", "link": "wan-a", "down": "5s"})");
        desk_.model.move_element("/events", below(3), below(3));
        break;
      case 12:
        desk_.model.remove_element("/events", below(3));
        break;
      default:
        if (below(2) == 0) {
          desk_.model.add_training();
        } else {
          desk_.model.set_value("/topology/routing", pick(QStringList{"\"static\"", "", "\"nonsense\""}));
        }
    }
  }

 private:
  int below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random_); }
  template <class T>
  T pick(const QList<T>& list) {
    return list[below(static_cast<int>(list.size()))];
  }
  QStringList links() {
    QStringList some;
    for (const LinkItem& link : desk_.model.links()) {
      if (below(2) == 0) some.append(link.id);
    }
    return some;
  }
  void set_on_links() {
    desk_.model.set_property(links(),
                             pick(QStringList{"rate", "forward/rate", "backward/delay", "loss", "gilbert_elliott/p"}),
                             pick(QStringList{"\"7Mbit\"", "\"3%\"", "\"20ms\"", "", "12"}));
  }

  Desk& desk_;
  std::mt19937 random_;
};

class UndoTest : public testing::TestWithParam<int> {};

TEST_P(UndoTest, ThreeHundredEditsAndAsManyUndosGiveTheSameBytes) {
  const QStringList paths = example_paths();
  const QByteArray text = read_bytes(paths[GetParam() % paths.size()]);
  Desk desk(text);
  RandomEdits edits(desk, static_cast<unsigned>(GetParam()));
  QList<QByteArray> texts{text};
  for (int tries = 0; texts.size() <= 300 && tries < 3000; ++tries) {
    edits.one();
    ASSERT_NE(desk.document.json(), nullptr) << "an edit broke the text:\n" << desk.document.text().toStdString();
    while (texts.size() <= desk.document.undo_stack().index()) texts.append(desk.document.text());
  }
  ASSERT_GE(desk.document.undo_stack().count(), 300);
  const QByteArray last = desk.document.text();
  while (desk.document.undo_stack().canUndo()) desk.document.undo_stack().undo();
  EXPECT_EQ(desk.document.text(), text);
  desk.redo_all();
  EXPECT_EQ(desk.document.text(), last);
  const TopologyModel fresh(desk.document);
  EXPECT_EQ(desk.model.ids(), fresh.ids());
}
INSTANTIATE_TEST_SUITE_P(Seeds, UndoTest, testing::Range(1, 6));

// The items that signals tell of are those that there are.
TEST(TopologyModel, SignalsKeepAMirrorRight) {
  Desk desk(example("playground.json"));
  QStringList mirror = desk.model.ids();
  QObject::connect(&desk.model, &TopologyModel::item_added, [&](const QString& id) { mirror.append(id); });
  QObject::connect(&desk.model, &TopologyModel::item_removed,
                   [&](const QString& id) { EXPECT_TRUE(mirror.removeOne(id)) << id.toStdString(); });
  QObject::connect(&desk.model, &TopologyModel::item_renamed, [&](const QString& from, const QString& to) {
    ASSERT_TRUE(mirror.contains(from)) << from.toStdString();
    mirror[mirror.indexOf(from)] = to;
  });
  QObject::connect(&desk.model, &TopologyModel::item_changed,
                   [&](const QString& id) { EXPECT_TRUE(mirror.contains(id)) << id.toStdString(); });
  const auto sorted = [](QStringList list) {
    std::sort(list.begin(), list.end());
    return list;
  };
  RandomEdits edits(desk, 11);
  for (int i = 0; i < 400; ++i) {
    edits.one();
    if (i % 3 == 0) desk.document.undo_stack().undo();
    ASSERT_EQ(sorted(mirror), sorted(desk.model.ids())) << "after " << desk.last_step().toStdString();
  }
}

}  // namespace
}  // namespace geomx::gui
