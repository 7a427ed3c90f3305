#include "metrics/registry.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "base/check.h"

namespace sdp::metrics {
namespace {

/// The names of the row, each with its value.
prometheus::Labels labels_of(const Metric& metric, LabelValues values) {
  prometheus::Labels labels;
  std::string_view names = metric.labels;
  for (const std::string_view value : values) {
    SDP_ASSERT(!names.empty());
    const std::string_view name = names.substr(0, names.find(' '));
    labels.emplace(name, value);
    names.remove_prefix(std::min(names.size(), name.size() + 1));
  }
  SDP_ASSERT(names.empty());
  return labels;
}

template <typename T>
std::unique_ptr<prometheus::Family<T>> family_of(const Metric& metric) {
  return std::make_unique<prometheus::Family<T>>(std::string(kPrefix).append(metric.name),
                                                 std::string(metric.help), prometheus::Labels{});
}

}  // namespace

Registry::Registry() {
  for (std::size_t at = 0; at < kMetrics.size(); ++at) {
    switch (kMetrics[at].type) {
      case Type::counter:
        rows_[at] = family_of<prometheus::Counter>(kMetrics[at]);
        break;
      case Type::gauge:
        rows_[at] = family_of<prometheus::Gauge>(kMetrics[at]);
        break;
      case Type::histogram:
        rows_[at] = family_of<prometheus::Histogram>(kMetrics[at]);
        break;
    }
  }
}

Registry::~Registry() = default;

prometheus::Counter& Registry::counter(MetricName name, LabelValues labels) {
  return std::get<Rows<prometheus::Counter>>(rows_[name.index()])
      ->Add(labels_of(kMetrics[name.index()], labels));
}

prometheus::Gauge& Registry::gauge(MetricName name, LabelValues labels) {
  return std::get<Rows<prometheus::Gauge>>(rows_[name.index()])
      ->Add(labels_of(kMetrics[name.index()], labels));
}

prometheus::Histogram& Registry::histogram(MetricName name, LabelValues labels) {
  return std::get<Rows<prometheus::Histogram>>(rows_[name.index()])
      ->Add(labels_of(kMetrics[name.index()], labels),
            prometheus::Histogram::BucketBoundaries(kBuckets.begin(), kBuckets.end()));
}

void Registry::forget(MetricName name, LabelValues labels) {
  std::get<Rows<prometheus::Gauge>>(rows_[name.index()])->Remove(&gauge(name, labels));
}

std::string Registry::text() const {
  std::vector<prometheus::MetricFamily> families;
  for (const Row& row : rows_) {
    auto collected = std::visit([](const auto& family) { return family->Collect(); }, row);
    std::ranges::move(collected, std::back_inserter(families));
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace sdp::metrics
