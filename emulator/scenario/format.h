#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "emulator/scenario/json.h"
#include "emulator/scenario/suggest.h"

// How values of the file are written, as data: one description from which the parser, the writer and the JSON Schema
// all work. A Format says how one value of type T looks; an Object is a list of Fields, each a key with its Format and
// the member that it fills. table.h holds the descriptions of the scenario file itself. Internal to this folder.
namespace geomx::scenario {

template <class T>
struct Format {
  Json schema;  // "title" names the type for people
  // Reads `value` over what `into` holds. False where nothing usable was read; whatever was wrong is in the problems.
  std::function<bool(const Json& value, const std::string& pointer, T& into, Problems&)> read;
  std::function<Json(const T&)> write;  // null: it is left out
};

// One key of an object that fills a T.
template <class T>
struct Field {
  std::string name;
  Json schema;  // with "description" and "default"
  bool required = false;
  bool later = false;  // a key of the format that this version does not support yet
  std::function<void(const Json& value, const std::string& pointer, T& into, Problems&)> read;
  std::function<Json(const T&)> write;
};

template <class T>
using Fields = std::vector<Field<T>>;

// Two keys that say the same in different ways: an object has one of them at most.
using Rivals = std::vector<std::pair<std::string, std::string>>;

template <class T>
class Object {
 public:
  Object(std::string title, Fields<T> fields, Rivals rivals = {})
      : title_(std::move(title)), fields_(std::move(fields)), rivals_(std::move(rivals)) {}
  const Fields<T>& fields() const { return fields_; }

  bool read(const Json& value, const std::string& pointer, T& into, Problems& problems) const {
    if (!value.is_object()) {
      problems.push_back({pointer, fmt::format("expected an object ({}), found {}", title_, kind_of(value)), ""});
      return false;
    }
    for (const auto& [key, unused] : value.items()) refuse_unknown(key, pointer, problems);
    for (const auto& [one, other] : rivals_) {
      if (!value.contains(one) || !value.contains(other)) continue;
      problems.push_back({child(pointer, other), fmt::format("\"{}\" and \"{}\" exclude each other", one, other),
                          "leave one of them out", true});
    }
    for (const Field<T>& field : fields_) {
      const auto found = value.find(field.name);
      if (found == value.end()) {
        if (field.required) {
          problems.push_back({child(pointer, field.name), fmt::format("\"{}\" is missing", field.name),
                              field.schema.value("description", "")});
        }
      } else if (field.later) {
        problems.push_back(
            {child(pointer, field.name), fmt::format("\"{}\" is not supported yet", field.name), "remove it", true});
      } else {
        field.read(*found, child(pointer, field.name), into, problems);
      }
    }
    return true;
  }

  Json write(const T& from) const {
    Json object = Json::object();
    for (const Field<T>& field : fields_) {
      if (field.later) continue;
      Json value = field.write(from);
      if (!value.is_null()) object[field.name] = std::move(value);
    }
    return object;
  }

  Json schema() const {
    Json properties = Json::object();
    Json required = Json::array();
    for (const Field<T>& field : fields_) {
      if (field.later) continue;
      properties[field.name] = field.schema;
      if (field.required) required.push_back(field.name);
    }
    Json schema = {{"title", title_}, {"type", "object"}, {"properties", std::move(properties)}};
    if (!required.empty()) schema["required"] = std::move(required);
    schema["additionalProperties"] = false;
    return schema;
  }

 private:
  void refuse_unknown(const std::string& key, const std::string& pointer, Problems& problems) const {
    std::vector<std::string> known;
    for (const Field<T>& field : fields_) {
      if (field.name == key) return;
      if (!field.later) known.push_back(field.name);
    }
    problems.push_back(
        {child(pointer, key), fmt::format("unknown key \"{}\" in {}", key, title_), key_suggestion(key, known), true});
  }

