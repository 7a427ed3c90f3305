#include "simulate/oracle.h"

#include <gtest/gtest.h>

namespace sdp::simulate {
namespace {
TEST(Oracle, X) {}
}  // namespace
}  // namespace sdp::simulate
