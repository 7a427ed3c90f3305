#include "log/kafka/admin.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/retry.h"
#include "base/uuid.h"
#include "log/kafka/compression.h"
#include "log/kafka/error.h"

namespace sdp::log::kafka {
namespace {

constexpr std::chrono::milliseconds kRetryPause{50};
/// How long a topic that was created may be unknown to some brokers.
constexpr std::chrono::milliseconds kSpreadMax{2'000};
// A request waits for the broker that was last named as controller, which may never come back: each try
// waits for a part of the time only, and the next one asks who it is now.
constexpr int kTriesInTime = 4;
constexpr std::chrono::milliseconds kRefreshMax{1'000};
// A refused login is told by the client's own queue, which is looked at so often while an answer is waited
// for.
constexpr int kServeMs = 50;

/// Brokers learn of a new topic one after another, and the one that answers may be the last of them.
template <typename Ask>
std::invoke_result_t<Ask> ask_while_unknown(Ask ask) {
  std::optional<std::invoke_result_t<Ask>> answer;
  base::try_until(base::system_clock(), kSpreadMax, kRetryPause, [&] {
    answer = ask();
    return *answer || answer->error().kind != ErrorKind::bad_input;
  });
  return *std::move(answer);
}

void put_big_endian(std::int64_t word, std::uint8_t* out) {
  for (int i = 0; i < 8; ++i)
    out[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(word) >> (56 - 8 * i));
}

TopicId topic_id(const rd_kafka_TopicDescription_t* description) {
  TopicId id;
  const rd_kafka_Uuid_t* uuid = rd_kafka_TopicDescription_topic_id(description);
  if (uuid == nullptr) return id;
  put_big_endian(rd_kafka_Uuid_most_significant_bits(uuid), id.bytes.data());
  put_big_endian(rd_kafka_Uuid_least_significant_bits(uuid), id.bytes.data() + 8);
  return id;
}

bool all_have_leaders(std::span<const rd_kafka_TopicPartitionInfo_t*> partitions) {
  return std::ranges::all_of(partitions, [](const rd_kafka_TopicPartitionInfo_t* partition) {
    const rd_kafka_Node_t* leader = rd_kafka_TopicPartitionInfo_leader(partition);
    return leader != nullptr && rd_kafka_Node_id(leader) >= 0;
  });
}

/// As access control lists name them; those that we have no use for are left out.
Operations operations_in(const rd_kafka_AclOperation_t* operations, std::size_t count) {
  Operations names;
  for (const rd_kafka_AclOperation_t operation : std::span(operations, operations == nullptr ? 0 : count)) {
    switch (operation) {
      case RD_KAFKA_ACL_OPERATION_READ:
        names.insert("Read");
        break;
      case RD_KAFKA_ACL_OPERATION_WRITE:
        names.insert("Write");
        break;
      case RD_KAFKA_ACL_OPERATION_CREATE:
        names.insert("Create");
        break;
      case RD_KAFKA_ACL_OPERATION_DESCRIBE:
        names.insert("Describe");
        break;
      case RD_KAFKA_ACL_OPERATION_DESCRIBE_CONFIGS:
        names.insert("DescribeConfigs");
        break;
      default:
        break;
    }
  }
  return names;
}

void take_config(TopicInfo& info, std::string_view name, std::string_view value) {
  if (name == "cleanup.policy") {
    info.compacted = value.contains("compact");
  } else if (name == "message.timestamp.type") {
    info.timestamp_type =
        value == "LogAppendTime" ? TimestampType::log_append_time : TimestampType::create_time;
  } else if (name == "max.message.bytes") {
    std::from_chars(value.data(), value.data() + value.size(), info.message_bytes_max);
  } else if (name == kCompressionConfig) {
    info.compression = compression_of_topic(value);
  }
}

}  // namespace

Result<std::unique_ptr<Admin>> Admin::open(const KafkaSettings& settings, std::string topic) {
  std::unique_ptr<Admin> admin(new Admin(settings, std::move(topic)));
  SDP_TRY(admin->client_, open_client(Role::admin, settings, *admin));
  return admin;
}

Error Admin::error(std::string_view what, rd_kafka_resp_err_t code, std::string_view detail) {
  // Errors of connections wait in the client's queue until somebody asks.
  rd_kafka_poll(client_.get(), 0);
  return make_final_error(settings_, what, code, detail.empty() ? last_reason() : std::string(detail));
}

void Admin::on_error(rd_kafka_resp_err_t code, const char* reason) {
  ClientEvents::on_error(code, reason);
  if (kind_of(code) == ErrorKind::unauthorized) refused_ = code;
}

std::string Admin::brokers() const {
  return fmt::format("Kafka at {}", settings_.bootstrap_servers);
}

void Admin::begin_to_ask() {
  rd_kafka_poll(client_.get(), 0);
  refused_ = RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t Admin::serve_and_see_refusal() {
  rd_kafka_poll(client_.get(), 0);
  return refused_;
}

/// Sends a request by `ask(client, options, queue)` and waits for its answer. Asks again while the answer may
/// come: all requests may be sent twice. A refused login ends it at once.
template <typename Ask>
Result<EventHandle> Admin::ask(rd_kafka_admin_op_t operation, const std::string& what, Ask ask,
                               Besides besides) {
  EventHandle event;
  auto code = RD_KAFKA_RESP_ERR__TIMED_OUT;
  bool first = true;
  begin_to_ask();
  diag::Waiting waiting(brokers(), settings_.call_timeout);
  base::try_until(base::system_clock(), settings_.call_timeout, kRetryPause, [&] {
    if (!std::exchange(first, false)) refresh_brokers();
    event = try_once(operation, besides, waiting, ask);
    code = event ? rd_kafka_event_error(event.get()) : RD_KAFKA_RESP_ERR__TIMED_OUT;
    if (const auto refused = serve_and_see_refusal(); kind_of(code) == ErrorKind::retry && refused != 0)
      code = refused;
    return kind_of(code) != ErrorKind::retry;
  });
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return event;
  return std::unexpected(error(what, code));
}

template <typename Ask>
EventHandle Admin::try_once(rd_kafka_admin_op_t operation, Besides besides, diag::Waiting& waiting, Ask ask) {
  const int timeout_ms = static_cast<int>(settings_.call_timeout.count()) / kTriesInTime;
  char reason[256];
  const AdminOptionsHandle options(rd_kafka_AdminOptions_new(client_.get(), operation));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), timeout_ms, reason, sizeof reason);
  if (besides == Besides::operations) {
    const ErrorHandle refused(rd_kafka_AdminOptions_set_include_authorized_operations(options.get(), 1));
  }
  const QueueHandle queue(rd_kafka_queue_new(client_.get()));
  ask(client_.get(), options.get(), queue.get());
  EventHandle event;
  // The request times out by itself; the second more only guards against waiting for ever.
  base::try_until(base::system_clock(), std::chrono::milliseconds(timeout_ms + 1000),
                  std::chrono::milliseconds(0), [&] {
                    event.reset(rd_kafka_queue_poll(queue.get(), kServeMs));
                    const bool is_refused = serve_and_see_refusal() != RD_KAFKA_RESP_ERR_NO_ERROR;
                    waiting.note(last_reason());
                    return event || is_refused;
                  });
  return event;
}

/// Asks any broker that answers which ones there are, and which is the controller.
void Admin::refresh_brokers() {
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto code =
      rd_kafka_metadata(client_.get(), 0, nullptr, &metadata, static_cast<int>(kRefreshMax.count()));
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) rd_kafka_metadata_destroy(metadata);
}

Result<bool> Admin::create(const TopicSpec& spec) {
  const std::string what = fmt::format("cannot create topic {}", topic_);
  const auto described = describe_partitions();
  if (described) return false;
  if (described.error().kind != ErrorKind::bad_input) return std::unexpected(described.error());
  char reason[256];
  const NewTopicHandle topic(
      rd_kafka_NewTopic_new(topic_.c_str(), spec.partitions, spec.replication, reason, sizeof reason));
  if (!topic) return fail(ErrorKind::misconfigured, fmt::format("{}: {}", what, reason));
  rd_kafka_NewTopic_set_config(topic.get(), "cleanup.policy", "delete");
  rd_kafka_NewTopic_set_config(topic.get(), "message.timestamp.type", "LogAppendTime");
  rd_kafka_NewTopic_set_config(topic.get(), "max.message.bytes", std::to_string(kMessageBytesMax).c_str());
  rd_kafka_NewTopic_set_config(topic.get(), kCompressionConfig, config_of_topic(spec.compression));
  rd_kafka_NewTopic_t* topics[] = {topic.get()};
  SDP_TRY(const EventHandle event,
          ask(RD_KAFKA_ADMIN_OP_CREATETOPICS, what, [&](auto* client, auto* options, auto* queue) {
            rd_kafka_CreateTopics(client, topics, 1, options, queue);
          }));
  std::size_t count = 0;
  const auto** results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  const auto code = rd_kafka_topic_result_error(results[0]);
  if (code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
    // Perhaps since a moment ago, by somebody else; brokers then do not all know it yet.
    SDP_RETURN_IF_ERROR(wait_for_topic([](const Description& known) { return known.info.partitions > 0; }));
    return false;
  }
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* text = rd_kafka_topic_result_error_string(results[0]);
    return std::unexpected(error(what, code, text == nullptr ? "" : text));
  }
  SDP_RETURN_IF_ERROR(wait_for_topic([&](const Description& known) {
    return known.has_leaders && known.info.partitions == spec.partitions;
  }));
  return true;
}

