#pragma once

#include <optional>
#include <string_view>

namespace sdp::settings {

/// What a setting belongs to; --help and the pages list settings by group, in this order.
enum class Group {
  kafka,
  lake,
  aws,  ///< named as AWS's own tools name them
  sink,
  warehouse,
  snowflake,
  load,
  dbt,
  verify,
  rejected,
  sql,
  serve,
  metrics,
  upgrade,
  status,
  simulation,
  history,
  run,
  services,
  output,
  program,
  airflow,  ///< read by the DAGs in airflow/dags, not by this program
  stack,    ///< read by docker/docker-compose.yml, and some by `doctor stack`
  testing,  ///< timers that tests shorten; --help does not show them
};

struct GroupText {
  Group group = Group::kafka;
  std::string_view title;
  std::string_view about;  ///< a sentence for the page; may be empty
};

/// What a shell offers after the flag. Choices are offered wherever there are any.
enum class Completion { nothing, file, folder };

/// Numbers that a setting takes, both ends included, in the setting's own unit.
struct Range {
  double low = 0;
  double high = 0;
};

/// One row of the table. Names, texts and limits stand here and nowhere else; the default does not, because
/// it is the value of the field that a command binds to the row. A name that ends in `-ms` or `-s` says the
/// unit of a time.
struct Setting {
  std::string_view name;      ///< `kafka.topic`: unique
  std::string_view flag;      ///< `--topic`, `-q,--quiet`; empty: only by the variable
  std::string_view variable;  ///< `KAFKA_TOPIC`; empty: only by the flag
  Group group = Group::program;
  std::string_view value = {};    ///< after the flag: `HOST:PORT`; `[S]` may be left out: the example
  std::string_view help = {};     ///< one sentence, no full stop
  std::string_view choices = {};  ///< `none|gzip|zstd`; empty when any value in `range` will do
  std::optional<Range> range = {};
  /// What holds when nothing is set, in words, where the bound field's value does not say it.
  std::string_view otherwise = {};
  /// The value in docker/.env.example; nothing when the variable does not stand there.
  std::optional<std::string_view> stack = {};
  std::string_view example = {};
  bool needs_log = false;  ///< besides those of Group::kafka: has no effect where records go to no log
  bool bucket = false;     ///< where it takes a path, `s3://BUCKET[/PREFIX]` will do
  /// Anything but `nothing` also says that the value is a path (settings/place.h).
  Completion completion = Completion::nothing;
  bool names_run = false;     ///< a folder of `run`, for a command that can look at one
  bool names_part = false;    ///< where log, lake, warehouse or publications are
  bool names_topic = false;   ///< a text that Kafka takes as the name of a topic (base/topic_name.h)
  bool empty_counts = false;  ///< a variable that is set and empty is a value, not "not set"
  bool hidden = false;        ///< not in --help
  bool secret = false;        ///< never printed, and no flag
  /// A program, a library, or a folder of such: never taken from a `.env` file.
  bool names_program = false;
};

}  // namespace sdp::settings
