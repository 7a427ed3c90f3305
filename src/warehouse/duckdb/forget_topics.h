#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "warehouse/duckdb/connection.h"

namespace sdp::warehouse::duckdb {

// What a person's lake has brought into a warehouse, and the warehouse without it (docs/history.md).

struct TableRows {
  std::string table;  ///< as `BRONZE.SPOTIFY_EVENTS`
  std::uint64_t rows = 0;
};

/// What there is of some topics.
struct TopicRows {
  /// Tables that have rows of these topics, and LISTENER_HISTORY, where it has some of their listeners.
  std::vector<TableRows> tables;
  /// Rows of bronze that name the user and came by other topics, by topic id.
  std::vector<TableRows> elsewhere;
};

struct ToForget {
  std::set<std::string> topic_ids;
  std::string user_id;
};

/// Of a warehouse that is open to be read.
Result<TopicRows> find_topics(Connection& connection, const ToForget& what);

/// `misconfigured` when the database holds what neither `load` nor `transform` made: it may have the person's
/// rows, and would not be in the new file.
Result<void> check_only_ours(Connection& connection);

/// The digest of the mapping by which the last batch was closed; empty of none.
Result<std::string> mapping_of(Connection& connection);

/// Writes a warehouse in a new file that has bronze and LISTENER_HISTORY, but no row of these topics and of
/// their listeners: all that transform does not make again. Compares every table with what it came from.
Result<void> copy_without(Connection& connection, const ToForget& what, const std::string& to);

/// `fatal` when a table still has rows of these topics, or, unless others brought rows of the user, of the
/// user.
Result<void> check_forgotten(Connection& connection, const ToForget& what, bool user_is_elsewhere);

}  // namespace sdp::warehouse::duckdb
