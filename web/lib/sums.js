// Sums of a mart's rows, as panels show them. Pure: a mart in, names and numbers out.

const SUM_MAX = Number.MAX_SAFE_INTEGER;

/** The rows as objects with the names of columns, in lower case. */
export function records(mart) {
  const names = mart.columns.map((column) => column.name.toLowerCase());
  return mart.rows.map((row) => Object.fromEntries(row.map((cell, at) => [names[at], cell])));
}

/** By a key of each record, the sums of fields: a Map of {FIELD: sum, ..., rows}. In the order in which keys appear. */
export function sumBy(rows, key, fields) {
  const sums = new Map();
  for (const row of rows) {
    const at = key(row);
    if (!sums.has(at)) sums.set(at, { ...Object.fromEntries(fields.map((field) => [field, 0])), rows: 0 });
    const sum = sums.get(at);
    sum.rows += 1;
    for (const field of fields) sum[field] = Math.min(SUM_MAX, sum[field] + Number(row[field] ?? 0));
  }
  return sums;
}

export function total(rows, field) {
  return rows.reduce((sum, row) => Math.min(SUM_MAX, sum + Number(row[field] ?? 0)), 0);
}

/** Keys by a field of their sums, the largest first; equal ones by name. */
export function ranked(sums, field) {
  return [...sums].sort((one, other) => other[1][field] - one[1][field] || (one[0] < other[0] ? -1 : 1));
}

/** 1 for Monday to 7 for Sunday, UTC. */
export function weekdayOf(iso) {
  return new Date(iso).getUTCDay() || 7;
}

/** Every day from the first to the last, so that a pause is seen as one; at most so many, the latest. */
export function everyDay(days, most = 400) {
  const sorted = [...days].sort();
  const all = [];
  for (let at = Date.parse(sorted.at(-1)); at >= Date.parse(sorted[0]) && all.length < most; at -= 86_400_000) {
    all.unshift(new Date(at).toISOString().slice(0, 10));
  }
  return all;
}

/** Of rows that were cut by time, the latest first, the oldest time may be there in part: it is left out. */
export function wholeTimes(rows, field, isCut) {
  if (!isCut || rows.length === 0) return rows;
  const oldest = rows.reduce((least, row) => (row[field] < least ? row[field] : least), rows[0][field]);
  return rows.filter((row) => row[field] !== oldest);
}
