// Your year: what was listened to in one UTC year. Rows of marts of years, which know the years of all listeners of a warehouse together.
import { choice, choose } from "../lib/address.js";
import { element, freshId } from "../lib/dom.js";
import { hours, number, percent, plural, timeToTheSecond } from "../lib/format.js";
import { note, show } from "../lib/frame.js";
import { chartBody, chartLibrary, columnMeaning, missing } from "../lib/mart_panel.js";
import { figures, panel } from "../lib/panel.js";
import { rankedBars, skipColumn, SKIPPED_MEANING, songRow } from "../lib/ranking.js";
import { records } from "../lib/sums.js";

const BARS_MAX = 10;
const HOUR_MS = 3_600_000;
const HEARD_MEANING = "How long people listened, in hours; – where the service does not say how long a play was heard.";
const IMPORT = "spotify-pipeline run --import my_spotify_data.zip";

show(draw, { drawsEmpty: true });

async function draw(publication, content) {
  if (!publication) return void content.append(firstSteps());
  const library = chartLibrary();
  const [years, songs, artists, listeners] = await publication.marts("LISTENING_YEARS", "SONG_YEARS", "ARTIST_YEARS", "LISTENER_HISTORY");
  tellWhose(listeners);
  if (!years) return void content.append(missing("LISTENING_YEARS", "How much was played?", { wide: true }));
  const rows = records(years);
  if (rows.length === 0) return void content.append(note("open", `No event is in the marts yet. For your own listening history run: ${IMPORT}`), firstSteps());
  const view = { years, songs, artists, rows, library, asOf: publication.snapshot.taken_at };
  const place = element("div", { class: "panels" });
  const redraw = () => place.replaceChildren(...panels(view));
  content.append(yearSwitch(rows, redraw), place);
  redraw();
}

/** A folder of `run --import` has one listener, any other warehouse all of its. */
function tellWhose(listeners) {
  const count = listeners?.columns.find((column) => column.name.toLowerCase() === "user_id")?.distinct;
  if (count === undefined || count === 1) return;
  document.querySelector("h1").textContent = `The year of ${count === 0 ? "nobody yet" : `${number(count)} listeners`}`;
}

/** The year of the address, else the newest. */
function chosen(rows) {
  return rows.find((row) => String(row.year) === choice("year")) ?? rows[0];
}

function yearSwitch(rows, redraw) {
  const id = freshId("year");
  const select = element(
    "select",
    {
      id,
      dataset: { filter: "year" },
      on: {
        change: () => {
          choose({ year: select.value });
          redraw();
        },
      },
    },
    rows.map((row) => element("option", { value: row.year, selected: row === chosen(rows) }, String(row.year))),
  );
  return element(
    "form",
    { class: "filters", "aria-label": "Year", on: { submit: (event) => event.preventDefault() } },
    element("label", { for: id }, element("span", {}, "Year"), select),
    element("p", { class: "soft" }, "Years begin and end at midnight UTC."),
  );
}

function panels(view) {
  const row = chosen(view.rows);
  const { year } = row;
  return [
    cards(view, row),
    ranking(view, {
      mart: view.songs,
      missingName: "SONG_YEARS",
      heading: `Which songs were played most in ${year}?`,
      caption: `Songs by plays in ${year}`,
      name: "songs",
      all: row.songs,
      year,
      toRow: (one, at) => songRow(one, at, one.total_plays, one.total_skips),
    }),
    ranking(view, {
      mart: view.artists,
      missingName: "ARTIST_YEARS",
      heading: `Which artists were played most in ${year}?`,
      caption: `Artists by plays in ${year}`,
      name: "artists",
      all: row.artists,
      year,
      toRow: (one, at) => ({ rank: String(at + 1), name: one.artist_name, amount: Number(one.total_plays), skips: Number(one.total_skips) }),
    }),
    view.rows.length > 1 ? yearsPanel(view) : null,
  ].filter(Boolean);
}

