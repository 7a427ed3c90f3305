#include "report/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/sha256.h"
#include "base/text_table.h"
#include "report/charts.h"
#include "report/grid.h"
#include "report/html_text.h"
#include "report/style.h"

namespace sdp::report {
namespace {

using base::with_commas;
using snapshot::Mart;
using snapshot::Snapshot;

constexpr std::size_t kHoursMax = 168;
constexpr std::size_t kSongsInChart = 10;
constexpr std::size_t kBarsMax = 12;
constexpr std::size_t kMartsMax = 40;
constexpr std::size_t kReasonsShown = 30;
constexpr std::size_t kFindingsShown = 20;
constexpr std::size_t kNamesShown = 10;
constexpr std::size_t kNotesShown = 50;
constexpr std::size_t kNotesAtTheTop = 3;
constexpr std::size_t kNodesShown = 12;
constexpr std::size_t kLabelCharacters = 60;

/// How many rows of tables a page may have.
struct Rows {
  std::size_t worksheet = 0;
  std::size_t other = 0;
  std::size_t marts = kMartsMax;  ///< besides the worksheets
};

bool is_worksheet(const Mart& mart) {
  return std::ranges::find(kWorksheets, mart.name) != kWorksheets.end();
}

/// `2026-02-15 17:52:36 UTC`; a dash without a time.
std::string utc(const snapshot::Cell& iso) {
  if (!iso || iso->size() < 19) return "–";
  return fmt::format("{} {} UTC", escaped(iso->substr(0, 10)), escaped(iso->substr(11, 8)));
}

std::string label(std::string_view text) {
  return html_text(text, kLabelCharacters).html;
}

enum class Standing { proved, not_proved, open };

Standing standing(const Facts& facts) {
  if (!facts.proof) return Standing::open;
  return facts.proof->proved ? Standing::proved : Standing::not_proved;
}

std::string_view class_of(Standing standing) {
  switch (standing) {
    case Standing::proved:
      return "good";
    case Standing::not_proved:
      return "bad";
    case Standing::open:
      return "open";
  }
  return "open";
}

std::string_view word_for(Standing standing) {
  switch (standing) {
    case Standing::proved:
      return "Proved";
    case Standing::not_proved:
      return "Not proved";
    case Standing::open:
      return "Not verified";
  }
  return "";
}

class Page {
 public:
  Page(const Snapshot& snapshot, const Facts& facts, const Rows& rows)
      : snapshot_(snapshot), facts_(facts), rows_(rows) {}

  std::string make() {
    head();
    header();
    html_ += "<main>\n";
    worksheets();
    charts();
    others();
    proof();
    stages();
    dbt();
    rejected();
    html_ += "</main>\n";
    footer();
    html_ += "</body>\n</html>\n";
    return std::move(html_);
  }

 private:
  template <typename... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(html_), format, std::forward<Args>(args)...);
  }

  /// Nothing may be fetched and nothing runs; the style sheet is the one whose hash this is.
  void head() {
    const std::string hash = base::base64(base::from_hex(base::sha256_hex(style())).value_or(""));
    add("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{}'; "
        "base-uri "
        "'none'; form-action 'none'\"/>\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
        "<meta name=\"color-scheme\" content=\"light dark\"/>\n<meta name=\"referrer\" "
        "content=\"no-referrer\"/>\n"
        "<title>Listening marts, {}, {}</title>\n<style>{}</style>\n</head>\n<body>\n",
        hash, utc(snapshot_.freshness.as_of), word_for(standing(facts_)), style());
  }

  void header() {
    const Standing now = standing(facts_);
    add("<header>\n<div class=\"head\"><h1>Listening marts</h1><span class=\"badge {}\">{}</span>"
        "<span class=\"soft\">as of {}</span></div>\n",
        class_of(now), word_for(now), utc(snapshot_.freshness.as_of));
    if (facts_.proof) {
      add("<p class=\"verdict {}\">{}</p>\n", class_of(now), escaped(facts_.proof->verdict));
    } else {
      add("<p class=\"verdict open\">These marts were published before anything was verified. "
          "<code>spotify-pipeline verify</code> compares them with the lake and the log.</p>\n");
    }
    notes();
    figures();
    add("<nav aria-label=\"Parts of this page\">");
    for (const std::string_view name : kWorksheets) {
      if (snapshot_.find(name) != nullptr) add("<a href=\"#sheet-{0}\">{0}</a>", name);
    }
    add("<a href=\"#charts\">Charts</a><a href=\"#marts\">Other marts</a><a href=\"#proof\">Proof</a>");
    if (!facts_.stages.empty()) add("<a href=\"#stages\">Stages</a>");
    if (snapshot_.dbt) add("<a href=\"#dbt\">dbt</a>");
    add("</nav>\n</header>\n");
  }

