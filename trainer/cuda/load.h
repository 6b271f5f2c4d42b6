#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "trainer/cuda/plugin.h"

// How a program comes to the CUDA backend, which is not part of it (plugin.h).
namespace geomx::trainer::cuda {

// Opens the backend, once per process: after the driver's library, beside this program or in ../lib/geomx-emu. Throws
// Error, in one line, saying what this machine lacks: the driver, the backend, or a library of its.
const Plugin& plugin();

// Where plugin() looks, in this order.
std::vector<std::filesystem::path> plugin_places();

// This file, whether or not there is a driver. It stays open. Throws Error where it is none or of another build.
const Plugin& open_plugin(const std::filesystem::path& file);

// The network on card `device`, as plugin().make() gives it. Throws Error: there is no such card.
std::unique_ptr<Backend> make_backend(const Graph& graph, const BackendOptions& options, int device);

// Throws Error, in one line, where this machine cannot compute on that card.
void require_card(int device);

}  // namespace geomx::trainer::cuda
