#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace sdp::os {

/// Bytes of memory that this process may use: what the machine has, or the limit of its control group where
/// that is less (cgroup v2 `memory.max` of it and of those above it, v1 `memory.limit_in_bytes`; see the
/// kernel's Documentation/admin-guide/cgroup-v2.rst). Nothing when neither can be read. `root` is `/` but in
/// tests.
std::optional<std::uint64_t> usable_memory(const std::filesystem::path& root = "/");

}  // namespace sdp::os
