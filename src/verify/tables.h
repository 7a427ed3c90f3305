#pragma once

#include <string_view>

namespace sdp::verify {

// The tables that are proved, marts aside, as the catalogue names them.

inline constexpr std::string_view kBronzeEvents = "BRONZE.SPOTIFY_EVENTS";
inline constexpr std::string_view kBronzeRejected = "BRONZE.REJECTED_EVENTS";
inline constexpr std::string_view kLoadLedger = "BRONZE.LOAD_LEDGER";
inline constexpr std::string_view kJudged = "TRANSFORM.INT_EVENTS_JUDGED";
inline constexpr std::string_view kSilver = "TRANSFORM.SPOTIFY_SILVER";
inline constexpr std::string_view kDuplicates = "TRANSFORM.SPOTIFY_DUPLICATES";
inline constexpr std::string_view kRejected = "TRANSFORM.SPOTIFY_REJECTED";
inline constexpr std::string_view kFaults = "TRANSFORM.SPOTIFY_FAULTS";
inline constexpr std::string_view kTransformLedger = "TRANSFORM.TRANSFORM_LEDGER";
inline constexpr std::string_view kTransformParts = "TRANSFORM.TRANSFORM_PARTS";

}  // namespace sdp::verify
