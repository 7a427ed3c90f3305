// A small line over the last minutes, without axes: the number beside it is its last point.
import { svg } from "./dom.js";
import { number } from "./format.js";
import { SHOWN_MS } from "./rates.js";

const WIDTH = 150;
const HEIGHT = 30;

/** Points are {at, rate} as rates() makes them; what is not known is a gap. */
export function sparkline(points, what) {
  const end = points.at(-1)?.at ?? 0;
  const shown = points.filter((point) => point.at >= end - SHOWN_MS);
  const most = Math.max(...shown.map((point) => point.rate ?? 0), 0);
  const x = (point) => round((WIDTH * (point.at - end + SHOWN_MS)) / SHOWN_MS);
  const y = (point) => round(HEIGHT - 1.5 - ((HEIGHT - 4) * point.rate) / (most || 1));
  const lines = pieces(shown).map((piece) => piece.map((point) => `${x(point)} ${y(point)}`).join("L"));
  const areas = pieces(shown).map((piece, at) => `M${x(piece[0])} ${HEIGHT}L${lines[at]}L${x(piece.at(-1))} ${HEIGHT}Z`);
  return svg(
    "svg",
    { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": `${what} over the last 5 minutes, at most ${number(Math.round(most))} a second` },
    svg("path", { class: "spark-area", d: areas.join("") }),
    svg("path", { class: "spark-line", d: lines.map((line) => `M${line}`).join("") }),
  );
}

/** Runs of points that are known. */
function pieces(points) {
  const found = [];
  let open = null;
  for (const point of points) {
    if (point.rate === null) open = null;
    else if (open) open.push(point);
    else found.push((open = [point]));
  }
  return found;
}

function round(value) {
  return Math.round(10 * value) / 10;
}
