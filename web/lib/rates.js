// How fast counts grow. Pure: points {at, log, lake, bronze, silver} in, numbers a second out.

export const WINDOW_MS = 30_000;
export const SHOWN_MS = 300_000;
const POINTS_MAX = 200;

/** Points that were known and new ones, in order. Of a log that was made again only the points since then. */
export function merged(known, more) {
  const all = new Map([...known, ...more].map((point) => [point.at, point]));
  const sorted = [...all.values()].sort((one, other) => Date.parse(one.at) - Date.parse(other.at)).slice(-POINTS_MAX);
  const fall = sorted.findLastIndex((point, at) => at > 0 && point.log < sorted[at - 1].log);
  return fall < 0 ? sorted : sorted.slice(fall);
}

/**
 * At each point {at, rate} over the seconds before it; a rate is null where it is not known. `leapsOnly`: the count stands still and then
 * leaps, so that a part of these seconds tells nothing.
 */
export function rates(points, field, { leapsOnly = false } = {}) {
  const spanMin = leapsOnly ? 0.9 * WINDOW_MS : 1;
  const times = points.map((point) => Date.parse(point.at));
  let first = 0;
  return points.map((point, at) => {
    while (first < at - 1 && times[first] < times[at] - WINDOW_MS) first += 1;
    const span = times[at] - times[first];
    const grown = span < spanMin ? null : difference(points[first][field], point[field]);
    return { at: times[at], rate: grown === null ? null : (1000 * grown) / span };
  });
}

function difference(from, to) {
  if (from === null || from === undefined || to === null || to === undefined || to < from) return null;
  return to - from;
}
