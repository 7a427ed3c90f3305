// Ranked bars as a table: a name, a bar, a number, and what else is known.
import { element, svg } from "./dom.js";
import { bounded, percent } from "./format.js";
import { table } from "./table.js";

/** Rows have rank, name, by, amount and skips. */
export function rankedBars({ caption, name, rows, columns }) {
  const most = Math.max(...rows.map((row) => row.amount), 1);
  const drawn = (row) => svg("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" }, svg("rect", { x: 0, y: 0, width: (100 * row.amount) / most, height: 10 }));
  return table({
    caption,
    name,
    hideCaption: true,
    tall: false,
    columns: [
      { label: "#", text: (row) => row.rank, kind: "rank" },
      { label: "Name", text: (row) => nameCell(row), kind: "name" },
      { label: element("span", { class: "hidden" }, "Compared with the first"), text: (row) => element("span", { class: "rank-bar" }, drawn(row)), kind: "bar" },
      { label: "Plays", text: (row) => row.amount, kind: "number" },
      ...columns,
    ],
    rows,
  });
}

function nameCell(row) {
  return element("span", {}, element("bdi", { title: row.name }, bounded(row.name || "(empty)", 44)), row.by ? element("bdi", { class: "soft by", title: row.by }, bounded(row.by, 36)) : null);
}

/** Of mix `seed`, which draws each event by itself. */
export const SKIPPED_MEANING = "Skips per 100 plays. There may be more than 100 where skips come without a play, as in events that are drawn at random.";

export const skipColumn = { label: "Skipped", text: (row) => percent(row.skips, row.amount), kind: "text-right" };

export function songRow(row, at, plays, skips) {
  return { rank: String(at + 1), name: row.song_name, by: row.artist_name, amount: Number(plays), skips: Number(skips) };
}
