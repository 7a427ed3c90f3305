// Hours and names of objects, as the lake writes them.

/** Of an hour such as 2026-02-15T17: its day and its number. */
export function partsOf(hour) {
  return { day: hour.slice(0, 10), number: Number(hour.slice(11, 13)) };
}

/** 2026-02-15, 17:00 to 18:00 UTC */
export function hourText(hour) {
  const { day, number } = partsOf(hour);
  return `${day}, ${twoDigits(number)}:00 to ${twoDigits(number + 1)}:00 UTC`;
}

export function twoDigits(number) {
  return String(number).padStart(2, "0");
}

/** The hour in whose folder an object lies, or "" for one without a time. */
export function hourOfKey(key) {
  const found = /date=(\d{4}-\d\d-\d\d)\/hour=(\d\d)\//.exec(key);
  return found ? `${found[1]}T${found[2]}` : "";
}

/** Where the page Lake shows an object. */
export function objectAddress(key) {
  return `lake.html#${new URLSearchParams({ hour: hourOfKey(key), object: key })}`;
}
