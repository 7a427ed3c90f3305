// Music: who listened to what, when and where. Sums of rows of marts, which each panel names.
import { choice, choose } from "../lib/address.js";
import { element, freshId } from "../lib/dom.js";
import { bounded, duration, number, percent, plural } from "../lib/format.js";
import { note, show } from "../lib/frame.js";
import { chartBody, chartLibrary, columnMeaning, missing } from "../lib/mart_panel.js";
import { figures, panel } from "../lib/panel.js";
import { rankedBars, skipColumn, SKIPPED_MEANING, songRow } from "../lib/ranking.js";
import { everyDay, ranked, records, sumBy, total, weekdayOf, wholeTimes } from "../lib/sums.js";

const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const BARS_MAX = 15;
const COUNTRIES_MAX = 15;
const SONGS_TO_CHOOSE = 50;
const WINDOWS = { 24: "Last 24 hours", 168: "Last 7 days", 672: "Last 28 days" };
const NO_SONG = "No song has an event yet.";
const NAMES = ["COUNTRY_DEVICE_HOURLY", "TOP_SONGS", "ARTIST_DAILY", "SONG_DAILY", "LISTENER_SESSIONS", "SONG_WINDOWS", "SKIP_CURVE", "LISTENING_BY_WEEKDAY"];

show(async (publication, content) => {
  const filters = element("form", { class: "filters", "aria-label": "Filters", on: { submit: (event) => event.preventDefault() } });
  const place = element("div", { class: "panels" });
  content.append(filters, place);
  const library = chartLibrary();
  const loaded = await publication.marts(...NAMES);
  const marts = Object.fromEntries(NAMES.map((name, at) => [name, loaded[at]]));
  const view = { publication, marts, library, asOf: publication.snapshot.taken_at };
  const redraw = () => place.replaceChildren(...panels(view));
  fillFilters(filters, marts, redraw);
  redraw();
});

function fillFilters(form, marts, redraw) {
  const hourly = marts.COUNTRY_DEVICE_HOURLY ? records(marts.COUNTRY_DEVICE_HOURLY) : [];
  const names = (field) => [...new Set(hourly.map((row) => row[field]))].sort();
  form.append(
    selection("country", "Country", [["", "All countries"], ...names("country").map((one) => [one, one])], redraw),
    selection("device", "Device", [["", "All devices"], ...names("device_type").map((one) => [one, one])], redraw),
    selection("window", "Songs of", [["", "All days"], ...(marts.SONG_WINDOWS ? Object.entries(WINDOWS) : [])], redraw),
    element("p", { class: "soft" }, "Country and device apply to plays, skips, streams and the panels by day, weekday and country."),
  );
}

function selection(name, label, options, redraw) {
  const id = freshId(name);
  const select = element(
    "select",
    {
      id,
      dataset: { filter: name },
      on: {
        change: () => {
          choose({ [name]: select.value });
          redraw();
        },
      },
    },
    options.map(([value, text]) => element("option", { value, selected: value === choice(name) }, bounded(text, 40))),
  );
  return element("label", { for: id }, element("span", {}, label), select);
}

function panels(view) {
  const hourly = hourlyRows(view.marts.COUNTRY_DEVICE_HOURLY);
  return [
    overview(view, hourly),
    daysPanel(view, hourly),
    songsPanel(view),
    artistsPanel(view),
    weekdaysPanel(view, hourly),
    countriesPanel(view, hourly),
    songDaysPanel(view),
    skipsPanel(view),
    sessionsPanel(view),
  ].filter(Boolean);
}

// --- what panels are made of ---

function hourlyRows(mart) {
  if (!mart) return [];
  const rows = wholeTimes(records(mart), "hour", mart.rows_included < mart.rows_total);
  return rows.filter((row) => (!choice("country") || row.country === choice("country")) && (!choice("device") || row.device_type === choice("device")));
}

function source(mart, rows) {
  const part = mart.rows_included < mart.rows_total ? ` of ${number(mart.rows_total)}, the first by ${mart.order_by}` : "";
  return `Sums of ${plural(rows ?? mart.rows_included, "row")}${part} of MART.${mart.name}.`;
}

