// The profile of a column, as it stands below the column's name: frequent values, or a histogram, and what is null.
import { element, svg } from "./dom.js";
import { bounded, cellText, number, percent, shownKind } from "./format.js";

const WIDTH = 100;
const HEIGHT = 18;
const NAMED = 2;
// Where the most frequent value is rarer than one in so many rows, its name says little.
const RARE = 50;
const LABEL_CHARACTERS = 16;

/** One line of words, without the picture. */
export function profileText(column, rows) {
  if (rows === 0) return "no rows";
  const nulls = column.nulls > 0 ? `, ${percent(column.nulls, rows)} null` : "";
  return words(column, rows) + nulls;
}

function words(column, rows) {
  if (column.nulls === rows) return "all null";
  if (column.kind === "number" && column.histogram.length > 0) return `${cellText(column.min, shownKind(column))} to ${cellText(column.max, shownKind(column))}`;
  if (column.distinct > RARE && column.top.length > 0 && column.top[0].rows * RARE < rows) return manyValues(column);
  const named = column.top.slice(0, NAMED).map((one) => `${bounded(cellText(one.value, shownKind(column)), LABEL_CHARACTERS)} ${percent(one.rows, rows)}`);
  const more = column.distinct - named.length;
  return named.join(", ") + (more > 0 ? `, +${number(more)} more` : "");
}

function manyValues(column) {
  if (column.kind === "text") return `${number(column.distinct)} different`;
  return `${cellText(column.min, shownKind(column))} to ${cellText(column.max, shownKind(column))}`;
}

export function profile(column, rows) {
  const text = profileText(column, rows);
  return element(
    "div",
    { class: "profile", title: details(column, rows), dataset: { profile: column.name } },
    picture(column, rows),
    element("span", {}, text),
  );
}

function details(column, rows) {
  const lines = [column.description, `${column.type}; ${number(column.distinct)} different values, ${number(column.nulls)} null, in ${number(rows)} rows`];
  for (const one of column.top) lines.push(`${cellText(one.value, shownKind(column))}: ${number(one.rows)} (${percent(one.rows, rows)})`);
  return lines.filter(Boolean).join("\n");
}

function picture(column, rows) {
  const bars = column.kind === "number" && column.histogram.length > 0 ? histogram(column.histogram) : shares(column, rows);
  return svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" }, ...bars);
}

function histogram(bins) {
  const most = Math.max(...bins.map((bin) => bin.rows), 1);
  const width = WIDTH / bins.length;
  return bins.map((bin, at) => {
    const height = bin.rows === 0 ? 0 : Math.max(1.5, (HEIGHT * bin.rows) / most);
    return svg("rect", { class: "bin", x: at * width + 0.4, y: HEIGHT - height, width: width - 0.8, height });
  });
}

/** The frequent values' shares of all rows, the rest, and what is null at the end. */
function shares(column, rows) {
  if (rows === 0) return [];
  let at = 0;
  const part = (count, shade) => {
    const width = (WIDTH * count) / rows;
    const made = svg("rect", { class: shade, x: at, y: 5, width: Math.max(0, width - (width > 2 ? 0.6 : 0)), height: 8 });
    at += width;
    return made;
  };
  const named = column.top.map((one, rank) => part(one.rows, `share share-${rank}`));
  const rest = rows - column.nulls - column.top.reduce((sum, one) => sum + one.rows, 0);
  return [...named, part(Math.max(0, rest), "share share-rest"), part(column.nulls, "share share-null")];
}
