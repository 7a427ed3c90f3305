#include "cli/page_server.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "cli/probe.h"
#include "diag/log.h"
#include "http/address.h"
#include "http/answer.h"
#include "http/server.h"
#include "os/files.h"
#include "serve/access.h"
#include "serve/live.h"
#include "serve/services.h"
#include "site/scripts.h"
#include "store/s3/http_client.h"

namespace sdp::cli {
namespace {

using store::s3::HttpClient;

Result<Secret> read_token(const ServeSettings& settings) {
  if (settings.token_file.empty()) return settings.token;
  if (!settings.token.empty()) {
    return fail(
        ErrorKind::misconfigured,
        "SERVE_TOKEN and --token-file are both set; the server has one token, so leave one of them out");
  }
  SDP_TRY(auto text, os::read_file(settings.token_file));
  if (!text) {
    return fail(ErrorKind::misconfigured,
                fmt::format("--token-file {}: there is no such file", settings.token_file));
  }
  SDP_RETURN_IF_ERROR(os::check_private(settings.token_file));
  while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
  if (text->empty())
    return fail(ErrorKind::misconfigured, fmt::format("--token-file {}: it is empty", settings.token_file));
  return Secret(*std::move(text));
}

/// A program of the stack that has pages, and the text by which its page is known.
struct Site {
  const char* name;
  const char* what;
  StackPart part;
  const char* mark;
  std::string asked_at;  ///< HOST:PORT; empty: where the part is
};

std::vector<Site> sites_of(const ServeSettings& settings) {
  const StackSettings& stack = settings.stack;
  std::vector<Site> sites;
  if (has_profile(stack, "ui")) {
    sites.push_back({"Kafdrop",
                     "topics, partitions and records of Kafka",
                     {"kafdrop", "kafdrop", "KAFDROP_PORT", stack.kafdrop_port},
                     "Kafdrop",
                     settings.kafdrop_address});
  }
  sites.push_back({"MinIO",
                   "the lake's bucket and its objects",
                   {"console", "minio", "MINIO_CONSOLE_PORT", stack.console_port},
                   "MinIO",
                   settings.console_address});
  if (has_profile(stack, "airflow")) {
    sites.push_back({"Airflow",
                     "the runs of the DAGs",
                     {"airflow", "airflow-api-server", "AIRFLOW_PORT", stack.airflow_port},
                     "Airflow",
                     settings.airflow_address});
  }
  return sites;
}

site::Service ask(HttpClient& http, const Site& site) {
  site::Service service{.name = site.name,
                        .what = site.what,
                        .url = fmt::format("http://{}", site.part.place()),
                        .answers = false,
                        .detail = {}};
  store::s3::HttpRequest request;
  request.url = fmt::format("http://{}/", site.asked_at.empty() ? site.part.place() : site.asked_at);
  const auto judged = judge_page(site.part, answer_of(http, std::move(request)), site.mark);
  service.answers = judged.has_value();
  service.detail = judged ? *judged : judged.error().message;
  return service;
}

std::vector<serve::AskService> services_of(const ServeSettings& settings,
                                           const std::shared_ptr<HttpClient>& http) {
  std::vector<serve::AskService> services;
  for (const Site& site : sites_of(settings))
    services.emplace_back([http, site] { return ask(*http, site); });
  return services;
}

class HttpPageServer final : public PageServer {
 public:
  HttpPageServer(serve::Access access, serve::Sources sources, std::unique_ptr<http::Server> server,
                 std::vector<serve::AskService> services, std::unique_ptr<serve::Watched> watched,
                 monitor::Watched told)
      : server_(std::move(server)),
        registry_(told.registry),
        access_(access),
        told_(told, server_->address().is_loopback()),
        services_(std::move(services), told.clock),
        live_(watched ? std::make_unique<serve::Live>(std::move(watched), told.clock) : nullptr),
        pages_(
            std::move(access), std::move(sources),
            [this](serve::Services::Reply reply) { services_.ask(std::move(reply)); }, live_.get(),
            told.clock) {}

