#include "trainer/cuda/load.h"

#include <dlfcn.h>

#include <string>
#include <string_view>

#include "trainer/tensor/error.h"

namespace geomx::trainer::cuda {
namespace {

constexpr const char* kDriver = "libcuda.so.1";

std::string dl_error() {
  const char* text = ::dlerror();
  return text == nullptr ? "unknown error" : text;
}

const Plugin& open_in_its_place() {
  if (::dlopen(kDriver, RTLD_LAZY | RTLD_LOCAL) == nullptr) {
    throw Error("there is no NVIDIA driver on this machine (" + dl_error() + ") (take --device cpu)");
  }
  std::string places;
  for (const auto& place : plugin_places()) {
    if (std::filesystem::exists(place)) return open_plugin(place);
    places += (places.empty() ? "" : " nor ") + place.string();
  }
  throw Error("the CUDA backend is neither " + places +
              " (build it where the CUDA toolkit and cuDNN are: cmake --preset cuda; or take --device cpu)");
}

}  // namespace

std::vector<std::filesystem::path> plugin_places() {
  const auto folder = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  return {folder / kPluginFile, folder.parent_path() / "lib" / "geomx-emu" / kPluginFile};
}

const Plugin& open_plugin(const std::filesystem::path& file) {
  void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    throw Error("the CUDA backend cannot be opened: " + dl_error() +
                " (cuDNN 9 and cuBLASLt have to be where the loader finds them: LD_LIBRARY_PATH)");
  }
  const auto entry = reinterpret_cast<PluginEntry>(::dlsym(library, kPluginEntry));
  if (entry == nullptr) throw Error(file.string() + " is not the CUDA backend: it has no " + kPluginEntry);
  const Plugin& found = *entry();
  const Plugin wanted;
  if (found.size != wanted.size || found.layout != wanted.layout || std::string_view(found.version) != wanted.version) {
    throw Error(file.string() + " belongs to another build than this program, " + wanted.version +
                " (build both at once)");
  }
  return found;
}

const Plugin& plugin() {
  static const Plugin& opened = open_in_its_place();
  return opened;
}

void require_card(int device) {
  const int cards = plugin().count();
  if (device >= 0 && device < cards) return;
  throw Error("there is no cuda:" + std::to_string(device) + ": the driver shows " + std::to_string(cards) +
              (cards == 1 ? " card" : " cards") + " (nvidia-smi -L lists them; CUDA_VISIBLE_DEVICES may hide some)");
}

std::unique_ptr<Backend> make_backend(const Graph& graph, const BackendOptions& options, int device) {
  require_card(device);
  return plugin().make(graph, options, device);
}

}  // namespace geomx::trainer::cuda
