// What a reader chose stands behind the # of the address: it survives a reload, can be sent to others, and works for files.

export function choice(name, otherwise = "") {
  return new URLSearchParams(location.hash.slice(1)).get(name) ?? otherwise;
}

/** Notes choices; an empty one is taken out. */
export function choose(changes) {
  const all = new URLSearchParams(location.hash.slice(1));
  for (const [name, value] of Object.entries(changes)) {
    if (value === "" || value === null) all.delete(name);
    else all.set(name, value);
  }
  const text = all.toString();
  history.replaceState(null, "", text === "" ? location.pathname + location.search : `#${text}`);
  carryAlong();
}

/** All choices whose names begin with `prefix`, without it. */
export function choices(prefix) {
  const found = {};
  for (const [name, value] of new URLSearchParams(location.hash.slice(1))) {
    if (name.startsWith(prefix)) found[name.slice(prefix.length)] = value;
  }
  return found;
}

/** Where another page is: it keeps the publication that was chosen. */
export function pageAddress(page) {
  const publication = choice("publication");
  return `${page}.html${publication ? `#publication=${encodeURIComponent(publication)}` : ""}`;
}

export function carryAlong() {
  for (const link of document.querySelectorAll("a[data-to]")) link.href = pageAddress(link.dataset.to);
}