  /// What a verdict leaves open stands beside it: marts that nobody looked at, for one.
  void notes() {
    if (!facts_.proof) return;
    const auto& notes = facts_.proof->notes;
    for (std::size_t at = 0; at < std::min(notes.size(), kNotesAtTheTop); ++at)
      add("<p class=\"soft\">Note: {}</p>\n", escaped(notes[at]));
    if (notes.size() > kNotesAtTheTop)
      add("<p class=\"soft\">and {} more, below</p>\n", with_commas(notes.size() - kNotesAtTheTop));
  }

  void figure(std::string_view name, std::string_view value, bool is_time = false) {
    add("<div><dt>{}</dt><dd{}>{}</dd></div>", name, is_time ? " class=\"time\"" : "", value);
  }

  void figures() {
    const snapshot::Completeness& all = snapshot_.completeness;
    const std::string newest = utc(snapshot_.freshness.newest_event);
    add("<dl class=\"figures\">");
    figure("Records in the warehouse", with_commas(snapshot_.ledger.records));
    figure("Events kept", with_commas(all.kept));
    figure("Duplicates", with_commas(all.duplicates));
    figure("Rejected", with_commas(snapshot_.rejected_events));
    figure("Objects loaded", with_commas(snapshot_.ledger.objects));
    figure("Newest event, UTC", newest.substr(0, newest.find(" UTC")), true);
    add("</dl>\n");
    if (all.hours_incomplete > 0) {
      add("<p class=\"verdict bad\">{} of {} hours of the lake lack rows in the warehouse: "
          "MART.PIPELINE_HOURS names "
          "them.</p>\n",
          with_commas(all.hours_incomplete), with_commas(all.hours));
    }
  }

  void cut_note(const Mart& mart) {
    if (mart.cells_cut == 0) return;
    add("<p class=\"soft\">{} cells are longer than is kept here; they end in an ellipsis.</p>\n",
        with_commas(mart.cells_cut));
  }

  void worksheets() {
    for (const std::string_view name : kWorksheets) {
      const Mart* const mart = snapshot_.find(name);
      if (mart == nullptr) {
        add("<h2>{0}</h2>\n<p>The warehouse has no MART.{0}. `spotify-pipeline transform` makes it.</p>\n",
            name);
        continue;
      }
      const std::string id = fmt::format("sheet-{}", name);
      add("<section>\n<h2 id=\"{}\">{}</h2>\n<p class=\"soft\">{}</p>\n<pre class=\"sql\">{}</pre>\n", id,
          name, escaped(mart->description), escaped(mart->sql));
      if (mart->rows_total == 0)
        add("<p>It has no row yet: no event of the lake counts in it.</p>\n");
      else
        html_ += grid(*mart, id, rows_.worksheet);
      cut_note(*mart);
      add("</section>\n");
    }
  }

  /// A table that reads without its bars. `all` is what shares are of; 0: no shares.
  void bars(std::string_view what, const std::vector<Bar>& list, std::uint64_t all, bool is_short) {
    std::uint64_t most = 1;
    for (const Bar& bar : list) most = std::max(most, bar.plays);
    add("<table class=\"bars{}\" aria-label=\"{}\"><tbody>\n", is_short ? " short" : "", what);
    for (std::size_t at = 0; at < std::min(list.size(), kBarsMax); ++at) {
      const Bar& bar = list[at];
      const HtmlText name = html_text(bar.label, kLabelCharacters);
      add("<tr><th scope=\"row\" title=\"{0}\"><bdi>{0}</bdi></th><td><svg viewBox=\"0 0 100 10\" "
          "preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect width=\"{1:.2f}\" height=\"10\" "
          "rx=\"0.6\"/></svg></td>"
          "<td class=\"n\">{2}{3}</td></tr>\n",
          name.html, 100 * static_cast<double>(bar.plays) / static_cast<double>(most), with_commas(bar.plays),
          all > 0 ? ", " + percent(bar.plays, all) : "");
    }
    add("</tbody></table>\n");
    if (list.size() > kBarsMax)
      add("<p class=\"soft\">and {} more</p>\n", with_commas(list.size() - kBarsMax));
  }

