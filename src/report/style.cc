#include "report/style.h"

#include <fmt/format.h>

#include <string>

namespace sdp::report {
namespace {

constexpr std::string_view kSheet = R"css(
:root {
  color-scheme: light dark;
  --paper: #ffffff; --panel: #f6f7f8; --line: #e2e5e9; --ink: #1b1f24; --soft: #5c6570; --link: #2a5d9f;
  --bar: #5b87b5; --s0: #4f7cac; --s1: #86a8cb; --s2: #b0c6dd; --s3: #cddae8; --s4: #e0e8f0;
  --good: #1a6e3f; --good-paper: #e8f4ec; --bad: #a3261f; --bad-paper: #fbeae8; --open: #785a10; --open-paper: #fbf3de;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "Noto Sans Mono", "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --panel: #1c2024; --line: #2d3339; --ink: #e4e7ea; --soft: #9aa4ae; --link: #8db7e8;
    --bar: #6f9cc9; --s0: #7fabd6; --s1: #587fa6; --s2: #42607e; --s3: #33495f; --s4: #2a3947;
    --good: #7fd19f; --good-paper: #173022; --bad: #f2938b; --bad-paper: #3a1c1a; --open: #e3c268; --open-paper: #332a12;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 14px/1.45 var(--sans); }
main, header, footer { max-width: 1240px; margin: 0 auto; padding: 0 20px; }
h1 { font-size: 22px; line-height: 1.2; font-weight: 620; letter-spacing: -0.01em; margin: 0; }
h2 { font-size: 16px; line-height: 1.3; font-weight: 620; margin: 36px 0 10px; }
h3 { font-size: 14px; line-height: 1.3; font-weight: 620; margin: 22px 0 6px; overflow-wrap: anywhere; }
p { margin: 4px 0 8px; max-width: 76ch; }
a { color: var(--link); }
.soft { color: var(--soft); }
header { padding-top: 28px; }
.head { display: flex; flex-wrap: wrap; gap: 6px 16px; align-items: baseline; }
nav { margin-top: 10px; display: flex; flex-wrap: wrap; gap: 4px 16px; }
.badge { display: inline-block; padding: 1px 10px; border-radius: 999px; font-weight: 600; font-size: 13px; }
.badge.good { color: var(--good); background: var(--good-paper); }
.badge.bad { color: var(--bad); background: var(--bad-paper); }
.badge.open { color: var(--open); background: var(--open-paper); }
.verdict { padding: 10px 14px; border-left: 3px solid; margin: 14px 0 0; max-width: none; overflow-wrap: anywhere; }
.verdict.good { border-color: var(--good); background: var(--good-paper); }
.verdict.bad { border-color: var(--bad); background: var(--bad-paper); }
.verdict.open { border-color: var(--open); background: var(--open-paper); }
dl.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(136px, 1fr)); gap: 1px; margin: 20px 0 0;
  background: var(--line); border: 1px solid var(--line); border-radius: 6px; overflow: hidden; }
dl.figures div { background: var(--paper); padding: 9px 14px 10px; }
dl.figures dt { color: var(--soft); font-size: 12px; }
dl.figures dd { margin: 0; font-size: 19px; font-weight: 560; font-variant-numeric: tabular-nums; letter-spacing: -0.01em; }
dl.figures dd.time { font-size: 14px; line-height: 27px; letter-spacing: 0; white-space: nowrap; }
pre.sql { font: 13px/1.5 var(--mono); background: var(--panel); border: 1px solid var(--line); border-bottom: 0;
  border-radius: 6px 6px 0 0; margin: 0; padding: 9px 14px; white-space: pre-wrap; overflow-wrap: anywhere; }
.scroll { overflow: auto; max-height: 430px; border: 1px solid var(--line); border-radius: 6px; }
pre.sql + .scroll { border-radius: 0 0 6px 6px; }
.scroll:focus-visible, a:focus-visible { outline: 2px solid var(--link); outline-offset: 1px; }
table { border-collapse: separate; border-spacing: 0; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); font-size: 12px; padding: 5px 12px; position: sticky; left: 0; }
th, td { text-align: left; padding: 3px 12px; vertical-align: top; }
.grid { width: 100%; font-size: 13px; line-height: 1.4; }
.grid caption { padding-bottom: 3px; }
.grid td { white-space: nowrap; border-top: 1px solid var(--line); max-width: 46ch; overflow: hidden; text-overflow: ellipsis; }
.grid thead { position: sticky; top: 0; background: var(--panel); z-index: 1; }
.grid thead th { font: 600 12px/1.4 var(--mono); padding-top: 6px; padding-bottom: 2px; white-space: nowrap;
  border-top: 1px solid var(--line); }