/** Which hours or days are counted, where the publication has only the first rows of the mart. */
function partOf(mart, rows, field) {
  if (mart.rows_included >= mart.rows_total || rows.length === 0) return "";
  const first = rows.reduce((least, row) => (row[field] < least ? row[field] : least), rows[0][field]);
  return `Only from ${String(first).slice(0, 16).replace("T", " ")} on: of ${number(mart.rows_total)} rows of MART.${mart.name} the publication has the first ${number(mart.rows_included)}.`;
}

/** Where days are left out of a chart that would have too many. */
function latestOf(shown, days) {
  const first = [...days].reduce((least, day) => (day < least ? day : least));
  return first < shown[0] ? `The latest ${number(shown.length)} days; there are plays since ${first}.` : "";
}

/** `why`: of a panel that no filter changes, what its mart lacks. */
function nothing(heading, asOf, { why = null, ...options } = {}) {
  const filtered = choice("country") || choice("device");
  return panel({ heading, asOf, ...options }, element("p", { class: "soft" }, why ?? (filtered ? "No row matches the filters." : "No event is in the marts yet.")));
}

// --- the panels ---

function overview({ marts, publication }, hourly) {
  const hours = marts.COUNTRY_DEVICE_HOURLY;
  if (!hours) return missing("COUNTRY_DEVICE_HOURLY", "In all", { wide: true });
  const plays = total(hourly, "total_plays");
  const skips = total(hourly, "total_skips");
  const meaningOf = (name) => [...columnMeaning(hours, name), source(hours, hourly.length)];
  const count = (name, label, definition) => {
    const head = publication.head(name);
    return { label, value: head ? number(head.rows_total) : "–", raw: head?.rows_total ?? "", definition: [definition] };
  };
  return element(
    "section",
    { class: "overview", "aria-label": "In all" },
    figures([
      { label: "Plays", value: number(plays), raw: plays, definition: meaningOf("total_plays") },
      { label: "Skips", value: number(skips), raw: skips, definition: meaningOf("total_skips") },
      { label: "Skipped", value: percent(skips, plays), raw: plays ? skips / plays : "", definition: [SKIPPED_MEANING, source(hours, hourly.length)] },
      { label: "Streams", value: number(total(hourly, "streams")), raw: total(hourly, "streams"), definition: meaningOf("streams") },
      count("TOP_SONGS", "Songs", "Rows of MART.TOP_SONGS."),
      count("LISTENER_SESSIONS", "Sessions", "Rows of MART.LISTENER_SESSIONS: listening sessions, cut at midnight UTC."),
    ]),
    partOf(hours, hourly, "hour") ? element("p", { class: "as-of part" }, partOf(hours, hourly, "hour")) : null,
  );
}

function daysPanel(view, hourly) {
  const mart = view.marts.COUNTRY_DEVICE_HOURLY;
  const heading = "How much is listened to each day?";
  if (!mart) return null;
  if (hourly.length === 0) return nothing(heading, view.asOf, { wide: true });
  const sums = sumBy(hourly, (row) => row.day, ["total_plays", "total_skips"]);
  const names = everyDay(sums.keys());
  const of = (day, field) => sums.get(day)?.[field] ?? 0;
  const part = [partOf(mart, hourly, "hour"), latestOf(names, sums.keys())].filter(Boolean).join(" ");
  return panel(
    { heading, wide: true, asOf: view.asOf, id: "days", part, definition: [...columnMeaning(mart, "day", "total_plays", "total_skips"), source(mart, hourly.length)] },
    chartBody(view, {
      label: "Plays and skips per UTC day",
      name: "days",
      option: {
        kind: "lines",
        names,
        series: [
          { name: "Plays", values: names.map((day) => of(day, "total_plays")) },
          { name: "Skips", values: names.map((day) => of(day, "total_skips")) },
        ],
      },
      columns: [{ label: "Day", key: "day" }, { label: "Plays", key: "plays", kind: "number" }, { label: "Skips", key: "skips", kind: "number" }],
      rows: names.map((day) => ({ day, plays: of(day, "total_plays"), skips: of(day, "total_skips") })),
    }),
  );
}