Result<void> Admin::wait_for_topic(const std::function<bool(const Description&)>& is_ready) {
  std::optional<Error> problem;
  const auto look = [&] {
    const auto described = describe_partitions();
    problem = described ? std::nullopt : std::optional(described.error());
    return described && is_ready(*described);
  };
  if (base::try_until(base::system_clock(), settings_.call_timeout, kRetryPause, look)) return {};
  if (problem) return std::unexpected(*std::move(problem));
  return std::unexpected(
      error(fmt::format("topic {} was created", topic_), RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE));
}

Result<TopicInfo> Admin::describe() {
  return ask_while_unknown([&]() -> Result<TopicInfo> {
    SDP_TRY(Description description, describe_partitions());
    SDP_RETURN_IF_ERROR(describe_config(description.info));
    return std::move(description.info);
  });
}

Result<void> Admin::check_id(TopicId id) {
  SDP_TRY(const Description description, ask_while_unknown([&] { return describe_partitions(); }));
  return compare(id, description.info.id);
}

Result<void> Admin::compare(TopicId id, TopicId now) const {
  if (now == id) return {};
  return std::unexpected(
      created_again_error(topic_, id, now).in(fmt::format("Kafka at {}", settings_.bootstrap_servers)));
}

void Admin::ask_id(BrokerId broker, rd_kafka_queue_t* answers) {
  const int timeout_ms = static_cast<int>(settings_.call_timeout.count()) / kTriesInTime;
  char reason[256];
  const AdminOptionsHandle options(
      rd_kafka_AdminOptions_new(client_.get(), RD_KAFKA_ADMIN_OP_DESCRIBETOPICS));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), timeout_ms, reason, sizeof reason);
  if (broker >= 0) rd_kafka_AdminOptions_set_broker(options.get(), broker, reason, sizeof reason);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): it only carries the number.
  void* const number = reinterpret_cast<void*>(static_cast<std::intptr_t>(broker));
  rd_kafka_AdminOptions_set_opaque(options.get(), number);
  const char* names[] = {topic_.c_str()};
  const TopicNamesHandle collection(rd_kafka_TopicCollection_of_topic_names(names, 1));
  rd_kafka_DescribeTopics(client_.get(), collection.get(), options.get(), answers);
}

