#pragma once

#include <duckdb.h>

#include <utility>

namespace sdp::warehouse::duckdb {

// DuckDB's C handles, destroyed once. Each `get()` is what the C API wants.

template <typename Handle, void (*Destroy)(Handle*)>
class Owned {
 public:
  Owned() = default;
  explicit Owned(Handle handle) : handle_(handle) {}
  ~Owned() {
    if (handle_ != nullptr) Destroy(&handle_);
  }
  Owned(Owned&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Owned& operator=(Owned&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }

  Handle get() const { return handle_; }
  Handle* out() { return &handle_; }
  explicit operator bool() const { return handle_ != nullptr; }

 private:
  Handle handle_ = nullptr;
};

inline void destroy_appender(duckdb_appender* appender) {
  duckdb_appender_destroy(appender);
}

using OwnedDatabase = Owned<duckdb_database, duckdb_close>;
using OwnedConnection = Owned<duckdb_connection, duckdb_disconnect>;
using OwnedConfig = Owned<duckdb_config, duckdb_destroy_config>;
using OwnedAppender = Owned<duckdb_appender, destroy_appender>;
using OwnedChunk = Owned<duckdb_data_chunk, duckdb_destroy_data_chunk>;
using OwnedType = Owned<duckdb_logical_type, duckdb_destroy_logical_type>;
using OwnedValue = Owned<duckdb_value, duckdb_destroy_value>;
using OwnedTableFunction = Owned<duckdb_table_function, duckdb_destroy_table_function>;
using OwnedStatement = Owned<duckdb_prepared_statement, duckdb_destroy_prepare>;

/// A result is a struct, not a pointer.
class OwnedResult {
 public:
  OwnedResult() = default;
  ~OwnedResult() { duckdb_destroy_result(&result_); }
  OwnedResult(const OwnedResult&) = delete;
  OwnedResult& operator=(const OwnedResult&) = delete;

  duckdb_result* get() { return &result_; }
  OwnedChunk next_chunk() { return OwnedChunk(duckdb_fetch_chunk(result_)); }

 private:
  duckdb_result result_{};
};

}  // namespace sdp::warehouse::duckdb