  std::string title_;
  Fields<T> fields_;
  Rivals rivals_;
};

// --- Fields
// -----------------------------------------------------------------------------------------------------------

// `schema` of a value as a key has it: what it is for and what it is when left out.
inline Json documented(Json schema, const char* description, const Json& by_default) {
  schema["description"] = description;
  const bool says_something = !by_default.is_null() && !by_default.is_object() && by_default != "";
  if (says_something) schema["default"] = by_default;
  return schema;
}

template <class T, class M>
Field<T> optional(const char* name, const char* description, M T::*member, Format<M> format) {
  Json schema = documented(format.schema, description, format.write(T{}.*member));
  return {name,
          std::move(schema),
          false,
          false,
          [member, read = format.read](const Json& value, const std::string& pointer, T& into, Problems& problems) {
            read(value, pointer, into.*member, problems);
          },
          [member, write = format.write](const T& from) { return write(from.*member); }};
}

template <class T, class M>
Field<T> optional(const char* name, const char* description, std::optional<M> T::*member, Format<M> format) {
  return {name,
          documented(format.schema, description, nullptr),
          false,
          false,
          [member, read = format.read](const Json& value, const std::string& pointer, T& into, Problems& problems) {
            M fresh{};
            if (read(value, pointer, fresh, problems)) into.*member = std::move(fresh);
          },
          [member, write = format.write](const T& from) { return from.*member ? write(*(from.*member)) : Json(); }};
}

template <class T, class M>
Field<T> required(const char* name, const char* description, M T::*member, Format<M> format) {
  Field<T> field = optional(name, description, member, std::move(format));
  field.required = true;
  field.schema.erase("default");
  return field;
}

// A key whose object fills the same T: {"sync": {"name": ...}}.
template <class T>
Field<T> group(const char* name, const char* description, const Object<T>& object) {
  return {name,
          documented(object.schema(), description, nullptr),
          false,
          false,
          [object](const Json& value, const std::string& pointer, T& into, Problems& problems) {
            object.read(value, pointer, into, problems);
          },
          [object](const T& from) {
            Json written = object.write(from);
            return written.empty() ? Json() : written;
          }};
}

template <class T>
Field<T> later(const char* name) {
  Field<T> field;
  field.name = name;
  field.later = true;
  return field;
}

// Fields of a part of T, as fields of T.
template <class T, class Part>
Fields<T> lift(const Fields<Part>& fields, std::function<Part(const T&)> get, std::function<void(T&, Part)> set) {
  Fields<T> lifted;
  for (const Field<Part>& field : fields) {
    lifted.push_back({field.name, field.schema, field.required, field.later,
                      [get, set, field](const Json& value, const std::string& pointer, T& into, Problems& problems) {
                        Part part = get(into);
                        field.read(value, pointer, part, problems);
                        set(into, std::move(part));
                      },
                      [get, field](const T& from) { return field.write(get(from)); }});
  }
  return lifted;
}

// --- Formats of composed values
// ---------------------------------------------------------------------------------------

template <class T>
Format<T> object(const Object<T>& fields) {
  return {fields.schema(),
          [fields](const Json& value, const std::string& pointer, T& into, Problems& problems) {
            return fields.read(value, pointer, into, problems);
          },
          [fields](const T& from) { return fields.write(from); }};
}

// true, which is `when_true`; false, as if it were left out; or an object.
template <class T>
Format<T> switchable(const Object<T>& fields, T when_true) {
  const std::string title = fields.schema().at("title");
  return {
      {{"title", title}, {"oneOf", {{{"title", "true or false"}, {"type", "boolean"}}, fields.schema()}}},
      [fields, title, when_true](const Json& value, const std::string& pointer, T& into, Problems& problems) {
        if (value.is_object()) return fields.read(value, pointer, into, problems);
        if (!value.is_boolean()) {
          problems.push_back(
              {pointer, fmt::format("expected true, false or an object ({}), found {}", title, kind_of(value)), ""});
          return false;
        }
        into = when_true;
        return value.get<bool>();
      },
      [fields](const T& from) { return fields.write(from); }};
}

// An empty list is left out when written. An element that cannot be read keeps its place in the list, so that indices
// stay those of the file.
template <class T>
Format<std::vector<T>> list_of(Format<T> element) {
  Json schema = {
      {"title", "list of " + element.schema.value("title", "values")}, {"type", "array"}, {"items", element.schema}};
  return {
      std::move(schema),
      [read = element.read](const Json& value, const std::string& pointer, std::vector<T>& into, Problems& problems) {
        into.clear();
        if (!value.is_array()) {
          problems.push_back({pointer, fmt::format("expected a list, found {}", kind_of(value)), ""});
          return false;
        }
        for (std::size_t i = 0; i < value.size(); ++i) {
          read(value[i], fmt::format("{}/{}", pointer, i), into.emplace_back(), problems);
        }
        return true;
      },
      [write = element.write](const std::vector<T>& from) {
        Json list = Json::array();
        for (const T& item : from) list.push_back(write(item));
        return list.empty() ? Json() : list;
      }};
}

}  // namespace geomx::scenario