function songsPanel(view) {
  const window = choice("window");
  const heading = window ? `Which songs are played most? ${WINDOWS[window] ?? ""}` : "Which songs are played most?";
  if (window && view.marts.SONG_WINDOWS && WINDOWS[window]) return songsOfWindow(view, Number(window), heading);
  const mart = view.marts.TOP_SONGS;
  if (!mart) return missing("TOP_SONGS", heading);
  const rows = records(mart).slice(0, BARS_MAX).map((row, at) => songRow(row, at, row.total_plays, row.total_skips));
  return panel(
    { heading, asOf: view.asOf, id: "songs", definition: [mart.description ?? "", ...columnMeaning(mart, "total_plays", "total_skips")].filter(Boolean) },
    rows.length ? rankedBars({ caption: "Songs by plays", name: "songs", rows, columns: [skipColumn] }) : element("p", { class: "soft" }, NO_SONG),
    view.marts.SONG_WINDOWS ? null : note("plain", "What changed in the last days is not known: this publication has no mart SONG_WINDOWS. For a newer one run: spotify-pipeline transform"),
  );
}

function songsOfWindow(view, hours, heading) {
  const mart = view.marts.SONG_WINDOWS;
  const rows = records(mart)
    .filter((row) => row.window_hours === hours)
    .slice(0, BARS_MAX)
    .map((row, at) => ({ ...songRow(row, at, row.plays, row.skips), change: row.change, before: row.plays_before }));
  const changed = {
    label: "Change",
    kind: "text-right",
    text: (row) => (row.change === null ? "new" : element("span", { class: row.change < 0 ? "down" : "up", dataset: { value: row.change }, title: `${number(row.before)} plays before` }, signed(row.change))),
  };
  return panel(
    { heading, asOf: view.asOf, id: "songs", definition: [mart.description ?? "", ...columnMeaning(mart, "plays", "plays_before", "change")].filter(Boolean) },
    rows.length ? rankedBars({ caption: "Songs by plays", name: "songs", rows, columns: [skipColumn, changed] }) : element("p", { class: "soft" }, "No song was played in this time."),
  );
}

function signed(change) {
  const text = (100 * change).toFixed(0);
  return `${change > 0 ? "▲ +" : change < 0 ? "▼ " : ""}${text} %`;
}

function artistsPanel(view) {
  const mart = view.marts.ARTIST_DAILY;
  const heading = "Which artists are played most?";
  if (!mart) return missing("ARTIST_DAILY", heading);
  const days = wholeTimes(records(mart), "day", mart.rows_included < mart.rows_total);
  const sums = sumBy(days, (row) => row.artist_name, ["total_plays", "total_skips"]);
  const rows = ranked(sums, "total_plays")
    .slice(0, BARS_MAX)
    .map(([name, sum], at) => ({ rank: String(at + 1), name, amount: sum.total_plays, skips: sum.total_skips }));
  return panel(
    { heading, asOf: view.asOf, id: "artists", part: partOf(mart, days, "day"), definition: [...columnMeaning(mart, "artist_name", "total_plays"), source(mart, days.length)] },
    rows.length ? rankedBars({ caption: "Artists by plays", name: "artists", rows, columns: [skipColumn] }) : element("p", { class: "soft" }, "No artist has an event yet."),
  );
}

