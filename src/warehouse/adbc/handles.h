#pragma once

#include <arrow-adbc/adbc.h>

#include <utility>

namespace sdp::warehouse::adbc {

// ADBC's and Arrow's C structs, released once. They are owned in place, since drivers keep their address.

/// A struct with a `release` of its own.
template <typename Struct>
class Released {
 public:
  Released() = default;
  ~Released() { reset(); }
  Released(const Released&) = delete;
  Released& operator=(const Released&) = delete;

  void reset() {
    if (value_.release != nullptr) value_.release(&value_);
    value_ = {};
  }
  Struct* get() { return &value_; }
  Struct* operator->() { return &value_; }
  const Struct& operator*() const { return value_; }

 private:
  Struct value_{};
};

using OwnedError = Released<AdbcError>;
using OwnedStream = Released<ArrowArrayStream>;
using OwnedSchema = Released<ArrowSchema>;
using OwnedArray = Released<ArrowArray>;

/// A struct that a function of ADBC releases, when it was made.
template <typename Struct, AdbcStatusCode (*Release)(Struct*, AdbcError*)>
class Handle {
 public:
  Handle() = default;
  ~Handle() {
    OwnedError ignored;
    if (value_.private_data != nullptr) Release(&value_, ignored.get());
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  Struct* get() { return &value_; }

 private:
  Struct value_{};
};

using OwnedDatabase = Handle<AdbcDatabase, AdbcDatabaseRelease>;
using OwnedConnection = Handle<AdbcConnection, AdbcConnectionRelease>;
using OwnedStatement = Handle<AdbcStatement, AdbcStatementRelease>;

}  // namespace sdp::warehouse::adbc
