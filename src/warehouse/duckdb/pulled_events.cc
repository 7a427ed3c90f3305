#include "warehouse/duckdb/pulled_events.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/encoding.h"
#include "warehouse/duckdb/columns.h"
#include "warehouse/duckdb/schema.h"
#include "warehouse/object_reader.h"

namespace sdp::warehouse::duckdb {
namespace {

constexpr const char* kFunction = "sdp_pulled_events";
/// DuckDB takes no more of its threads for it.
constexpr idx_t kWorkersMax = 16;

/// A column of the events table; its place in kColumns is its place in the table.
struct Column {
  const char* name = nullptr;
  duckdb_type type = DUCKDB_TYPE_INVALID;
  bool json = false;
};

constexpr Column kColumns[] = {
    {"object_key", DUCKDB_TYPE_VARCHAR},
    {"topic", DUCKDB_TYPE_VARCHAR},
    {"topic_id", DUCKDB_TYPE_VARCHAR},
    {"kafka_partition", DUCKDB_TYPE_INTEGER},
    {"kafka_offset", DUCKDB_TYPE_BIGINT},
    {"kafka_timestamp", DUCKDB_TYPE_TIMESTAMP},
    {"kafka_key", DUCKDB_TYPE_VARCHAR},
    {"kafka_key_base64", DUCKDB_TYPE_VARCHAR},
    {"kafka_headers", DUCKDB_TYPE_VARCHAR, true},
    {"payload", DUCKDB_TYPE_VARCHAR, true},
    {"loaded_at", DUCKDB_TYPE_TIMESTAMP},
};

/// What one thread did before synchronise() is seen by every thread that calls it later.
void synchronise() {
  // Of static storage, so that it is there before the first thread.
  static constinit std::mutex mutex;
  const std::lock_guard lock(mutex);
}

/// Stands at the begin of each function that DuckDB calls.
struct Callback {
  Callback() { synchronise(); }
  ~Callback() { synchronise(); }
  Callback(const Callback&) = delete;
  Callback& operator=(const Callback&) = delete;
};

}  // namespace

/// What one of DuckDB's threads at a time reads objects with.
class PulledEvents::Worker {
 public:
  explicit Worker(Insert& insert) : insert_(insert) {}

  /// The next rows, all of one object; none when there are no more.
  Result<void> fill(duckdb_data_chunk chunk) {
    idx_t rows = 0;
    while (rows == 0 && (!at_end_ || take_next())) {
      Columns columns(chunk);
      SDP_TRY(rows, fill_rows(columns));
      if (rows > 0) fill_constants(columns);
    }
    duckdb_data_chunk_set_size(chunk, rows);
    return {};
  }

 private:
  bool take_next() {
    if (object_) insert_.give_back(*std::exchange(object_, std::nullopt), reader_.too_large());
    object_ = insert_.take();
    if (!object_) return false;
    topic_id_ = base::to_string(object_->meta.chain.topic_id);
    reader_.open(*object_);
    at_end_ = false;
    return true;
  }

  Result<idx_t> fill_rows(Columns& columns) {
    idx_t row = 0;
    while (row < duckdb_vector_size()) {
      SDP_TRY(const auto line, reader_.next());
      if (!line) {
        at_end_ = true;
        break;
      }
      if (!line->reject) fill_row(columns, row++, *line);
    }
    return row;
  }

  void fill_row(Columns& columns, idx_t row, const lake::Line& line) const {
    columns.set_int32(3, row, line.partition);
    columns.set_int64(4, row, line.offset);
    columns.set_time(5, row, line.timestamp);
    columns.set_optional_text(6, row, line.key_base64.empty() ? line.key : std::nullopt);
    columns.set_text_or_null(7, row, line.key_base64);
    columns.set_text_or_null(8, row, line.headers_json);
    columns.set_optional_text(9, row, line.payload);
    columns.set_time(10, row, insert_.loaded_at);
  }

  void fill_constants(Columns& columns) const {
    columns.fill_text(0, object_->key);
    columns.fill_text(1, object_->meta.topic);
    columns.fill_text(2, topic_id_);
  }

