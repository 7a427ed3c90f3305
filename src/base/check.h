#pragma once

#include <cstdio>
#include <cstdlib>

/// Guards our own logic, in release builds too: a broken invariant must stop the process before it writes.
#define SDP_ASSERT(condition)                                                                \
  do {                                                                                       \
    if (!(condition)) [[unlikely]] {                                                         \
      std::fprintf(stderr, "%s:%d: invariant broken: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                          \
    }                                                                                        \
  } while (false)
