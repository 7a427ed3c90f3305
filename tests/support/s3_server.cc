#include "support/s3_server.h"

#include <cstdlib>
#include <filesystem>
#include <random>
#include <stdexcept>

namespace sdp::support {
namespace {

constexpr std::chrono::seconds kStartMax{30};
constexpr int kPortsTriedMax = 3;

std::string random_word(std::size_t length) {
  constexpr std::string_view kLetters = "abcdefghijkmnpqrstuvwxyz23456789";
  std::random_device device;
  std::string word;
  for (std::size_t i = 0; i < length; ++i) word += kLetters[device() % kLetters.size()];
  return word;
}

std::filesystem::path program(const std::string& name) {
  const char* folder = std::getenv("SDP_DEPS_DIR");
  if (folder == nullptr)
    throw std::runtime_error("SDP_DEPS_DIR is not set; tests of real servers run by ctest");
  return std::filesystem::path(folder) / name / name;
}

}  // namespace

S3Server::S3Server(S3ServerKind kind)
    : kind_(kind), access_key_(random_word(16)), secret_key_(random_word(32)) {
  std::filesystem::create_directories(folder_.path() / "data");
  std::filesystem::create_directories(folder_.path() / "iam");
  for (int tried = 1;; ++tried) {
    port_ = free_port();
    try {
      start();
      return;
    } catch (const std::runtime_error&) {
      // Another process may have taken the port meanwhile.
      if (tried == kPortsTriedMax) throw;
    }
  }
}

os::Command S3Server::command() const {
  const std::string address = "127.0.0.1:" + std::to_string(port_);
  const std::string data = folder_.path() / "data";
  const std::filesystem::path log = folder_.path() / "log";
  if (kind_ == S3ServerKind::minio) {
    return {.arguments = {program("minio"), "server", data, "--address", address, "--console-address",
                          "127.0.0.1:" + std::to_string(free_port())},
            .environment = {{"MINIO_ROOT_USER", access_key_},
                            {"MINIO_ROOT_PASSWORD", secret_key_},
                            {"MINIO_UPDATE", "off"},
                            {"MINIO_CALLHOME_ENABLE", "off"},
                            {"MINIO_DOMAIN", "localhost"}},
            .log = log};
  }
  return {
      .arguments = {program("versitygw"), "--port", address, "--keep-alive", "--quiet", "--health",
                    health_path(), "--iam-dir", folder_.path() / "iam", "--iam-cache-disable", "posix", data},
      .environment = {{"ROOT_ACCESS_KEY", access_key_}, {"ROOT_SECRET_KEY", secret_key_}},
      .log = log};
}

std::string S3Server::health_path() const {
  return kind_ == S3ServerKind::minio ? "/minio/health/cluster" : "/health";
}

void S3Server::start() {
  process_.reset();
  process_.emplace(command());
  const bool healthy = wait_until(
      kStartMax, [&] { return !process_->is_running() || http_status(port_, health_path()) == 200; });
  if (!healthy || !process_->is_running()) {
    throw std::runtime_error("the S3 server does not become healthy; see its output in " +
                             folder_.path().string());
  }
}

S3Server::User S3Server::add_user_without_rights() {
  const User user{random_word(16), random_word(32)};
  ChildProcess admin({.arguments = {program("versitygw"), "admin", "--allow-insecure", "--endpoint-url",
                                    endpoint(), "create-user", "--access", user.access_key, "--secret",
                                    user.secret_key, "--role", "user"},
                      .environment = {{"ADMIN_ACCESS_KEY", access_key_},
                                      {"ADMIN_SECRET_KEY", secret_key_},
                                      {"ADMIN_ACCESS_KEY_ID", access_key_},
                                      {"ADMIN_SECRET_ACCESS_KEY", secret_key_}},
                      .log = folder_.path() / "log"});
  if (admin.wait() != 0) throw std::runtime_error("versitygw cannot add a user");
  return user;
}

}  // namespace sdp::support