std::optional<Admin::IdAnswer> Admin::next_answer(rd_kafka_queue_t* answers, TopicId id) {
  const EventHandle event(rd_kafka_queue_poll(answers, 0));
  if (!event) return std::nullopt;
  IdAnswer answer{static_cast<BrokerId>(reinterpret_cast<std::intptr_t>(rd_kafka_event_opaque(event.get()))),
                  {}};
  const auto description = rd_kafka_event_error(event.get()) == RD_KAFKA_RESP_ERR_NO_ERROR
                               ? description_in(event.get())
                               : fail(ErrorKind::retry, rd_kafka_event_error_string(event.get()));
  answer.same = description ? compare(id, description->info.id) : std::unexpected(description.error());
  if (!answer.same && answer.same.error().kind != ErrorKind::fenced)
    answer.same.error().kind = ErrorKind::retry;
  return answer;
}

Result<Admin::Description> Admin::describe_partitions() {
  const char* names[] = {topic_.c_str()};
  const TopicNamesHandle collection(rd_kafka_TopicCollection_of_topic_names(names, 1));
  SDP_TRY(const EventHandle event,
          ask(RD_KAFKA_ADMIN_OP_DESCRIBETOPICS, fmt::format("cannot describe topic {}", topic_),
              [&](auto* client, auto* options, auto* queue) {
                rd_kafka_DescribeTopics(client, collection.get(), options, queue);
              }));
  return description_in(event.get());
}

