#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "cli/stack_checks.h"
#include "monitor/monitor.h"
#include "serve/pages.h"
#include "serve/watched.h"
#include "settings/command.h"

namespace sdp::cli {

/// Where the pages are served, to whom, and which programs of the stack they link.
struct ServeSettings {
  std::string listen = "127.0.0.1:8090";
  Secret token;
  std::string token_file;
  StackSettings stack;
  /// Where the services are asked, when that is not where a browser finds them.
  std::string kafdrop_address;
  std::string console_address;
  std::string airflow_address;
};

/// The settings of the server itself; not what it serves.
void bind_serve(settings::Command& command, ServeSettings& settings);

/// The address at which the server with these settings answers with its pages. That needs the token and the
/// folders of publications, so a port that is only open does not do. `unavailable`, `unauthorized` or
/// `misconfigured` says what answers instead.
Result<std::string> probe_pages(const ServeSettings& settings);

/// The pages over HTTP, and beside them `/metrics`, `/healthz` and `/readyz`. It reads publications, and log
/// and lake where it was told to, and never opens a warehouse.
class PageServer {
 public:
  /// From here on browsers can connect. `misconfigured` when the address is taken, when others can reach it
  /// and there is no token, or when the token cannot be read.
  /// `watched`: log and lake for the pages that move; null: they say how to have them. `told`: of the command
  /// that serves them. `/metrics` needs the token where pages do; a probe needs none.
  static Result<std::unique_ptr<PageServer>> open(const ServeSettings& settings, serve::Sources sources,
                                                  std::unique_ptr<serve::Watched> watched,
                                                  monitor::Watched told);
  virtual ~PageServer() = default;

  /// `http://127.0.0.1:8090/`, with the port that the system chose.
  virtual std::string url() const = 0;

  /// Answers until `stop`, in the thread that calls it.
  virtual void run(const std::stop_token& stop) = 0;
};

}  // namespace sdp::cli
