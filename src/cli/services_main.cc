#include "cli/program.h"

namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  spotify-services up                     Kafka and MinIO, with state in data/services\n"
    "  spotify-services up --s3 versitygw      another S3 server\n"
    "  spotify-services up kafka-s3 airflow    Airflow and its PostgreSQL, too\n"
    "  spotify-services status                 what runs, and where\n"
    "  spotify-services down                   stop all of it; data stays\n"
    "\n"
    "`spotify-pipeline` finds these servers by the files endpoints.json and credentials.env in the folder "
    "--data.\n"
    "\n"
    "Exit codes: 0 ok, 1 failure, 2 usage, 10 unhealthy, 69 did not come up, 73 cannot write, 75 another "
    "command is at work,\n"
    "78 settings, 130 interrupted.";

}  // namespace

int main(int argc, char** argv) {
  return sdp::cli::run_main([argc, argv] {
    return sdp::cli::run_program(
        {.name = "spotify-services",
         .description = "A real Kafka, a real S3 server and a real Airflow on loopback, without containers.",
         .footer = kExamples,
         .define = sdp::cli::define_services},
        argc, argv);
  });
}
