#pragma once

#include <map>
#include <string>
#include <vector>

#include "verify/mart_recount.h"

namespace sdp::verify {

/// A line of the one list of what verify proves and what it does not: a column of a table, or a part of what
/// the lake keeps. The report, docs/limits.md and docs/formats/proof.md show this list.
struct ProofLine {
  std::string
      place;  ///< `MART.SONG_DAILY`, `TRANSFORM.INT_*` for all other tables of that name, or `lake: ...`
  std::string part;  ///< a column or a member, in lower case; `*` for all
  std::string type;  ///< the column's, by DuckDB's name; empty where none is compared
  bool proved = true;
  std::string by;         ///< what it is compared with, or why it is not proved
  std::string rows;       ///< the rows of the table that are compared, as a condition; empty for all
  bool looked_at = true;  ///< false where this run of verify left it out, which the report notes
};

/// Recounts by the table that they count.
using Recounts = std::map<std::string, MartRecount>;

/// The whole list, in the order of the flow. Tables that are counted again from silver come from `recounts`.
std::vector<ProofLine> proof_list(const Recounts& recounts);

/// As a table for docs/formats/proof.md.
std::string to_markdown(const std::vector<ProofLine>& list);
/// The names of what is not proved even when it is looked at, `MART.LISTENER_HISTORY (seen_at, dbt_scd_id)`,
/// a table each.
std::vector<std::string> not_proved(const std::vector<ProofLine>& list);

}  // namespace sdp::verify