  void hours_chart(const Hours& hours) {
    std::uint64_t most = 1;
    for (const Bar& bar : hours.by_hour) most = std::max(most, bar.plays);
    constexpr double kHeight = 120;
    add("<figure class=\"wide\"><figcaption>Plays by hour<span>hours of the events' own time, UTC; {} plays "
        "in {} "
        "hours{}; the most in one is {}</span></figcaption>\n<svg class=\"hours\" viewBox=\"0 0 {} {}\" "
        "preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Plays by hour, from {} to {}\">",
        with_commas(hours.plays), hours.by_hour.size(), hours.is_everything ? "" : ", the latest",
        with_commas(most), hours.by_hour.size() * 10, kHeight, escaped(hours.by_hour.front().label),
        escaped(hours.by_hour.back().label));
    for (std::size_t at = 0; at < hours.by_hour.size(); ++at) {
      const Bar& bar = hours.by_hour[at];
      const double height =
          bar.plays == 0
              ? 0
              : std::max(1.0, kHeight * static_cast<double>(bar.plays) / static_cast<double>(most));
      add("<rect x=\"{}\" y=\"{:.1f}\" width=\"8.6\" height=\"{:.1f}\"><title>{}: {}</title></rect>", at * 10,
          kHeight - height, height, escaped(bar.label), with_commas(bar.plays));
    }
    add("</svg>\n<div class=\"axis\"><span>{}</span>", escaped(hours.by_hour.front().label));
    if (hours.by_hour.size() > 1) add("<span>{}</span>", escaped(hours.by_hour.back().label));
    add("</div></figure>\n");
  }

  void charts() {
    const Hours hours = latest_hours(snapshot_, kHoursMax);
    const auto songs = top_songs(snapshot_, kSongsInChart);
    add("<section>\n<h2 id=\"charts\">Charts</h2>\n");
    if (hours.by_hour.empty() && songs.empty()) {
      add("<p>There is nothing to draw yet: the marts are empty.</p>\n</section>\n");
      return;
    }
    add("<div class=\"charts\">\n");
    if (!hours.by_hour.empty()) {
      hours_chart(hours);
      add("<figure><figcaption>Plays by country<span>in these hours</span></figcaption>\n");
      bars("Plays by country", hours.by_country, hours.plays, true);
      add("</figure>\n<figure><figcaption>Plays by device<span>in these hours</span></figcaption>\n");
      bars("Plays by device", hours.by_device, hours.plays, true);
      add("</figure>\n");
    }
    if (!songs.empty()) {
      add("<figure class=\"wide\"><figcaption>Songs that are played most<span>over all "
          "days</span></figcaption>\n");
      bars("Songs that are played most", songs, 0, false);
      add("</figure>\n");
    }
    add("</div>\n</section>\n");
  }

  void others() {
    std::vector<const Mart*> marts;
    for (const Mart& mart : snapshot_.marts) {
      if (!is_worksheet(mart)) marts.push_back(&mart);
    }
    add("<section>\n<h2 id=\"marts\">Other marts</h2>\n");
    const std::size_t shown = std::min(rows_.marts, marts.size());
    for (std::size_t at = 0; at < shown; ++at) {
      const Mart& mart = *marts[at];
      const std::string id = fmt::format("mart-{}", at + 1);
      add("<h3 id=\"{}\">{}</h3>\n<p class=\"soft\">{}</p>\n<pre class=\"sql\">{}</pre>\n", id,
          label(mart.name), escaped(mart.description), escaped(mart.sql));
      html_ += grid(mart, id, rows_.other);
      cut_note(mart);
    }
    if (shown < marts.size())
      add("<p>{} more marts do not fit into this page.</p>\n", with_commas(marts.size() - shown));
    add("</section>\n");
  }

