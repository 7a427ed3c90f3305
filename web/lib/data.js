// Data come as scripts that call sdp.receive(NAME, VALUE): they can be read from a server and from a file alike.

const SECONDS_MAX = 30;
const VERSION = 1;
const received = new Map();

/** What a page shows instead of data. `isReplaced`: a publication is no longer there. */
export class DataError extends Error {
  constructor(message, isReplaced = false) {
    super(message);
    this.isReplaced = isReplaced;
  }
}

window.sdp = {
  receive(name, value) {
    received.set(name, value);
  },
};

/** Adds a script and waits until it has run. */
export function runScript(source) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    const limit = setTimeout(() => reject(new DataError(`${source} did not come within ${SECONDS_MAX} seconds`)), SECONDS_MAX * 1000);
    script.src = source;
    script.onload = () => {
      clearTimeout(limit);
      script.remove();
      resolve();
    };
    script.onerror = () => {
      clearTimeout(limit);
      script.remove();
      reject(new DataError(`${source} is not there`, true));
    };
    document.head.append(script);
  });
}

const loads = new Map();

/** The value of data/NAME.js; asked for once. */
export function load(name) {
  if (!loads.has(name)) {
    const path = name.split("/").map(encodeURIComponent).join("/");
    loads.set(
      name,
      runScript(`data/${path}.js`).then(() => {
        if (!received.has(name)) throw new DataError(`data/${path}.js has no value named ${name}; make the pages again`);
        return received.get(name);
      }),
    );
  }
  return loads.get(name);
}

function readable(value, name) {
  if (value?.version !== VERSION) {
    throw new DataError(`${name} has version ${value?.version}, and these pages read version ${VERSION}: they are of another program than the data`);
  }
  return value;
}

export async function loadCurrent() {
  return readable(await load("current"), "data/current.js");
}

/** What data/current.js says now, for pages of a server that have been open for a while. */
export async function loadCurrentAgain() {
  loads.delete("current");
  return loadCurrent();
}

/** One publication: its snapshot at once, its marts and its proof when they are asked for. */
export async function loadPublication(entry) {
  const snapshot = readable(await load(`${entry.folder}/snapshot`), "snapshot.json");
  return new Publication(entry, snapshot);
}

export class Publication {
  constructor(entry, snapshot) {
    this.entry = entry;
    this.snapshot = snapshot;
  }

  /** What the snapshot says of a mart, or undefined. */
  head(name) {
    return this.snapshot.marts.find((mart) => mart.name.toUpperCase() === name.toUpperCase());
  }

  async mart(name) {
    const head = this.head(name);
    if (!head) throw new DataError(`This publication has no mart ${name}.`);
    return readable(await load(`${this.entry.folder}/${head.file.replace(/\.json$/, "")}`), head.file);
  }

  /** Several marts by name; null for one that is not in the publication. */
  async marts(...names) {
    return Promise.all(names.map((name) => (this.head(name) ? this.mart(name) : null)));
  }

  proof() {
    return load(`${this.entry.folder}/proof`);
  }

  /** Where the same result stands as one file, or null. */
  get reportAddress() {
    return this.entry.report ?? null;
  }
}