Result<Admin::Description> Admin::description_in(rd_kafka_event_t* event) {
  std::size_t count = 0;
  const auto** topics =
      rd_kafka_DescribeTopics_result_topics(rd_kafka_event_DescribeTopics_result(event), &count);
  if (const auto code = rd_kafka_error_code(rd_kafka_TopicDescription_error(topics[0]));
      code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return std::unexpected(error(fmt::format("cannot describe topic {}", topic_), code,
                                 "does it exist? `spotify-pipeline init` creates it"));
  }
  std::size_t partitions = 0;
  const auto** infos = rd_kafka_TopicDescription_partitions(topics[0], &partitions);
  Description description;
  description.info.name = topic_;
  description.info.id = topic_id(topics[0]);
  description.info.partitions = static_cast<Partition>(partitions);
  description.has_leaders = all_have_leaders({infos, partitions});
  if (description.info.id == TopicId{}) {
    return fail(ErrorKind::misconfigured,
                fmt::format("Kafka at {}: the broker names no id for topic {}: Kafka 2.8 or newer is needed",
                            settings_.bootstrap_servers, topic_));
  }
  return description;
}

Result<void> Admin::describe_config(TopicInfo& info) {
  const std::string what = fmt::format("cannot read the configuration of topic {}", topic_);
  const ConfigResourceHandle resource(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic_.c_str()));
  rd_kafka_ConfigResource_t* resources[] = {resource.get()};
  SDP_TRY(const EventHandle event,
          ask(RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, what, [&](auto* client, auto* options, auto* queue) {
            rd_kafka_DescribeConfigs(client, resources, 1, options, queue);
          }));
  std::size_t count = 0;
  const auto** results =
      rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event.get()), &count);
  if (const auto code = rd_kafka_ConfigResource_error(results[0]); code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return std::unexpected(error(what, code));
  }
  const auto** entries = rd_kafka_ConfigResource_configs(results[0], &count);
  for (const auto* entry : std::span(entries, count)) {
    const char* value = rd_kafka_ConfigEntry_value(entry);
    take_config(info, rd_kafka_ConfigEntry_name(entry), value == nullptr ? "" : value);
  }
  return {};
}

Result<Watermarks> Admin::watermarks(Partition partition) {
  Watermarks marks;
  auto code = RD_KAFKA_RESP_ERR_NO_ERROR;
  begin_to_ask();
  const diag::Waiting waiting(brokers(), settings_.call_timeout);
  base::try_until(base::system_clock(), settings_.call_timeout, kRetryPause, [&] {
    code = rd_kafka_query_watermark_offsets(client_.get(), topic_.c_str(), partition, &marks.start,
                                            &marks.end, static_cast<int>(settings_.call_timeout.count()));
    if (const auto refused = serve_and_see_refusal(); kind_of(code) == ErrorKind::retry && refused != 0)
      code = refused;
    // A broker may not know yet that it leads a partition, which is answered to us at once.
    return kind_of(code) != ErrorKind::retry;
  });
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return marks;
  return std::unexpected(error(fmt::format("cannot read the offsets of {}/{}", topic_, partition), code));
}