  void proof() {
    add("<section>\n<h2 id=\"proof\">Proof</h2>\n");
    if (!facts_.proof) {
      add("<p>Nobody verified these marts when this page was written.");
      if (snapshot_.last_proof) {
        add(" What was published before them was verified at {}: {}", utc(snapshot_.last_proof->at),
            escaped(snapshot_.last_proof->verdict));
      }
      add("</p>\n</section>\n");
      return;
    }
    const snapshot::Proof& proof = *facts_.proof;
    add("<p>{}: verified at {}, after these marts were published. docs/formats/proof.md lists what is "
        "compared.</p>\n"
        "<div class=\"scroll\" role=\"region\" aria-labelledby=\"proof\" tabindex=\"0\"><table "
        "class=\"plain\"><caption>What "
        "was looked at</caption><thead><tr><th scope=\"col\">Stage</th><th scope=\"col\" "
        "class=\"n\">Records</th><th "
        "scope=\"col\">In</th><th scope=\"col\" class=\"n\">Pending</th><th scope=\"col\" "
        "class=\"n\">Problems</th></tr></thead><tbody>\n",
        word_for(standing(facts_)), utc(proof.at));
    for (const snapshot::ProofStage& stage : proof.stages) {
      if (!stage.looked_at) {
        add("<tr><th scope=\"row\">{}</th><td class=\"n\">–</td><td>not looked at</td><td "
            "class=\"n\">–</td><td "
            "class=\"n\">–</td></tr>\n",
            escaped(stage.stage));
        continue;
      }
      add("<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td><td>{} {}</td><td class=\"n\">{}</td><td "
          "class=\"n "
          "{}\">{}</td></tr>\n",
          escaped(stage.stage), with_commas(stage.records), with_commas(stage.groups),
          escaped(stage.groups_are), with_commas(stage.pending), stage.problems == 0 ? "ok" : "no",
          with_commas(stage.problems));
    }
    add("</tbody></table></div>\n");
    findings(proof);
    if (!proof.notes.empty()) names("Notes", proof.notes, kNotesShown);
    add("</section>\n");
  }

  void findings(const snapshot::Proof& proof) {
    for (std::size_t at = 0; at < std::min(proof.findings.size(), kFindingsShown); ++at) {
      const snapshot::ProofFinding& finding = proof.findings[at];
      names(fmt::format("{}: {} ({}{})", escaped(finding.stage), escaped(finding.kind),
                        with_commas(finding.total), finding.pending ? ", pending" : ""),
            finding.named, kNamesShown);
    }
    if (proof.findings.size() > kFindingsShown)
      add("<p>and {} more kinds of problems; <code>spotify-pipeline verify</code> lists them.</p>\n",
          with_commas(proof.findings.size() - kFindingsShown));
  }

  void names(std::string_view heading_html, const std::vector<std::string>& list, std::size_t max) {
    add("<h3>{}</h3>\n<ul class=\"names\">", heading_html);
    for (std::size_t at = 0; at < std::min(list.size(), max); ++at)
      add("<li>{}</li>", html_text(list[at], 400).html);
    if (list.size() > max) add("<li>and {} more</li>", with_commas(list.size() - max));
    add("</ul>\n");
  }

  void stages() {
    if (facts_.stages.empty()) return;
    double longest = 0.001;
    for (const Stage& stage : facts_.stages) longest = std::max(longest, stage.seconds);
    add("<section>\n<h2 id=\"stages\">Stages of the run</h2>\n<div class=\"scroll\" role=\"region\" "
        "aria-labelledby=\"stages\" tabindex=\"0\"><table class=\"plain\"><caption>{:.1f} s in "
        "all</caption><thead><tr><th "
        "scope=\"col\">Stage</th><th scope=\"col\" class=\"n\">Events</th><th scope=\"col\" "
        "class=\"n\">Seconds</th><th "
        "scope=\"col\">Share</th><th scope=\"col\">What it did</th></tr></thead><tbody>\n",
        facts_.total_seconds);
    for (const Stage& stage : facts_.stages) {
      add("<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td><td class=\"n\">{:.1f}</td><td><svg "
          "class=\"bins\" "
          "viewBox=\"0 0 100 20\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect y=\"5\" "
          "width=\"{:.1f}\" "
          "height=\"12\"/></svg></td><td>{}</td></tr>\n",
          escaped(stage.name), stage.events == 0 ? "" : with_commas(stage.events), stage.seconds,
          100 * stage.seconds / longest, escaped(stage.detail));
    }
    add("</tbody></table></div>\n</section>\n");
  }