function weekdaysPanel(view, hourly) {
  const heading = "On which weekdays and hours do people listen?";
  const isFiltered = choice("country") || choice("device");
  const mart = isFiltered ? null : view.marts.LISTENING_BY_WEEKDAY;
  const hours = view.marts.COUNTRY_DEVICE_HOURLY;
  if (!mart && !hours) return missing("LISTENING_BY_WEEKDAY", heading);
  const rows = mart
    ? records(mart).map((row) => ({ weekday: Number(row.weekday), hour: Number(row.hour), plays: Number(row.plays) }))
    : [...sumBy(hourly, (row) => `${weekdayOf(row.hour)}/${Number(row.hour.slice(11, 13))}`, ["total_plays"])].map(([key, sum]) => {
        const [weekday, hour] = key.split("/").map(Number);
        return { weekday, hour, plays: sum.total_plays };
      });
  if (rows.length === 0) return nothing(heading, view.asOf);
  const amounts = new Map(rows.map((row) => [`${row.weekday}/${row.hour}`, row.plays]));
  const all = [...Array(24).keys()];
  const definition = mart ? [mart.description ?? "", ...columnMeaning(mart, "weekday", "hour", "plays")].filter(Boolean) : [...columnMeaning(hours, "hour", "total_plays"), source(hours, hourly.length)];
  return panel(
    { heading, asOf: view.asOf, id: "weekdays", part: mart ? "" : partOf(hours, hourly, "hour"), definition },
    chartBody(view, {
      label: "Plays by weekday and hour of the day, UTC",
      name: "weekdays",
      option: {
        kind: "heat",
        name: "Plays",
        x: all.map((hour) => `${String(hour).padStart(2, "0")}:00`),
        y: WEEKDAYS,
        cells: WEEKDAYS.flatMap((_, day) => all.map((hour) => [hour, day, amounts.get(`${day + 1}/${hour}`) ?? 0])),
      },
      columns: [{ label: "Weekday", key: "weekday" }, { label: "Hour", key: "hour" }, { label: "Plays", key: "plays", kind: "number" }],
      rows: WEEKDAYS.flatMap((weekday, day) => all.map((hour) => ({ weekday, hour: `${String(hour).padStart(2, "0")}:00`, plays: amounts.get(`${day + 1}/${hour}`) ?? 0 }))),
    }),
  );
}

function countriesPanel(view, hourly) {
  const mart = view.marts.COUNTRY_DEVICE_HOURLY;
  const heading = "Where, and on what, do people listen?";
  if (!mart) return missing("COUNTRY_DEVICE_HOURLY", heading);
  if (hourly.length === 0) return nothing(heading, view.asOf);
  const countries = ranked(sumBy(hourly, (row) => row.country, ["total_plays"]), "total_plays").map(([name]) => name);
  const shown = countries.slice(0, COUNTRIES_MAX);
  const devices = ranked(sumBy(hourly, (row) => row.device_type, ["total_plays"]), "total_plays").map(([name]) => name);
  const sums = sumBy(hourly, (row) => JSON.stringify([row.country, row.device_type]), ["total_plays"]);
  const of = (country, device) => sums.get(JSON.stringify([country, device]))?.total_plays ?? 0;
  const left = countries.length - shown.length;
  return panel(
    { heading, asOf: view.asOf, id: "countries", part: partOf(mart, hourly, "hour"), definition: [...columnMeaning(mart, "country", "device_type", "total_plays"), "ZZ is a country that is not known.", source(mart, hourly.length)] },
    chartBody(view, {
      label: `Plays by country and device${left > 0 ? `, the first ${shown.length} of ${countries.length} countries` : ""}`,
      name: "countries",
      option: { kind: "stacked", names: shown, series: devices.map((device) => ({ name: device, values: shown.map((country) => of(country, device)) })) },
      columns: [
        { label: "Country", key: "country" },
        ...devices.map((device) => ({ label: bounded(device, 20), text: (row) => of(row.country, device), kind: "number" })),
      ],
      rows: countries.map((country) => ({ country })),
    }),
  );
}

function songDaysPanel(view) {
  const mart = view.marts.SONG_DAILY;
  const heading = "How does a song do from day to day?";
  if (!mart) return missing("SONG_DAILY", heading, { wide: true });
  const days = wholeTimes(records(mart), "day", mart.rows_included < mart.rows_total);
  const names = new Map(days.map((row) => [row.song_id, row.song_name]));
  const songs = ranked(sumBy(days, (row) => row.song_id, ["total_plays"]), "total_plays").slice(0, SONGS_TO_CHOOSE);
  if (songs.length === 0) return nothing(heading, view.asOf, { wide: true, why: NO_SONG });
  const all = everyDay(new Set(days.map((row) => row.day)));
  const body = element("div", {});
  const id = freshId("song");
  const select = element("select", { id, dataset: { filter: "song" } }, songs.map(([song]) => element("option", { value: song, selected: song === choice("song") }, bounded(names.get(song) || song, 48))));
  const drawSong = () => body.replaceChildren(...songBody(view, days.filter((row) => row.song_id === select.value), all, names.get(select.value)));
  select.addEventListener("change", () => {
    choose({ song: select.value });
    drawSong();
  });
  drawSong();
  return panel(
    { heading, wide: true, asOf: view.asOf, id: "song-days", part: [partOf(mart, days, "day"), latestOf(all, days.map((row) => row.day))].filter(Boolean).join(" "), definition: [...columnMeaning(mart, "total_plays", "completions", "unique_listeners"), source(mart, days.length)] },
    element("label", { class: "choose", for: id }, element("span", {}, "Song"), select),
    body,
  );
}