Result<std::vector<std::optional<Offset>>> Admin::committed(std::string_view group) {
  SDP_TRY(const Description description, ask_while_unknown([&] { return describe_partitions(); }));
  const std::string what = fmt::format("cannot read what group {} committed for topic {}", group, topic_);
  const PartitionListHandle partitions(rd_kafka_topic_partition_list_new(description.info.partitions));
  for (Partition p = 0; p < description.info.partitions; ++p) {
    rd_kafka_topic_partition_list_add(partitions.get(), topic_.c_str(), p);
  }
  // By a client of the group that never joins it. The library's request for administrators reaches for a
  // group which their client does not have, and ends the process, when the coordinator has just moved or
  // begun.
  const Property properties[] = {{"group.id", std::string(group)}};
  SDP_TRY(const ClientHandle client, open_client(Role::reader, settings_, *this, properties));
  auto code = RD_KAFKA_RESP_ERR__TIMED_OUT;
  const diag::Waiting waiting(brokers(), settings_.call_timeout);
  base::try_until(base::system_clock(), settings_.call_timeout, kRetryPause, [&] {
    const auto limit = settings_.call_timeout / kTriesInTime;
    code = rd_kafka_committed(client.get(), partitions.get(), static_cast<int>(limit.count()));
    // A refused question for the coordinator is told by the group's queue; the request itself only times out.
    const MessageHandle told(rd_kafka_consumer_poll(client.get(), 0));
    if (kind_of(code) == ErrorKind::retry && told && kind_of(told->err) == ErrorKind::unauthorized)
      code = told->err;
    return kind_of(code) != ErrorKind::retry;
  });
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(error(what, code));
  std::vector<std::optional<Offset>> offsets(static_cast<std::size_t>(description.info.partitions));
  for (const auto& entry : std::span(partitions->elems, static_cast<std::size_t>(partitions->cnt))) {
    if (entry.err != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(error(what, entry.err));
    if (entry.offset >= 0) offsets.at(static_cast<std::size_t>(entry.partition)) = entry.offset;
  }
  return offsets;
}

Result<std::size_t> Admin::members(std::string_view group) {
  const std::string name(group);
  const std::string what = fmt::format("cannot describe group {}", group);
  const char* names[] = {name.c_str()};
  std::size_t members = 0;
  auto code = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::string detail;
  // The answer for one group has an error of its own: its coordinator may just be moving.
  const auto describe = [&]() -> Result<void> {
    SDP_TRY(const EventHandle event, ask(RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, what,
                                         [&](auto* client, auto* options, auto* queue) {
                                           rd_kafka_DescribeConsumerGroups(client, names, 1, options, queue);
                                         }));
    std::size_t count = 0;
    const auto** groups = rd_kafka_DescribeConsumerGroups_result_groups(
        rd_kafka_event_DescribeConsumerGroups_result(event.get()), &count);
    const rd_kafka_error_t* problem = rd_kafka_ConsumerGroupDescription_error(groups[0]);
    code = rd_kafka_error_code(problem);
    detail = problem == nullptr ? "" : rd_kafka_error_string(problem);
    members = rd_kafka_ConsumerGroupDescription_member_count(groups[0]);
    return {};
  };
  std::optional<Error> failed;
  base::try_until(base::system_clock(), settings_.call_timeout, kRetryPause, [&] {
    const auto described = describe();
    failed = described ? std::nullopt : std::optional(described.error());
    return failed || kind_of(code) != ErrorKind::retry;
  });
  if (failed) return std::unexpected(*std::move(failed));
  // A group that nobody ever joined.
  if (code == RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND) return std::size_t{0};
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(error(what, code, detail));
  return members;
}

Result<Rights> Admin::rights(std::string_view group) {
  Rights rights;
  SDP_TRY(rights.cluster, operations_on_cluster());
  SDP_TRY(rights.topic, operations_on_topic());
  SDP_TRY(rights.group, operations_on_group(group));
  return rights;
}

Result<Operations> Admin::operations_on_cluster() {
  SDP_TRY(const EventHandle event, ask(
                                       RD_KAFKA_ADMIN_OP_DESCRIBECLUSTER, "cannot describe the cluster",
                                       [](auto* client, auto* options, auto* queue) {
                                         rd_kafka_DescribeCluster(client, options, queue);
                                       },
                                       Besides::operations));
  std::size_t count = 0;
  const auto* operations = rd_kafka_DescribeCluster_result_authorized_operations(
      rd_kafka_event_DescribeCluster_result(event.get()), &count);
  return operations_in(operations, count);
}

Result<std::optional<Operations>> Admin::operations_on_topic() {
  const std::string what = fmt::format("cannot describe topic {}", topic_);
  const char* names[] = {topic_.c_str()};
  const TopicNamesHandle collection(rd_kafka_TopicCollection_of_topic_names(names, 1));
  SDP_TRY(const EventHandle event, ask(
                                       RD_KAFKA_ADMIN_OP_DESCRIBETOPICS, what,
                                       [&](auto* client, auto* options, auto* queue) {
                                         rd_kafka_DescribeTopics(client, collection.get(), options, queue);
                                       },
                                       Besides::operations));
  std::size_t count = 0;
  const auto** topics =
      rd_kafka_DescribeTopics_result_topics(rd_kafka_event_DescribeTopics_result(event.get()), &count);
  const auto code = rd_kafka_error_code(rd_kafka_TopicDescription_error(topics[0]));
  if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return std::nullopt;
  // Whoever may not even describe it may do nothing else: all other rights include that one.
  if (kind_of(code) == ErrorKind::unauthorized) return Operations{};
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(error(what, code));
  const auto* operations = rd_kafka_TopicDescription_authorized_operations(topics[0], &count);
  return operations_in(operations, count);
}

Result<std::optional<Operations>> Admin::operations_on_group(std::string_view group) {
  const std::string name(group);
  const std::string what = fmt::format("cannot describe group {}", group);
  const char* names[] = {name.c_str()};
  const auto asked = ask(
      RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, what,
      [&](auto* client, auto* options, auto* queue) {
        rd_kafka_DescribeConsumerGroups(client, names, 1, options, queue);
      },
      Besides::operations);
  if (!asked && asked.error().kind == ErrorKind::unauthorized) return Operations{};
  if (!asked) return std::unexpected(asked.error());
  std::size_t count = 0;
  const auto** groups = rd_kafka_DescribeConsumerGroups_result_groups(
      rd_kafka_event_DescribeConsumerGroups_result(asked->get()), &count);
  const auto code = rd_kafka_error_code(rd_kafka_ConsumerGroupDescription_error(groups[0]));
  if (code == RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND) return std::nullopt;
  if (kind_of(code) == ErrorKind::unauthorized) return Operations{};
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(error(what, code));
  const auto* operations = rd_kafka_ConsumerGroupDescription_authorized_operations(groups[0], &count);
  return operations_in(operations, count);
}

Result<std::optional<base::UtcMillis>> Admin::newest_time() {
  SDP_TRY(const Description description, ask_while_unknown([&] { return describe_partitions(); }));
  const PartitionListHandle wanted(rd_kafka_topic_partition_list_new(description.info.partitions));
  for (Partition partition = 0; partition < description.info.partitions; ++partition) {
    rd_kafka_topic_partition_list_add(wanted.get(), topic_.c_str(), partition)->offset =
        RD_KAFKA_OFFSET_SPEC_MAX_TIMESTAMP;
  }
  SDP_TRY(const EventHandle event, ask(RD_KAFKA_ADMIN_OP_LISTOFFSETS,
                                       fmt::format("cannot ask for the newest record of topic {}", topic_),
                                       [&](auto* client, auto* options, auto* queue) {
                                         rd_kafka_ListOffsets(client, wanted.get(), options, queue);
                                       }));
  std::size_t count = 0;
  const auto** infos =
      rd_kafka_ListOffsets_result_infos(rd_kafka_event_ListOffsets_result(event.get()), &count);
  std::optional<base::UtcMillis> newest;
  for (const auto* info : std::span(infos, count)) {
    const std::chrono::milliseconds time(rd_kafka_ListOffsetsResultInfo_timestamp(info));
    if (time.count() >= 0) newest = std::max(newest.value_or(base::UtcMillis(time)), base::UtcMillis(time));
  }
  return newest;
}

}  // namespace sdp::log::kafka
