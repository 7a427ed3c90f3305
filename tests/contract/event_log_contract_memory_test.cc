#include "contract/event_log_contract.h"
#include "log/memory/memory_log.h"

namespace sdp::log {
namespace {

class MemoryPlace final : public LogPlace {
 public:
  EventLog& log() override { return log_; }
  std::string topic() const override { return "events"; }

  void append(Partition partition, const ForeignRecord& record) override {
    std::vector<HeaderView> headers;
    for (const auto& [name, value] : record.headers) headers.push_back({name, value});
    ASSERT_TRUE(log_.append(partition, {base::system_clock().utc_now(), record.key, record.value, headers}));
  }
  void append_unreadable(Partition partition, std::int32_t count) override {
    ASSERT_TRUE(log_.append_unreadable(partition, count, BatchFault::too_large));
  }
  void delete_below(Partition partition, Offset offset) override {
    ASSERT_TRUE(log_.delete_below(partition, offset));
  }
  void recreate(const TopicSpec&) override { ASSERT_TRUE(log_.recreate_topic()); }

 private:
  MemoryLog log_{{.topic = "events"}, base::system_clock(), Rng(1)};
};

INSTANTIATE_TEST_SUITE_P(Memory, EventLogContract,
                         ::testing::Values(LogUnderTest{"memory",
                                                        [] { return std::make_unique<MemoryPlace>(); }}));

}  // namespace
}  // namespace sdp::log
