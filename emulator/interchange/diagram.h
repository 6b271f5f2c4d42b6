#pragma once

#include <string>

#include "emulator/scenario/scenario.h"

// A scenario as a picture's source: data centers and nodes as boxes, links with what is asked of them. Pure.
namespace geomx::interchange {

// For Markdown pages and https://mermaid.live: a `graph LR`.
std::string to_mermaid(const scenario::Scenario& scenario);

// For Graphviz: an undirected graph.
std::string to_dot(const scenario::Scenario& scenario);

}  // namespace geomx::interchange
