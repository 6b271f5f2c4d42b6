#pragma once

#include <string>
#include <vector>

// OCI images in podman's store. podman is asked what an image is made of, and nothing more: nothing is written to its
// store, no container of it is made, so nothing has to be removed from it when a lab ends, however it ends.
namespace geomx::sandbox {

struct OciImage {
  std::vector<std::string> layers;       // folders of this machine, the topmost first
  std::vector<std::string> environment;  // "NAME=value"
  std::string directory;                 // in which its programs start
};

bool have_podman();

// Asks podman. Throws WorkError where podman or the image is missing, or keeps images in a way that cannot be used.
OciImage find_image(const std::string& name);

}  // namespace geomx::sandbox