function cards({ years, asOf }, row) {
  const meaning = (...names) => [...columnMeaning(years, ...names), `The row ${row.year} of MART.${years.name}.`];
  const count = (label, name) => ({ label, value: number(row[name]), raw: row[name], definition: meaning(name) });
  return element(
    "section",
    { class: "overview", "aria-label": `${row.year} in numbers` },
    figures([
      count("Plays", "total_plays"),
      { label: "Hours heard", value: heardText(row.heard_ms), raw: row.heard_ms, definition: [HEARD_MEANING, ...meaning("heard_ms")] },
      count("Songs", "songs"),
      count("Artists", "artists"),
      { label: "Skipped", value: percent(row.total_skips, row.total_plays), raw: row.skip_rate ?? "", definition: [SKIPPED_MEANING, ...meaning("skip_rate")] },
      count("Days played", "days_played"),
      {
        label: "Longest streak",
        value: withRemark(plural(row.longest_streak_days, "day"), row.longest_streak_begins, "from "),
        raw: row.longest_streak_days,
        definition: meaning("longest_streak_days", "longest_streak_begins"),
      },
      {
        label: "Busiest day",
        value: row.busiest_day ? withRemark(row.busiest_day, plural(row.busiest_day_plays, "play")) : "–",
        raw: row.busiest_day ?? "",
        kind: "date",
        definition: meaning("busiest_day", "busiest_day_plays"),
      },
    ]),
    element("p", { class: "as-of" }, "as of ", element("time", { datetime: asOf }, timeToTheSecond(asOf))),
  );
}

/** Of plays whose length nobody knows nothing counts as heard. */
function heardText(ms) {
  return Number(ms) > 0 ? hours(ms) : "–";
}

function withRemark(text, remark, before = "") {
  return element("span", {}, text, remark ? element("small", {}, `${before}${remark}`) : null);
}

const hoursColumn = { label: "Hours", text: (row) => element("span", { dataset: { value: row.heard } }, heardText(row.heard)), kind: "text-right" };

function ranking(view, { mart, missingName, heading, caption, name, all, year, toRow }) {
  if (!mart) return missing(missingName, heading);
  const rows = records(mart)
    .filter((one) => one.year === year && one.total_plays > 0)
    .slice(0, BARS_MAX)
    .map((one, at) => ({ ...toRow(one, at), heard: Number(one.heard_ms) }));
  const isCut = mart.rows_included < mart.rows_total;
  const lacks = Math.min(BARS_MAX, all) - rows.length;
  return panel(
    {
      heading,
      asOf: view.asOf,
      id: name,
      part: isCut ? `Of ${number(mart.rows_total)} rows of MART.${mart.name} the publication has ${number(mart.rows_included)}, first the most played of every year.` : "",
      definition: [mart.description ?? "", ...columnMeaning(mart, "year", "total_plays", "heard_ms")].filter(Boolean),
    },
    rows.length ? rankedBars({ caption, name, rows, columns: [hoursColumn, skipColumn] }) : null,
    all === 0 ? element("p", { class: "soft" }, "Nothing was played in this year.") : null,
    lacks > 0 ? note("open", `${plural(lacks, "row")} that belong here are not in the publication. To see them run: spotify-pipeline marts ${mart.name.toLowerCase()}`) : null,
  );
}

function yearsPanel(view) {
  const rows = [...view.rows].reverse();
  // Some services tell no lengths.
  const isHeard = rows.some((row) => row.heard_ms > 0);
  const chart = isHeard
    ? { label: "Hours heard per UTC year", name: "Hours", values: rows.map((row) => row.heard_ms / HOUR_MS), show: (value) => hours(value * HOUR_MS) }
    : { label: "Plays per UTC year", name: "Plays", values: rows.map((row) => row.total_plays) };
  return panel(
    {
      heading: "How much was played in each year?",
      wide: true,
      asOf: view.asOf,
      id: "years",
      definition: [HEARD_MEANING, ...columnMeaning(view.years, "year", "heard_ms", "total_plays"), `Rows of MART.${view.years.name}.`],
    },
    chartBody(view, {
      label: chart.label,
      name: "years",
      height: "low",
      option: { kind: "columns", names: rows.map((row) => String(row.year)), ...chart },
      columns: [
        { label: "Year", text: (row) => String(row.year) },
        { label: "Hours", text: (row) => element("span", { dataset: { value: row.heard_ms } }, heardText(row.heard_ms)), kind: "text-right" },
        { label: "Plays", key: "total_plays", kind: "number" },
        { label: "Songs", key: "songs", kind: "number" },
      ],
      rows,
    }),
  );
}

function firstSteps() {
  const steps = [
    [IMPORT, "Makes a year of your own listening history, in a folder of its own. docs/history.md says where to get such a file."],
    ["spotify-pipeline run", "Makes years of simulated events."],
  ];
  return panel(
    { heading: "Where a year comes from", wide: true, id: "first-steps" },
    element("ol", { class: "steps" }, steps.map(([command, text]) => element("li", {}, element("code", {}, command), element("span", {}, text)))),
  );
}
