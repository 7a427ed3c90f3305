#include <fmt/core.h>

#include <memory>

#include "cli/command.h"
#include "cli/settings.h"
#include "cli/sink_output.h"
#include "cli/wiring.h"

namespace sdp::cli {
namespace {

struct Options {
  LogSettings log;
  LakeSettings lake;
  ServicesSettings services;
};

Result<int> run(const Options& options, const Runtime& runtime) {
  SDP_TRY(auto lake, open_lake(options.lake, options.services, runtime.clock));
  SDP_TRY(const bool created, lake.store->ensure_bucket());
  print_bucket(lake.bucket, created);
  SDP_TRY(auto log, open_kafka(options.log, options.services));
  SDP_RETURN_IF_ERROR(log->ensure_topic(topic_spec(options.log)));
  SDP_TRY(const log::TopicInfo topic, log->describe());
  fmt::print("Topic {} is there with {} partitions.\n", options.log.topic, topic.partitions);
  return 0;
}

}  // namespace

void define_init(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("init", "Make the topic and the bucket where they are missing");
  const auto options = std::make_shared<Options>();
  add_log_options(*command, options->log);
  add_lake_options(*command, options->lake);
  add_services_options(*command, options->services);
  command->callback(
      [options, &action] { action = [options](const Runtime& runtime) { return run(*options, runtime); }; });
}

}  // namespace sdp::cli
