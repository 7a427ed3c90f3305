#include "base/thread_name.h"

#include <pthread.h>
#include <unistd.h>

namespace sdp::base {

void name_thread(const char* name) {
  if (::gettid() != ::getpid()) ::pthread_setname_np(::pthread_self(), name);
}

}  // namespace sdp::base
