#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <array>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "metrics/table.h"

namespace sdp::metrics {

/// Values of a row's labels, in the row's order.
using LabelValues = std::initializer_list<std::string_view>;

/// The values of a process's metrics. What it hands out lives as long as it does, costs an atomic operation
/// to change, and is found again by the same labels. Thread-safe: a reader holds up nobody for longer than it
/// takes to copy one metric's values.
class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  prometheus::Counter& counter(MetricName name, LabelValues labels);
  prometheus::Gauge& gauge(MetricName name, LabelValues labels);
  prometheus::Histogram& histogram(MetricName name, LabelValues labels);
  /// The gauge is told no more, and what was handed out for it is gone.
  void forget(MetricName name, LabelValues labels);

  /// Every value, in Prometheus's text format, in the order of the table.
  std::string text() const;

 private:
  template <typename T>
  using Rows = std::unique_ptr<prometheus::Family<T>>;
  using Row = std::variant<Rows<prometheus::Counter>, Rows<prometheus::Gauge>, Rows<prometheus::Histogram>>;

  std::array<Row, kMetrics.size()> rows_;
};

}  // namespace sdp::metrics
