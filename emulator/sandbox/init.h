#pragma once

#include <sys/types.h>

#include <functional>

#include "emulator/base/fd.h"
#include "emulator/sandbox/lab_process.h"

// The child's side of spawn_init.
namespace geomx::sandbox {

struct InitSetup {
  const LabOptions& options;
  const std::function<int(StartReport&)>& lab;
  bool user_namespace = false;
  bool dies_with_thread = false;  // the starter's main thread: its end may be taken for the process's
  FileDescriptor starter;         // pidfd
  FileDescriptor report;          // frames of report.h
  FileDescriptor pid;             // init's pid as the starter sees it, once
};

// Runs in a fork of the starter, whose memory is therefore in order even if the starter has threads: makes the
// namespaces and, as the *starter's* child in them, init. Does not return.
[[noreturn]] void run_helper(InitSetup setup);

}  // namespace geomx::sandbox
