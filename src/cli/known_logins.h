#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "base/secret.h"
#include "cli/checks.h"

namespace sdp::cli {

/// What servers are shipped with, and examples show: everybody tries these first.
inline constexpr auto kKnownLogins = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"admin", "admin"},
    {"admin", "admin-secret"},
    {"admin", "password"},
    {"airflow", "airflow"},
    {"kafka", "kafka"},
    {"minio", "minio123"},
    {"minioadmin", "minioadmin"},
    {"root", "password"},
    {"root", "root"},
    {"user", "bitnami"},
});

inline bool is_known_login(std::string_view user, const Secret& password) {
  const std::pair<std::string_view, std::string_view> login(user, password.reveal());
  return std::ranges::find(kKnownLogins, login) != kKnownLogins.end();
}

/// What a check found that has logged in, with a warning where anybody else could.
inline Result<Found> with_login(Result<std::string> outcome, std::string_view user, const Secret& password) {
  if (!outcome) return std::unexpected(std::move(outcome).error());
  Found found{.text = *std::move(outcome)};
  if (!is_known_login(user, password)) return found;
  found.add({.text = "its password is one that everybody tries first; set another one", .is_warning = true});
  return found;
}

}  // namespace sdp::cli