function songBody(view, rows, days, name) {
  const byDay = new Map(rows.map((row) => [row.day, row]));
  const of = (day, field) => Number(byDay.get(day)?.[field] ?? 0);
  return chartBody(view, {
    label: `Plays, completions and listeners of ${bounded(name ?? "", 40)} per UTC day`,
    name: "song-days",
    option: {
      kind: "lines",
      names: days,
      series: [["Plays", "total_plays"], ["Completions", "completions"], ["Listeners", "unique_listeners"]].map(([label, field]) => ({ name: label, values: days.map((day) => of(day, field)) })),
    },
    columns: [{ label: "Day", key: "day" }, { label: "Plays", key: "plays", kind: "number" }, { label: "Completions", key: "completions", kind: "number" }, { label: "Listeners", key: "listeners", kind: "number" }],
    rows: days.map((day) => ({ day, plays: of(day, "total_plays"), completions: of(day, "completions"), listeners: of(day, "unique_listeners") })),
  });
}

function skipsPanel(view) {
  const mart = view.marts.SKIP_CURVE;
  const heading = "When in a song do people skip?";
  if (!mart) return missing("SKIP_CURVE", heading);
  const rows = records(mart).map((row) => ({
    from: Number(row.second_from),
    stretch: row.second_to === null ? `${row.second_from} s +` : `${row.second_from} to ${row.second_to} s`,
    skips: Number(row.skips),
    share: Number(row.share),
  }));
  const definition = [mart.description ?? "", ...columnMeaning(mart, "skips", "share")].filter(Boolean);
  if (rows.length === 0) return nothing(heading, view.asOf, { id: "skips", definition, why: "No skip says at which second of the song it came." });
  return panel(
    { heading, asOf: view.asOf, id: "skips", definition },
    chartBody(view, {
      label: "Skips by second of the song",
      name: "skips",
      option: { kind: "columns", name: "Skips", names: rows.map((row) => row.stretch), values: rows.map((row) => row.skips) },
      columns: [{ label: "Seconds", key: "stretch" }, { label: "Skips", key: "skips", kind: "number" }, { label: "Share", text: (row) => percent(row.share, 1), kind: "text-right" }],
      rows,
    }),
  );
}

function sessionsPanel(view) {
  const mart = view.marts.LISTENER_SESSIONS;
  const heading = "How long are sessions?";
  if (!mart) return missing("LISTENER_SESSIONS", heading);
  const column = mart.columns.find((one) => one.name.toLowerCase() === "duration_ms");
  const bins = column?.histogram ?? [];
  if (bins.length === 0) return nothing(heading, view.asOf, { id: "sessions", why: "There is no listening session yet." });
  const rows = bins.map((bin) => ({ stretch: `${duration(bin.from)} to ${duration(bin.to)}`, sessions: bin.rows }));
  return panel(
    { heading, asOf: view.asOf, id: "sessions", definition: [mart.description ?? "", ...columnMeaning(mart, "duration_ms"), `All ${number(mart.rows_total)} rows of MART.${mart.name}.`].filter(Boolean) },
    chartBody(view, {
      label: "Sessions by their length",
      name: "sessions",
      option: { kind: "columns", name: "Sessions", names: rows.map((row) => row.stretch), values: rows.map((row) => row.sessions) },
      columns: [{ label: "Length", key: "stretch" }, { label: "Sessions", key: "sessions", kind: "number" }],
      rows,
    }),
  );
}
