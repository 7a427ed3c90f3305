#include "lake/chain_head.h"

#include <gtest/gtest.h>

namespace sdp::lake {
namespace {

const ChainId kChain{*base::parse_uuid("1a2b3c4d-5e6f-4a0b-8c1d-2e3f4a5b6c7d"), 3};

TEST(ChainHead, ReadsWhatItWrote) {
  for (const ChainHead& head : {ChainHead{kChain, 0, ""}, ChainHead{kChain, 42, "bronze/a.json"}})
    EXPECT_EQ(chain_head_from_json(to_json(head)).value_or(ChainHead{}), head);
}

TEST(ChainHead, WhatItDidNotWriteIsBadInput) {
  const std::string good = to_json({kChain, 42, "bronze/a.json"});
  for (const std::string& text : {std::string(), std::string("[]"), good.substr(0, good.size() / 2),
                                  to_json({kChain, 0, "bronze/a.json"}), to_json({kChain, 42, ""})}) {
    const auto head = chain_head_from_json(text);
    ASSERT_FALSE(head) << text;
    EXPECT_EQ(head.error().kind, ErrorKind::bad_input);
  }
}

}  // namespace
}  // namespace sdp::lake