  Insert& insert_;
  ObjectReader reader_;
  std::optional<FetchedObject> object_;
  std::string topic_id_;
  bool at_end_ = true;
};

std::optional<FetchedObject> PulledEvents::Insert::take() {
  std::unique_lock lock(mutex);
  while (!error) {
    const std::size_t held = held_bytes;
    lock.unlock();
    auto object = source.next(held);
    if (!object || !loaded.contains(object->key)) return object;
    lock.lock();
    ++taken.skipped;
  }
  return std::nullopt;
}

void PulledEvents::Insert::give_back(FetchedObject object, std::uint64_t too_large) {
  if (object.meta.rejected == 0 && too_large == 0) std::string().swap(object.lines);
  const std::lock_guard lock(mutex);
  held_bytes += object.lines.size();
  taken.objects.push_back({std::move(object), too_large});
}

void PulledEvents::Insert::fail_with(Error what) {
  const std::lock_guard lock(mutex);
  if (!error) error = std::move(what);
}

Result<TakenObjects> PulledEvents::Insert::result() {
  const std::lock_guard lock(mutex);
  if (error) return std::unexpected(*std::move(error));
  std::ranges::sort(taken.objects, {},
                    [](const TakenObject& one) -> const std::string& { return one.object.key; });
  return std::move(taken);
}

Result<std::unique_ptr<PulledEvents>> PulledEvents::install(Connection& connection) {
  std::unique_ptr<PulledEvents> events(new PulledEvents());
  const OwnedTableFunction function(duckdb_create_table_function());
  duckdb_table_function_set_name(function.get(), kFunction);
  duckdb_table_function_set_extra_info(function.get(), events.get(), nullptr);
  duckdb_table_function_set_bind(function.get(), bind);
  duckdb_table_function_set_init(function.get(), start);
  duckdb_table_function_set_local_init(function.get(), start_worker);
  duckdb_table_function_set_function(function.get(), fill);
  SDP_RETURN_IF_ERROR(connection.add_function(function.get()));
  // Keeping the order of rows would put all of them through one thread; bronze has coordinates instead.
  SDP_RETURN_IF_ERROR(connection.execute("SET preserve_insertion_order = false"));
  return events;
}

void PulledEvents::bind(duckdb_bind_info info) {
  for (const Column& column : kColumns) {
    const OwnedType type(duckdb_create_logical_type(column.type));
    if (column.json) duckdb_logical_type_set_alias(type.get(), "JSON");
    duckdb_bind_add_result_column(info, column.name, type.get());
  }
}

void PulledEvents::start(duckdb_init_info info) {
  duckdb_init_set_max_threads(info, kWorkersMax);
}

void PulledEvents::start_worker(duckdb_init_info info) {
  const Callback callback;
  auto& events = *static_cast<PulledEvents*>(duckdb_init_get_extra_info(info));
  duckdb_init_set_init_data(info, new Worker(*events.insert_), [](void* worker) {
    const Callback end;
    delete static_cast<Worker*>(worker);
  });
}

void PulledEvents::fill(duckdb_function_info info, duckdb_data_chunk output) {
  const Callback callback;
  auto& worker = *static_cast<Worker*>(duckdb_function_get_local_init_data(info));
  if (auto filled = worker.fill(output); !filled) {
    auto& events = *static_cast<PulledEvents*>(duckdb_function_get_extra_info(info));
    duckdb_function_set_error(info, filled.error().message.c_str());
    events.insert_->fail_with(std::move(filled.error()));
  }
}

Result<TakenObjects> PulledEvents::insert(Connection& connection, ObjectSource& source,
                                          const std::set<std::string>& loaded, UtcMillis loaded_at) {
  Insert insert{.source = source, .loaded = loaded, .loaded_at = loaded_at};
  insert_ = &insert;
  synchronise();
  const auto inserted =
      connection.execute(fmt::format("INSERT INTO BRONZE.{} SELECT * FROM {}()", kEventsTable, kFunction));
  synchronise();
  insert_ = nullptr;
  // Our own error first: what DuckDB makes of it is its text and no more.
  SDP_TRY(TakenObjects taken, insert.result());
  SDP_RETURN_IF_ERROR(inserted);
  return taken;
}

}  // namespace sdp::warehouse::duckdb