  /// What did not pass, then what took longest.
  void dbt() {
    if (!snapshot_.dbt) return;
    std::vector<const transform::NodeResult*> nodes;
    std::size_t passed = 0;
    for (const transform::NodeResult& node : snapshot_.dbt->nodes) nodes.push_back(&node);
    const auto is_well = [](const transform::NodeResult& node) {
      return node.status == "success" || node.status == "pass" || node.status == "no-op";
    };
    for (const auto* node : nodes) passed += is_well(*node) ? 1 : 0;
    std::ranges::sort(nodes, [&](const auto* one, const auto* other) {
      if (is_well(*one) != is_well(*other)) return !is_well(*one);
      return one->seconds != other->seconds ? one->seconds > other->seconds : one->name < other->name;
    });
    const std::size_t shown = std::min(nodes.size(), std::max(kNodesShown, nodes.size() - passed));
    const std::size_t listed = std::min<std::size_t>(shown, 100);
    add("<section>\n<h2 id=\"dbt\">dbt</h2>\n<p>{} of {} nodes passed in {:.1f} s; the build began at "
        "{}.</p>\n<div "
        "class=\"scroll\" role=\"region\" aria-labelledby=\"dbt\" tabindex=\"0\"><table "
        "class=\"plain\"><caption>{} of them: "
        "what did not pass, then what took longest</caption><thead><tr><th scope=\"col\">Node</th><th "
        "scope=\"col\">Kind</th><th scope=\"col\">Status</th><th scope=\"col\" class=\"n\">Seconds</th><th "
        "scope=\"col\">Message</th></tr></thead><tbody>\n",
        passed, nodes.size(), snapshot_.dbt->seconds, utc(snapshot_.dbt->started_at), listed);
    for (std::size_t at = 0; at < listed; ++at) {
      const transform::NodeResult& node = *nodes[at];
      add("<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"{}\">{}</td><td "
          "class=\"n\">{:.2f}</td><td>{}</td></tr>\n",
          label(node.name), escaped(node.kind), is_well(node) ? "ok" : "no", escaped(node.status),
          node.seconds, html_text(node.message, 200).html);
    }
    add("</tbody></table></div>\n</section>\n");
  }

  void rejected() {
    if (snapshot_.rejected.empty()) return;
    add("<section>\n<h2 id=\"rejected\">Rejected records</h2>\n<div class=\"scroll\" role=\"region\" "
        "aria-labelledby=\"rejected\" tabindex=\"0\"><table class=\"plain\"><caption>{} records, by what is "
        "wrong with "
        "them</caption><thead><tr><th scope=\"col\">Reason</th><th scope=\"col\">Field</th><th "
        "scope=\"col\">By</th><th "
        "scope=\"col\" class=\"n\">Records</th><th scope=\"col\">Such as</th></tr></thead><tbody>\n",
        with_commas(snapshot_.rejected_events));
    for (std::size_t at = 0; at < std::min(snapshot_.rejected.size(), kReasonsShown); ++at) {
      const snapshot::RejectedReason& one = snapshot_.rejected[at];
      add("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td class=\"n\">{}</td><td>{}</td></tr>\n",
          escaped(one.reason), one.field.empty() ? "–" : escaped(one.field), escaped(one.rejected_by),
          with_commas(one.events), label(one.sample));
    }
    add("</tbody></table></div>\n");
    if (snapshot_.rejected.size() > kReasonsShown)
      add("<p class=\"soft\">and {} more reasons</p>\n",
          with_commas(snapshot_.rejected.size() - kReasonsShown));
    add("</section>\n");
  }

  void footer() {
    add("<footer><p>Written by {}; taken from {} at {}", escaped(snapshot_.writer),
        escaped(snapshot_.warehouse), utc(snapshot_.taken_at));
    if (!facts_.lake.empty()) add("; lake: {}", escaped(facts_.lake));
    if (!snapshot_.id.empty()) add("; snapshot {}", escaped(snapshot_.id));
    add(". Times are UTC. Every table shows its mart as it is; profiles are of all its rows.</p></footer>\n");
  }

  const Snapshot& snapshot_;
  const Facts& facts_;
  const Rows& rows_;
  std::string html_;
};

}  // namespace

std::string to_html(const Snapshot& snapshot, const Facts& facts, const Limits& limits) {
  Rows rows{.worksheet = limits.worksheet_rows, .other = limits.other_rows};
  std::string page = Page(snapshot, facts, rows).make();
  while (page.size() > limits.bytes && rows.worksheet + rows.other + rows.marts > 0) {
    if (rows.worksheet + rows.other == 0) rows.marts /= 2;
    rows.worksheet /= 2;
    rows.other /= 2;
    page = Page(snapshot, facts, rows).make();
  }
  return page;
}

}  // namespace sdp::report
