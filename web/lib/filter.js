// What a reader types above a column, as a condition. Texts: a part of it. Numbers and times also >, >=, <, <=, = and a..b.

const COMPARISON = /^(>=|<=|>|<|=)\s*(.+)$/;
const BETWEEN = /^(.+?)\s*\.\.\s*(.+)$/;

/** A function of a cell, or null when nothing is asked for. */
export function condition(typed, kind) {
  const wanted = typed.trim();
  if (wanted === "") return null;
  if (wanted.toUpperCase() === "NULL") return (value) => value === null;
  const ordered = kind === "number" || kind === "time" || kind === "date";
  const between = ordered ? BETWEEN.exec(wanted) : null;
  if (between) {
    const from = limit(between[1], kind);
    const to = limit(between[2], kind);
    return (value) => value !== null && compare(value, from, kind) >= 0 && compareUpTo(value, to, kind) <= 0;
  }
  const comparison = ordered ? COMPARISON.exec(wanted) : null;
  if (comparison) return compared(comparison[1], limit(comparison[2], kind), kind);
  const part = wanted.toLowerCase();
  if (kind === "number") return (value) => value !== null && String(value) === part.replaceAll(",", "");
  if (kind === "time") return (value) => value !== null && value.replace("T", " ").toLowerCase().includes(part.replace("t", " "));
  return (value) => value !== null && String(value).toLowerCase().includes(part);
}

function limit(text, kind) {
  const plain = text.trim();
  if (kind === "number") return plain.replaceAll(",", "");
  return kind === "time" ? plain.replace(" ", "T") : plain;
}

function compared(sign, wanted, kind) {
  const test = {
    ">": (value) => compareUpTo(value, wanted, kind) > 0,
    ">=": (value) => compare(value, wanted, kind) >= 0,
    "<": (value) => compare(value, wanted, kind) < 0,
    "<=": (value) => compareUpTo(value, wanted, kind) <= 0,
    "=": (value) => compareUpTo(value, wanted, kind) === 0,
  }[sign];
  return (value) => value !== null && test(value);
}

/** As `compare`, but 2026-02-15 stands for the whole day: what begins with it is equal. */
function compareUpTo(value, wanted, kind) {
  return compare(kind === "number" ? value : String(value).slice(0, wanted.length), wanted, kind);
}

/** -1, 0 or 1, of two cells of a kind that are not null; integers that no number holds keep their digits. */
export function compare(one, other, kind) {
  if (kind === "number") return compareNumbers(one, other);
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

function compareNumbers(one, other) {
  const integer = /^-?\d+$/;
  if (integer.test(one) && integer.test(other)) {
    const difference = BigInt(one) - BigInt(other);
    return difference === 0n ? 0 : difference < 0n ? -1 : 1;
  }
  const difference = Number(one) - Number(other);
  return difference === 0 || Number.isNaN(difference) ? 0 : difference < 0 ? -1 : 1;
}