.grid tr.profile td { border-top: 0; border-bottom: 1px solid var(--line); padding-top: 0; padding-bottom: 6px; color: var(--soft);
  font-size: 11.5px; line-height: 1.35; vertical-align: bottom; min-width: 104px; }
.grid tbody tr:first-child td { border-top: 0; }
.grid tbody tr:hover td { background: var(--panel); }
.grid td.null { color: var(--soft); font-size: 11px; }
.grid i { font-style: normal; opacity: 0.85; }
svg { display: block; }
svg.bins { width: 100%; max-width: 150px; height: 20px; margin: 2px 0 3px; fill: var(--bar); }
svg.parts { width: 100%; max-width: 150px; height: 5px; margin: 2px 0 4px; border-radius: 2px; background: var(--line); }
.grid[class*=" r"] svg.bins { margin-left: auto; }
.s0 { fill: var(--s0); } .s1 { fill: var(--s1); } .s2 { fill: var(--s2); } .s3 { fill: var(--s3); } .s4 { fill: var(--s4); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(340px, 100%), 1fr)); gap: 24px 36px; }
.wide { grid-column: 1 / -1; }
figure { margin: 0; min-width: 0; }
figcaption { font-weight: 600; margin-bottom: 2px; }
figcaption span { display: block; font-weight: 400; color: var(--soft); font-size: 12px; }
svg.hours { width: 100%; height: 132px; fill: var(--bar); border-bottom: 1px solid var(--soft); margin-top: 8px; }
.axis { display: flex; justify-content: space-between; color: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
.bars { width: 100%; table-layout: fixed; margin-top: 4px; }
.bars th { font-weight: 400; width: 40%; padding: 2px 10px 2px 0; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.bars td { padding: 2px 0; }
.bars td.n { width: 132px; padding-left: 8px; text-align: right; white-space: nowrap; }
.bars.short th { width: 92px; }
.bars svg { width: 100%; height: 12px; margin-top: 4px; fill: var(--bar); }
.plain { width: 100%; font-size: 13px; }
.plain th { font-weight: 600; font-size: 12px; color: var(--soft); white-space: nowrap; }
.plain td, .plain tbody th { border-top: 1px solid var(--line); }
.plain tbody th { font-weight: 400; font-size: 13px; color: inherit; }
.plain td { overflow-wrap: anywhere; min-width: 64px; }
.plain .n { text-align: right; white-space: nowrap; }
.ok { color: var(--good); } .no { color: var(--bad); font-weight: 600; }
ul.names { margin: 4px 0 10px; padding-left: 20px; font: 12.5px/1.5 var(--mono); overflow-wrap: anywhere; }
footer { color: var(--soft); font-size: 12px; padding-top: 28px; padding-bottom: 36px; overflow-wrap: anywhere; }
@media (max-width: 560px) {
  main, header, footer { padding-left: 12px; padding-right: 12px; }
  header { padding-top: 18px; }
  h1 { font-size: 19px; }
  dl.figures { grid-template-columns: 1fr 1fr; }
  dl.figures div:last-child:nth-child(odd) { grid-column: 1 / -1; }
  .grid td { max-width: 30ch; }
  th, td { padding-left: 9px; padding-right: 9px; }
  .bars td.n { width: 124px; }
}
@media print {
  :root { --paper: #fff; --panel: #fff; --line: #bbb; --ink: #000; --soft: #444; }
  body { font-size: 10pt; }
  nav { display: none; }
  .scroll { max-height: none; overflow: visible; border-radius: 0; }
  .grid { font-size: 8pt; }
  .grid thead { position: static; display: table-header-group; }
  tr, figure { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  svg rect { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
)css";

}  // namespace

std::string_view style() {
  static const std::string all = [] {
    std::string sheet(kSheet);
    // Numbers are set to the right by their column: a class a cell would be a tenth of the page.
    for (int at = 1; at <= kRightColumnsMax; ++at)
      sheet += fmt::format(".r{0} td:nth-child({0}), .r{0} th:nth-child({0}) {{ text-align: right; }}\n", at);
    return sheet;
  }();
  return all;
}

}  // namespace sdp::report
