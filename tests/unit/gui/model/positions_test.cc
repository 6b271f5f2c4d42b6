#include "gui/model/positions.h"

#include <QRectF>
#include <cmath>

#include "gui/model/exchange.h"
#include "tests/unit/gui/model/fixture.h"

namespace geomx::gui {
namespace {

int overlaps(const LayoutGraph& graph, const std::vector<QPointF>& centers) {
  int found = 0;
  const auto box = [&](std::size_t i) {
    QRectF rect({}, graph.vertices[i].size);
    rect.moveCenter(centers[i]);
    return rect;
  };
  for (std::size_t i = 0; i < centers.size(); ++i) {
    for (std::size_t j = i + 1; j < centers.size(); ++j) {
      if (box(i).intersects(box(j))) ++found;
    }
  }
  return found;
}

LayoutGraph graph_of(int vertices, std::vector<std::pair<int, int>> edges) {
  LayoutGraph graph;
  graph.vertices.resize(static_cast<std::size_t>(vertices));
  graph.edges = std::move(edges);
  return graph;
}

struct NamedGraph {
  const char* name;
  LayoutGraph graph;
};

LayoutGraph template_graph(const char* name, const QList<int>& numbers) {
  Desk desk(make_template(name, numbers));
  EXPECT_TRUE(desk.problems().isEmpty()) << desk.problems().join('\n').toStdString();
  const Positions positions(desk.model);
  QStringList ids;
  for (const QString& id : desk.model.ids()) {
    if (desk.model.link(id) == nullptr) ids.append(id);
  }
  return positions.graph(ids);
}

std::vector<NamedGraph> graphs() {
  return {{"nothing", graph_of(0, {})},
          {"one", graph_of(1, {{0, 0}})},
          {"two", graph_of(2, {{0, 1}, {0, 1}})},
          {"apart", graph_of(7, {{0, 1}, {2, 3}, {3, 4}})},
          {"complete", graph_of(12,
                                [] {
                                  std::vector<std::pair<int, int>> edges;
                                  for (int i = 0; i < 12; ++i) {
                                    for (int j = 0; j < i; ++j) edges.emplace_back(i, j);
                                  }
                                  return edges;
                                }())},
          {"star", template_graph("star", {80})},
          {"tree", template_graph("tree", {40, 3})},
          {"fat tree", template_graph("fat-tree", {16, 4})},
          {"abilene", template_graph("wan:abilene", {0})}};
}

TEST(Layout, NothingOverlapsAndTheSameGraphGivesTheSamePicture) {
  for (const auto& [name, graph] : graphs()) {
    for (const Layout layout : {Layout::force, Layout::circle, Layout::tree, Layout::map}) {
      const std::vector<QPointF> centers = lay_out(layout, graph);
      ASSERT_EQ(centers.size(), graph.vertices.size());
      for (const QPointF& center : centers) ASSERT_TRUE(std::isfinite(center.x()) && std::isfinite(center.y())) << name;
      EXPECT_EQ(overlaps(graph, centers), 0) << name << ", layout " << static_cast<int>(layout);
      EXPECT_EQ(centers, lay_out(layout, graph)) << name;
    }
  }
}

TEST(Layout, ForcesBringNearWhatIsJoined) {
  const LayoutGraph graph = template_graph("tree", {40, 3});
  const std::vector<QPointF> centers = lay_out_force(graph);
  const auto distance = [&](std::size_t a, std::size_t b) {
    return std::hypot(centers[a].x() - centers[b].x(), centers[a].y() - centers[b].y());
  };
  double joined = 0;
  for (const auto& [a, b] : graph.edges) joined += distance(static_cast<std::size_t>(a), static_cast<std::size_t>(b));
  joined /= static_cast<double>(graph.edges.size());
  double any = 0;
  for (std::size_t i = 0; i < centers.size(); ++i) any += distance(i, (i + centers.size() / 2) % centers.size());
  any /= static_cast<double>(centers.size());
  EXPECT_LT(joined, any / 2);
}

// A canvas is wider than high.
TEST(Layout, ForcesUseTheWidth) {
  std::vector<std::pair<int, int>> chain;
  std::vector<std::pair<int, int>> ring{{0, 23}};
  for (int i = 1; i < 24; ++i) {
    chain.emplace_back(i - 1, i);
    ring.emplace_back(i - 1, i);
  }
  const auto shape = [](const LayoutGraph& graph) {
    QRectF all;
    const std::vector<QPointF> centers = lay_out_force(graph);
    for (std::size_t i = 0; i < centers.size(); ++i) {
      const QSizeF size = graph.vertices[i].size;
      all |= QRectF(centers[i] - QPointF(size.width(), size.height()) / 2, size);
    }
    return all.width() / all.height();
  };
  EXPECT_GT(shape(graph_of(24, chain)), 1.25);
  EXPECT_GT(shape(graph_of(24, ring)), 1.25);
  EXPECT_GT(shape(template_graph("tree", {40, 3})), 1.2);
  EXPECT_GT(shape(template_graph("waxman", {30, 30, 5})), 1.2);
}

TEST(Layout, ATreeHasItsCenterOnTopAndChildrenBelow) {
  const std::vector<QPointF> centers = lay_out_tree(graph_of(7, {{0, 1}, {0, 2}, {1, 3}, {1, 4}, {2, 5}, {2, 6}}));
  for (const auto& [parent, child] : {std::pair{0, 1}, {0, 2}, {1, 3}, {1, 4}, {2, 5}, {2, 6}}) {
    EXPECT_LT(centers[static_cast<std::size_t>(parent)].y(), centers[static_cast<std::size_t>(child)].y());
  }
  EXPECT_DOUBLE_EQ(centers[0].x(), (centers[1].x() + centers[2].x()) / 2);
}

TEST(Layout, TheMapHasNorthAboveAndEastToTheRight) {
  LayoutGraph graph = graph_of(4, {{0, 1}, {2, 3}});
  graph.vertices[0].place = QPointF(-74.0, 40.7);   // New York
  graph.vertices[1].place = QPointF(-122.4, 37.8);  // San Francisco
  graph.vertices[2].place = QPointF(-87.6, 41.9);   // Chicago; 3 is nowhere
  std::vector<QPointF> centers = lay_out_map(graph);
  EXPECT_LT(centers[1].x(), centers[2].x());
  EXPECT_LT(centers[2].x(), centers[0].x());
  EXPECT_LT(centers[2].y(), centers[1].y());
  EXPECT_LT(std::abs(centers[3].x() - centers[2].x()), std::abs(centers[3].x() - centers[1].x()));

  graph = graph_of(2, {{0, 1}});
  graph.vertices[0].place = QPointF(139.7, 35.7);   // Tokyo
  graph.vertices[1].place = QPointF(-118.2, 34.1);  // Los Angeles: the Pacific is between them
  centers = lay_out_map(graph);
  EXPECT_LT(centers[0].x(), centers[1].x());
}

TEST(Layout, AThousandNodesAreLaidOutInSeconds) {
  const LayoutGraph graph = template_graph("waxman", {300, 300, 5});
  EXPECT_EQ(overlaps(graph, lay_out_force(graph)), 0);
}

TEST(Positions, DragsAreOneStepAndNewcomersGetAPlace) {
  Desk desk(example("three-dc.json"));
  Positions positions(desk.model);
  const QPointF before = positions.of("a");
  EXPECT_NE(before, positions.of("b"));
  for (int i = 1; i <= 10; ++i) positions.move({{"a", before + QPointF(i, i)}}, 7);
  EXPECT_EQ(desk.document.undo_stack().count(), 1);
  EXPECT_EQ(desk.last_step(), "Move a");
  positions.move({{"a", before}}, 8);
  EXPECT_EQ(desk.document.undo_stack().count(), 2);
  desk.document.undo_stack().undo();
  EXPECT_EQ(positions.of("a"), before + QPointF(10, 10));
  desk.document.undo_stack().undo();
  EXPECT_EQ(positions.of("a"), before);

  const QString added = desk.model.add_datacenter("new");
  EXPECT_GT(positions.of(added).y(), positions.of("central").y());
  positions.place(added, {5, 6});
  EXPECT_EQ(desk.model.rename(added, "newer"), std::nullopt);
  EXPECT_EQ(positions.of("newer"), QPointF(5, 6));
  desk.document.undo_stack().undo();
  EXPECT_EQ(positions.of("new"), QPointF(5, 6));
  desk.model.remove({"new"});
  desk.document.undo_stack().undo();
  EXPECT_EQ(positions.of("new"), QPointF(5, 6)) << "it comes back to where it was";
}

TEST(Positions, TheSidecarKeepsThem) {
  Desk desk(example("three-dc.json"));
  Positions positions(desk.model);
  positions.saved();
  EXPECT_FALSE(positions.is_modified());
  positions.move({{"a", {11, 12}}, {"b", {-100, 7}}});
  positions.set_collapsed("b", true);
  EXPECT_TRUE(positions.is_modified());
  const QByteArray sidecar = positions.written();

  Desk other(example("three-dc.json"));
  Positions read(other.model);
  read.read(sidecar);
  EXPECT_EQ(read.of("a"), QPointF(11, 12));
  EXPECT_TRUE(read.is_collapsed("b"));
  EXPECT_FALSE(read.is_modified());
  EXPECT_EQ(read.written(), sidecar);
  for (const char* broken : {"", "{", "[]", R"({"positions": {"a": "here", "b": [1]}})"}) {
    read.read(broken);
    EXPECT_NE(read.of("a"), read.of("b")) << broken;
  }
}

TEST(Positions, ArrangingIsOneStep) {
  Desk desk(example("hundred-workers.json"));
  Positions positions(desk.model);
  const QPointF before = positions.of("central");
  positions.arrange(Layout::circle);
  EXPECT_EQ(desk.last_step(), "Arrange in a circle");
  EXPECT_EQ(desk.document.undo_stack().count(), 1);
  EXPECT_NE(positions.of("central"), before);
  desk.undo_all();
  EXPECT_EQ(positions.of("central"), before);
}

}  // namespace
}  // namespace geomx::gui
