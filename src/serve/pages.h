#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "http/message.h"
#include "serve/access.h"
#include "serve/live.h"
#include "site/publications.h"

namespace sdp::serve {

using http::Reply;

/// What is served besides the program's own pages.
struct Sources {
  /// Folders of publications, the default one first; dbt's own page may be beside them.
  std::vector<std::filesystem::path> published;
  std::string nothing_yet;    ///< what to tell while nothing is published
  bool follow = false;        ///< whether open pages go on to a new publication by themselves
  std::string how_to_move{};  ///< what to run so that log and lake are looked at, where that is not done
};

/// Asks the services, now or later, and hands over `data/services.js`.
using AskServices = std::function<void(std::function<void(std::string script)>)>;

/// Answers requests: the program's own files and the publications (docs/formats/site.md). Every name is
/// looked up among those that there are; none is made of what was asked. Called by one thread.
class Pages {
 public:
  /// `live`: of who looks at log and lake, or null; outlives this.
  Pages(Access access, Sources sources, AskServices ask_services, Live* live, Clock& clock)
      : access_(std::move(access)),
        sources_(std::move(sources)),
        publications_(sources_.published),
        ask_services_(std::move(ask_services)),
        live_(live),
        clock_(clock) {}

  void answer(const Request& request, const Reply& reply);

 private:
  void answer_live(std::string_view name, const Request& request, const Reply& reply);
  Response page(const Request& request);
  Response asset(const Request& request, std::string_view name) const;
  Response current();
  Response part(std::string_view name, const Request& request) const;
  static Response report(const std::filesystem::path& folder, const Request& request);
  Response docs(const Request& request) const;
  /// The first folder of publications with dbt's page beside it.
  const std::filesystem::path* root_with_docs() const;

  Access access_;
  Sources sources_;
  site::Publications publications_;
  AskServices ask_services_;
  Live* live_;
  Clock& clock_;
};

/// Whether an Accept-Encoding header takes gzip.
bool accepts_gzip(std::string_view accepted);

}  // namespace sdp::serve
