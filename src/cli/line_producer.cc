#include "cli/line_producer.h"

#include <fcntl.h>

#include <cerrno>
#include <filesystem>

#include "base/encoding.h"
#include "base/terminal_text.h"
#include "cli/standard_output.h"
#include "os/files.h"
#include "os/posix_file.h"

namespace sdp::cli {
namespace {

constexpr std::size_t kBufferBytes = 64 << 10;
/// How long a line waits for others: who reads along sees them as they come.
constexpr std::chrono::milliseconds kLineWaitMax{100};

class LineProducer final : public log::Producer {
 public:
  /// Without a file: to standard output.
  LineProducer(os::UniqueFd file, std::string path, Clock& clock)
      : file_(std::move(file)), path_(std::move(path)), clock_(clock), written_at_(clock.steady_now()) {}

  Result<void> send(const log::Outgoing& record) override {
    append_value_line(buffer_, record.value);
    if (record.placement != nullptr) record.placement->is_confirmed = true;
    ++waiting_;
    if (buffer_.size() < kBufferBytes && clock_.steady_now() - written_at_ < kLineWaitMax) return {};
    return write();
  }
  Result<void> send_transaction(std::span<const log::Outgoing> /*records*/,
                                log::TransactionEnd /*end*/) override {
    return fail(ErrorKind::misconfigured, "lines have no transactions; leave --output out");
  }
  Result<void> flush(std::chrono::milliseconds /*timeout*/) override { return write(); }
  log::ProducerCounts counts() const override { return {.acked = acked_, .failed = 0}; }
  std::string first_failure() const override { return {}; }

 private:
  Result<void> write() {
    if (file_) {
      SDP_RETURN_IF_ERROR(os::write_all(file_.get(), buffer_, path_));
    } else {
      write_out(buffer_);
      flush_out();
      if (out_has_failed()) return finish_out();
    }
    buffer_.clear();
    acked_ += waiting_;
    waiting_ = 0;
    written_at_ = clock_.steady_now();
    return {};
  }

  const os::UniqueFd file_;
  const std::string path_;
  Clock& clock_;
  SteadyTime written_at_;
  std::string buffer_;
  std::uint64_t waiting_ = 0;
  std::uint64_t acked_ = 0;
};

}  // namespace

void append_value_line(std::string& out, std::optional<std::string_view> value) {
  if (!value) {
    out += R"({"_raw":null})";
  } else if (value->empty() || value->find_first_of("\r\n") != std::string_view::npos ||
             !base::is_utf8(*value)) {
    out += R"({"_raw":")";
    base::append_base64(out, *value);
    out += R"("})";
  } else {
    out += *value;
  }
  out += '\n';
}

Result<std::unique_ptr<log::Producer>> open_line_producer(const std::string& place, Clock& clock) {
  os::UniqueFd file;
  if (place != "-") {
    // A device or a pipe takes lines, too.
    std::error_code missing;
    if (std::filesystem::is_directory(place, missing))
      return std::unexpected(os::check_replaceable(place).error());
    file = os::UniqueFd(::open(place.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!file) return os::posix_error(errno, os::Access::write, "write", place);
  }
  return std::make_unique<LineProducer>(std::move(file), place, clock);
}

}  // namespace sdp::cli
