// How values are shown. Nothing here depends on the reader's locale or time zone.

const CHARACTERS_MAX = 80;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
// Marks that turn the direction of text, or that nobody sees: shown by their numbers.
const INVISIBLE = /[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/g;

/** Text with what would not be seen, or would spoil its surroundings, made visible. */
export function visible(text) {
  return text
    .replace(CONTROL, (mark) => (mark === "\u007f" ? "␡" : String.fromCodePoint(0x2400 + mark.codePointAt(0))))
    .replace(INVISIBLE, (mark) => `[U+${mark.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}]`);
}

/** At most so many characters of a visible text, with an ellipsis where some are left out. */
export function bounded(text, most = CHARACTERS_MAX) {
  const characters = Array.from(visible(text));
  return characters.length <= most ? characters.join("") : `${characters.slice(0, most).join("")}…`;
}

function grouped(digits) {
  return digits.replace(/\B(?=(\d{3})+$)/g, ",");
}

/** 1,234,567 of a number or of a text of digits; a fraction with the digits that people read. */
export function number(value) {
  const text = String(value);
  const whole = /^(-?)(\d+)$/.exec(text);
  if (whole) return whole[1] + grouped(whole[2]);
  const amount = Number(value);
  if (!Number.isFinite(amount)) return visible(text);
  if (Math.abs(amount) >= 1e15) return amount.toPrecision(6);
  const [front, back] = Math.abs(amount).toFixed(4).split(".");
  return `${amount < 0 ? "-" : ""}${grouped(front)}.${back}`;
}

export function percent(part, whole, digits = 1) {
  return whole > 0 ? `${((100 * part) / whole).toFixed(digits)} %` : "–";
}

/** 2026-02-15 17:52:36 of 2026-02-15T17:52:36.000Z; other fractions of a second stay. */
export function time(iso) {
  const parts = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(\.\d+)?Z$/.exec(iso);
  if (!parts) return visible(String(iso));
  const fraction = (parts[3] ?? "").replace(/\.?0+$/, "");
  return `${parts[1]} ${parts[2]}${fraction}`;
}

/** With all digits of the fraction: in a column of them each stands below the other. */
export function exactTime(iso) {
  return visible(String(iso).replace("T", " ").replace(/Z$/, ""));
}

export function timeToTheSecond(iso) {
  return iso === null || iso === undefined ? "–" : time(String(iso).replace(/\.\d+Z$/, "Z"));
}

/** How long ago, roughly. */
export function age(iso, now = Date.now()) {
  const passed = now - Date.parse(iso);
  if (!Number.isFinite(passed)) return "";
  if (passed < -MINUTE) return "ahead of this clock";
  if (passed < MINUTE) return "less than a minute ago";
  if (passed < 2 * HOUR) return plural(Math.floor(passed / MINUTE), "minute") + " ago";
  if (passed < 2 * DAY) return plural(Math.floor(passed / HOUR), "hour") + " ago";
  return plural(Math.floor(passed / DAY), "day") + " ago";
}

/** 8 s ago, of seconds. */
export function ago(passed) {
  const whole = Math.max(0, Math.floor(passed));
  if (whole < 120) return `${whole} s ago`;
  if (whole < 7_200) return `${Math.floor(whole / 60)} min ago`;
  if (whole < 172_800) return `${Math.floor(whole / 3_600)} h ago`;
  return `${number(Math.floor(whole / 86_400))} days ago`;
}

/** 14:02:31 UTC; with its day, unless that is the day of `now`. */
export function clock(iso, now = new Date().toISOString()) {
  const text = timeToTheSecond(iso);
  return `${text.slice(0, 10) === timeToTheSecond(now).slice(0, 10) ? text.slice(11) : text} UTC`;
}

/** A sentence of a text that begins small and has no full stop. */
export function sentence(text) {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}

export function isOlderThanADay(iso, now = Date.now()) {
  return now - Date.parse(iso) > DAY;
}

export function plural(count, noun) {
  return `${number(count)} ${noun}${count === 1 ? "" : "s"}`;
}

export function seconds(amount) {
  return amount < 10 ? `${amount.toFixed(2)} s` : amount < 120 ? `${amount.toFixed(1)} s` : duration(amount * 1000);
}

/** 1 h 5 min, of milliseconds. */
export function duration(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < MINUTE) return `${(ms / 1000).toFixed(1).replace(/\.0$/, "")} s`;
  if (ms < HOUR) return `${(ms / MINUTE).toFixed(1).replace(/\.0$/, "")} min`;
  return `${(ms / HOUR).toFixed(1).replace(/\.0$/, "")} h`;
}

/** 1,234.5 hours of milliseconds, without the unit. */
export function hours(ms) {
  const [front, back] = (ms / HOUR).toFixed(1).split(".");
  return back === "0" ? grouped(front) : `${grouped(front)}.${back}`;
}

/** How the cells of a column are shown: a year is a name, and has no commas. */
export function shownKind({ name, kind }) {
  return kind === "number" && name.toLowerCase() === "year" ? "year" : kind;
}

/** A cell of a mart as text; `kind` is what shownKind says. */
export function cellText(value, kind) {
  if (value === null || value === undefined) return "NULL";
  if (value === "") return "(empty)";
  if (kind === "number") return bounded(number(value));
  if (kind === "time") return time(value);
  return bounded(String(value));
}

/** The name of a warehouse as it writes itself. */
export function warehouseName(name) {
  return { duckdb: "DuckDB", snowflake: "Snowflake" }[name] ?? visible(String(name));
}
