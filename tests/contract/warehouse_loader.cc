// A loader in a process of its own, for tests that kill it: `warehouse_loader STEP ARGUMENTS...` loads
// loader_objects() into the place that ARGUMENTS name, and kills itself at STEP (`-`: at none).

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>

#include "contract/warehouse_places.h"
#include "warehouse/warehouse.h"

int main(int argc, char** argv) {
  using namespace sdp;
  if (argc < 3) return 2;
  const std::string_view fatal_step = argv[1];
  try {
    const auto warehouse = warehouse::open_place({argv + 2, argv + argc}, [&](std::string_view step) {
      if (step == fatal_step) kill(getpid(), SIGKILL);
    });
    if (const auto init = warehouse->init(); !init) {
      std::fprintf(stderr, "%s\n", init.error().message.c_str());
      return 1;
    }
    const auto counts = warehouse::load_objects(*warehouse, warehouse::loader_objects());
    if (counts) return 0;
    std::fprintf(stderr, "%s\n", counts.error().message.c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  return 1;
}
