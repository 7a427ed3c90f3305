#include <memory>

#include "base/text_table.h"
#include "cli/command.h"
#include "cli/settings.h"
#include "cli/sink_output.h"
#include "cli/standard_output.h"
#include "cli/wiring.h"

namespace sdp::cli {
namespace {

struct InitOptions {
  LogSettings log;
  LakeSettings lake;
  ServicesSettings services;
};

Result<int> run(const InitOptions& options, const Runtime& runtime) {
  SDP_TRY(auto lake, open_lake(options.lake, options.services, runtime.clock));
  SDP_TRY(const bool created, lake.store->ensure_bucket());
  print_bucket(lake.bucket, created);
  runtime.result.set("bucket", lake.bucket);
  runtime.result.set("bucket_created", created);
  SDP_TRY(auto log, open_kafka(options.log, options.services));
  SDP_TRY(const bool topic_created, ensure_topic(*log, options.log.topic));
  SDP_TRY(const log::TopicInfo topic, log->describe());
  runtime.result.set("topic", options.log.topic.name);
  runtime.result.set("topic_created", topic_created);
  runtime.result.set("partitions", topic.partitions);
  print_out("Topic {} is there with {}.\n", options.log.topic.name,
            base::plural(static_cast<std::uint64_t>(topic.partitions), "partition"));
  return 0;
}

}  // namespace

void define_init(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<InitOptions>();
  auto& command =
      commands.add(commands.parser(), "init", "Create the topic and the bucket if they do not exist",
                   "  spotify-pipeline init --partitions 12 --replication 3  for a large topic");
  bind_log(command, options->log);
  bind_new_topic(command, options->log);
  bind_lake(command, options->lake);
  bind_services(command, options->services);
  command.when_chosen([options, &command, &action] {
    action = [options, &command](const Runtime& runtime) -> Result<int> {
      SDP_RETURN_IF_ERROR(check_lake_flags(command, options->lake));
      return run(*options, runtime);
    };
  });
}

}  // namespace sdp::cli
