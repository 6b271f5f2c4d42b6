#include "gui/panels/inspector_pages.h"

#include <QCheckBox>
#include <QCoreApplication>
#include <QGroupBox>
#include <QPushButton>
#include <QScrollArea>
#include <QVBoxLayout>

#include "gui/panels/bindings.h"
#include "gui/panels/fragment_editor.h"
#include "gui/panels/list_editor.h"
#include "gui/panels/property_form.h"

namespace geomx::gui {
namespace {

struct Words {
  Q_DECLARE_TR_FUNCTIONS(geomx::gui::InspectorPages)
};

// Something that may be longer than the panel is high.
QScrollArea* scrolled(QWidget* content, QWidget* parent) {
  auto* area = new QScrollArea(parent);
  area->setWidgetResizable(true);
  area->setFrameShape(QFrame::NoFrame);
  area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  area->setWidget(content);
  return area;
}

InspectorPage page(const QString& title, QWidget* content, const QList<PropertyForm*>& forms, QWidget* parent) {
  return {title, scrolled(content, parent),
          [forms] {
            for (PropertyForm* form : forms) form->refresh();
          },
          [forms](const QString& path) -> PropertyField* {
            for (PropertyForm* form : forms) {
              if (PropertyField* field = form->reveal(path)) return field;
            }
            return nullptr;
          }};
}

InspectorPage form_page(const QString& title, PropertyForm* form, QWidget* parent) {
  return page(title, form, {form}, parent);
}

// An item's place in the file, for what has no field.
InspectorPage fragment_page(TopologyModel& model, const QString& id, QWidget* parent) {
  const auto pointer = [&model, id] { return model.find(id) == nullptr ? QString() : model.find(id)->pointer; };
  const auto edits = [pointer](const QString& json) { return Edits{Edit::set(pointer(), json)}; };
  auto* editor = new FragmentEditor(
      {[&model, id] { return model.find(id) == nullptr ? QString() : QString::fromUtf8(model.find(id)->text); },
       [&model, pointer, edits](const QString& json) { return model.document().judge(edits(json), {pointer()}); },
       [&model, pointer, edits](const QString& json) {
         return model.document().try_edit(Words::tr("Edit as JSON"), edits(json), {pointer()});
       }},
      parent);
  return {Words::tr("JSON"), editor, [editor] { editor->refresh(); }, [](const QString&) { return nullptr; }};
}

PropertyForm::Bind item_bind(TopologyModel& model, const QStringList& ids) {
  return [&model, ids](const Property& property, const QString& path) -> std::optional<Binding> {
    if (property.path == QLatin1String("ends")) return std::nullopt;  // drawn
    if (path == QLatin1String("name")) {
      return ids.size() == 1 ? std::optional<Binding>(name_binding(model, ids.front())) : std::nullopt;
    }
    if (path == QLatin1String("preset")) return preset_binding(model, ids);
    return property_binding(model, ids, path);
  };
}

// The part of data centers in the training job.
QGroupBox* party_box(TopologyModel& model, const QStringList& ids, PropertyForm*& form,
                     std::function<void()>& refresh) {
  auto* box = new QGroupBox(Words::tr("Training"));
  auto* column = new QVBoxLayout(box);
  auto* takes_part = new QCheckBox(Words::tr("Takes part in the training"), box);
  takes_part->setObjectName(QStringLiteral("takes_part"));
  form = new PropertyForm(
      Section::party, QStringLiteral("party/"),
      [&model, ids](const Property& property, const QString&) -> std::optional<Binding> {
        if (property.path == QLatin1String("datacenter")) return std::nullopt;
        return party_binding(model, ids, property.path);
      },
      box);
  column->addWidget(takes_part);
  column->addWidget(form);
  refresh = [&model, ids, takes_part, fields = form] {
    qsizetype count = 0;
    for (const QString& id : ids) {
      if (model.datacenter(id) != nullptr && model.datacenter(id)->party) ++count;
    }
    const QSignalBlocker quiet(takes_part);
    takes_part->setCheckState(count == 0 ? Qt::Unchecked : count == ids.size() ? Qt::Checked : Qt::PartiallyChecked);
    fields->setVisible(count > 0);
  };
  QObject::connect(takes_part, &QCheckBox::clicked, form, [&model, ids, refresh](bool checked) {
    for (const QString& id : ids) {
      const bool has = model.datacenter(id) != nullptr && model.datacenter(id)->party;
      if (has == checked) continue;
      const PartyItem newcomer{{}, 0, 1, 1};
      model.set_party(id, checked ? std::optional<PartyItem>(newcomer) : std::nullopt);
    }
    refresh();
  });
  refresh();
  return box;
}

InspectorPage list_page(TopologyModel& model, const QString& title, Section section, const QString& list,
                        std::function<QString()> fresh, QWidget* parent) {
  auto* editor = new ListEditor(model, section, list, std::move(fresh));
  return {title, scrolled(editor, parent), [editor] { editor->refresh(); },
          [editor, list](const QString& path) -> PropertyField* {
            if (!is_within(path, list) || path == list) return nullptr;
            const QString rest = path.mid(list.size() + 1);
            editor->choose(rest.section(QLatin1Char('/'), 0, 0).toInt());
            return editor->reveal(rest.section(QLatin1Char('/'), 1));
          }};
}

PropertyForm::Bind document_bind(TopologyModel& model) {
  return
      [&model](const Property&, const QString& path) -> std::optional<Binding> { return value_binding(model, path); };
}

InspectorPage training_page(TopologyModel& model, QWidget* parent) {
  const bool has_training =
      model.document().json() != nullptr && model.document().json()->find(QStringLiteral("/training")) != nullptr;
  auto* content = new QWidget(parent);
  auto* column = new QVBoxLayout(content);
  auto* button =
      new QPushButton(has_training ? Words::tr("Remove the training job") : Words::tr("Add a training job"), content);
  button->setObjectName(has_training ? QStringLiteral("remove_training") : QStringLiteral("add_training"));
  QList<PropertyForm*> forms;
  if (has_training) {
    forms.append(new PropertyForm(Section::training, QStringLiteral("/training/"), document_bind(model), content));
    column->addWidget(forms.front());
  }
  column->addWidget(button);
  column->addStretch();
  // Later: the button goes with the page that the click replaces.
  QObject::connect(
      button, &QPushButton::clicked, &model,
      [&model, has_training] {
        if (has_training) {
          model.remove_training();
        } else {
          model.add_training();
        }
      },
      Qt::QueuedConnection);
  return page(Words::tr("Training"), content, forms, parent);
}

QString first_link(const TopologyModel& model) {
  return model.links().empty() ? QString() : model.links().front().name;
}

}  // namespace

QList<InspectorPage> pages_of_links(TopologyModel& model, const QStringList& ids, QWidget* parent) {
  const PropertyForm::Bind bind = item_bind(model, ids);
  const LinkItem* link = ids.size() == 1 ? model.link(ids.front()) : nullptr;
  const QString arrow = QStringLiteral("%1 \u2192 %2");
  const QString there = link == nullptr ? Words::tr("Forward") : arrow.arg(link->ends[0], link->ends[1]);
  const QString back = link == nullptr ? Words::tr("Backward") : arrow.arg(link->ends[1], link->ends[0]);
  QList<InspectorPage> pages{
      form_page(Words::tr("Both directions"), new PropertyForm(Section::link, {}, bind), parent),
      form_page(there, new PropertyForm(Section::direction, QStringLiteral("forward/"), bind), parent),
      form_page(back, new PropertyForm(Section::direction, QStringLiteral("backward/"), bind), parent)};
  if (link != nullptr) pages.append(fragment_page(model, ids.front(), parent));
  return pages;
}

QList<InspectorPage> pages_of_datacenters(TopologyModel& model, const QStringList& ids, QWidget* parent) {
  const PropertyForm::Bind bind = item_bind(model, ids);
  auto* content = new QWidget;
  auto* column = new QVBoxLayout(content);
  auto* form = new PropertyForm(Section::datacenter, {}, bind, content);
  PropertyForm* party = nullptr;
  std::function<void()> refresh_party;
  column->addWidget(form);
  column->addWidget(party_box(model, ids, party, refresh_party));
  column->addStretch();
  InspectorPage first = page(Words::tr("Data center"), content, {form, party}, parent);
  first.refresh = [refresh_forms = first.refresh, refresh_party] {
    refresh_forms();
    refresh_party();
  };
  QList<InspectorPage> pages{
      first, form_page(Words::tr("LAN"),
                       new PropertyForm(Section::lan, QStringLiteral("lan/"),
                                        [&model, ids](const Property&, const QString& path) {
                                          return std::optional<Binding>(property_binding(model, ids, path));
                                        }),
                       parent)};
  if (ids.size() == 1) pages.append(fragment_page(model, ids.front(), parent));
  return pages;
}

QList<InspectorPage> pages_of_nodes(TopologyModel& model, const QStringList& ids, QWidget* parent) {
  QList<InspectorPage> pages{
      form_page(Words::tr("Node"), new PropertyForm(Section::node, {}, item_bind(model, ids)), parent)};
  if (ids.size() == 1) pages.append(fragment_page(model, ids.front(), parent));
  return pages;
}

QList<InspectorPage> pages_of_document(TopologyModel& model, QWidget* parent) {
  auto* content = new QWidget;
  auto* column = new QVBoxLayout(content);
  const QList<PropertyForm*> forms{
      new PropertyForm(Section::scenario, QStringLiteral("/"), document_bind(model), content),
      new PropertyForm(Section::topology, QStringLiteral("/topology/"), document_bind(model), content)};
  for (PropertyForm* form : forms) column->addWidget(form);
  column->addStretch();
  return {page(Words::tr("Scenario"), content, forms, parent), training_page(model, parent),
          list_page(
              model, Words::tr("Events"), Section::event, QStringLiteral("/events"),
              [&model] {
                return QStringLiteral(R"({"at": "10s", "link": %1, "down": "5s"})").arg(quoted(first_link(model)));
              },
              parent),
          list_page(
              model, Words::tr("Expectations"), Section::expectation, QStringLiteral("/expect"),
              [] { return QStringLiteral(R"({"metric": "wall_seconds", "max": 300})"); }, parent),
          list_page(
              model, Words::tr("Commands"), Section::command, QStringLiteral("/workload"),
              [&model] {
                const QString node = model.nodes().empty() ? QString() : model.nodes().front().name;
                return QStringLiteral(R"({"node": %1, "argv": ["hostname"]})").arg(quoted(node));
              },
              parent)};
}

}  // namespace geomx::gui
