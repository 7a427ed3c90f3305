#include "monitor/monitor.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "diag/log.h"
#include "http/answer.h"

namespace sdp::monitor {
namespace {

constexpr std::chrono::seconds kFresh{1};
constexpr std::string_view kTextFormat = "text/plain; version=0.0.4; charset=utf-8";
/// The command's end waits for answers on their way; nobody needs the rest of one then.
constexpr std::chrono::milliseconds kStop{200};

constexpr std::string_view kMetrics = "/metrics";
constexpr std::string_view kAlive = "/healthz";
constexpr std::string_view kReady = "/readyz";

std::string_view path_of(std::string_view target) {
  return target.substr(0, target.find('?'));
}

std::string url_of(const http::Address& address) {
  return fmt::format("http://{}/metrics", address.text());
}

}  // namespace

bool is_metrics(std::string_view target) {
  return path_of(target) == kMetrics;
}

bool is_of_monitor(std::string_view target) {
  const std::string_view path = path_of(target);
  return path == kMetrics || path == kAlive || path == kReady;
}

http::Response Answers::verdict(Ask ask) const {
  const SteadyTime now = watched_.clock.steady_now();
  metrics::Verdict verdict = (watched_.health.*ask)(now);
  if (verdict.good && watched_.beside != nullptr) verdict = (watched_.beside->*ask)(now);
  return http::text_answer(verdict.good ? 200 : 503, std::move(verdict.text));
}

http::Response Answers::answer(const http::Request& request) {
  if (loopback_ && !http::is_loopback_host(request.host))
    return http::refusal(421, "This address answers to 127.0.0.1, localhost and [::1] only.\n");
  const std::string_view path = path_of(request.target);
  http::Response response = http::text_answer(404, "There is only /metrics, /healthz and /readyz.\n");
  if (path == kMetrics) {
    response = http::text_answer(200, text());
    response.headers.front().second = kTextFormat;
  } else if (path == kAlive) {
    response = verdict(&metrics::Health::alive);
  } else if (path == kReady) {
    response = verdict(&metrics::Health::ready);
  }
  return http::with_common_headers(std::move(response));
}

const std::string& Answers::text() {
  const SteadyTime now = watched_.clock.steady_now();
  if (text_.empty() || now - written_at_ >= kFresh) {
    text_ = watched_.registry.text();
    written_at_ = now;
  }
  return text_;
}

Result<std::unique_ptr<Monitor>> Monitor::start(const http::Address& address, Watched watched) {
  http::Limits limits;
  limits.stop = kStop;
  SDP_TRY(auto server, http::Server::listen(address, limits));
  diag::log_event("monitor.listening", {{"url", url_of(server->address())}});
  return std::unique_ptr<Monitor>(new Monitor(std::move(server), watched));
}

Result<std::unique_ptr<Monitor>> Monitor::watch(const std::string& listen, Watched watched) {
  if (listen.empty()) return std::unique_ptr<Monitor>();
  SDP_TRY(const http::Address address, http::parse_address(listen));
  return start(address, watched);
}

Monitor::Monitor(std::unique_ptr<http::Server> server, Watched watched)
    : server_(std::move(server)),
      answers_(watched, server_->address().is_loopback()),
      thread_([this](const std::stop_token& stop) {
        server_->run([this](const http::Request& request,
                            const http::Reply& reply) { reply(answers_.answer(request)); },
                     stop);
      }) {}

Monitor::~Monitor() {
  thread_.request_stop();
  thread_.join();
}

}  // namespace sdp::monitor
