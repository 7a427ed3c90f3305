#include "cli/command.h"
#include "cli/tap_command.h"

namespace sdp::cli {

void define_all(settings::Commands& commands, Action& action) {
  for (const auto define :
       {define_run,     define_init,       define_simulate, define_import,    define_forget,
        define_sink,    define_extract,    define_load,     define_transform, define_freshness,
        define_publish, define_pipeline,   define_verify,   define_rejected,  define_map,
        define_lake,    define_warehouse,  define_marts,    define_sql,       define_serve,
        define_status,  define_top,        define_tap,      define_doctor,    define_schema,
        define_config,  define_completion, define_man,      define_version}) {
    define(commands, action);
  }
}

}  // namespace sdp::cli