  std::string url() const override { return fmt::format("http://{}/", server_->address().text()); }

  void run(const std::stop_token& stop) override {
    server_->run(
        [this](const http::Request& request, const http::Reply& reply) {
          answer(request, [this, reply](http::Response response) {
            registry_.counter("serve_answers_total", {fmt::to_string(response.status)}).Increment();
            reply(std::move(response));
          });
        },
        stop);
    services_.stop();
    if (live_) live_->stop();
    diag::log_event("serve.stopped", {{"url", url()}});
  }

 private:
  void answer(const http::Request& request, const http::Reply& reply) {
    if (!monitor::is_of_monitor(request.target)) return pages_.answer(request, reply);
    if (monitor::is_metrics(request.target)) {
      if (auto refused = access_.refuse(request))
        return reply(http::with_common_headers(*std::move(refused)));
    }
    reply(told_.answer(request));
  }

  std::unique_ptr<http::Server> server_;
  metrics::Registry& registry_;
  serve::Access access_;
  monitor::Answers told_;
  serve::Services services_;
  std::unique_ptr<serve::Live> live_;
  serve::Pages pages_;
};

}  // namespace

void bind_serve(settings::Command& command, ServeSettings& settings) {
  command.bind("serve.listen", settings.listen);
  command.bind("serve.token", settings.token);
  command.bind("serve.token-file", settings.token_file);
  command.bind("stack.compose-profiles", settings.stack.profiles);
  command.bind("stack.kafdrop-port", settings.stack.kafdrop_port);
  command.bind("stack.minio-console-port", settings.stack.console_port);
  command.bind("stack.airflow-port", settings.stack.airflow_port);
  command.bind("serve.kafdrop-address", settings.kafdrop_address);
  command.bind("serve.console-address", settings.console_address);
  command.bind("serve.airflow-address", settings.airflow_address);
}

Result<std::string> probe_pages(const ServeSettings& settings) {
  SDP_TRY(const http::Address address, http::parse_address(settings.listen));
  SDP_TRY(const Secret token, read_token(settings));
  SDP_TRY(const auto http, open_near_client());
  store::s3::HttpRequest request;
  std::string url = fmt::format("http://{}/", reachable(address).text());
  request.url = fmt::format("{}{}", url, site::kCurrentScript);
  if (!token.empty()) request.headers = {{"authorization", "Bearer " + token.reveal()}};
  const StackAnswer answer = answer_of(*http, std::move(request));
  if (answer.status == 0) return fail(ErrorKind::unavailable, fmt::format("{}: {}", url, answer.why));
  if (answer.status == 401) {
    return fail(ErrorKind::unauthorized,
                fmt::format("{}: the token was refused; the server there was started with another one", url));
  }
  if (!is_dashboard(answer)) {
    return fail(ErrorKind::misconfigured,
                fmt::format("{}: something else answers there (HTTP {})", url, answer.status));
  }
  return url;
}

Result<std::unique_ptr<PageServer>> PageServer::open(const ServeSettings& settings, serve::Sources sources,
                                                     std::unique_ptr<serve::Watched> watched,
                                                     monitor::Watched told) {
  SDP_TRY(const http::Address address, http::parse_address(settings.listen));
  SDP_TRY(const Secret token, read_token(settings));
  SDP_TRY(serve::Access access, serve::Access::make(address, token));
  SDP_TRY(const auto http, open_near_client());
  SDP_TRY(auto server, http::Server::listen(address, {}));
  const std::string shown = sources.published.front().string();
  auto pages = std::make_unique<HttpPageServer>(std::move(access), std::move(sources), std::move(server),
                                                services_of(settings, http), std::move(watched), told);
  diag::log_event("serve.listening", {{"url", pages->url()}, {"path", shown}});
  return pages;
}

}  // namespace sdp::cli
