// What all pages share: which publication is shown, how old it is, whether it was proved, and what to do when there is none.
import { carryAlong, choice, choose } from "./address.js";
import { DataError, loadCurrent, loadCurrentAgain, loadPublication } from "./data.js";
import { byId, element } from "./dom.js";
import { age, isOlderThanADay, timeToTheSecond, visible, warehouseName } from "./format.js";
import * as theme from "./theme.js";

const WATCH_MS = 20_000;
// Of a server whose publications follow each other within seconds.
const FOLLOW_MS = 2_000;
const PLACE = "sdp.place";

/**
 * Draws a page: `draw(publication, content, current)` fills the empty content. Whatever goes wrong is said on the page. `drawsEmpty`: it
 * also has something to say when nothing is published, and gets null then; of the others it is said what to run.
 */
export async function show(draw, { drawsEmpty = false } = {}) {
  await framed(async (current) => {
    if (current.message) byId("state").append(note("open", current.message));
    if (current.publications.length > 0) return drawPublication(draw, current);
    if (!current.message) byId("state").append(note("open", "Nothing is published yet. Run: spotify-pipeline run"));
    const place = content();
    if (drawsEmpty) await draw(null, place, current);
    if (current.follow) watch(null, FOLLOW_MS);
  });
}

/**
 * Draws a page of what is in log and lake now: `draw(content, current)`. It needs a server that looks at them, and nothing published;
 * a new publication is no reason to load it again.
 */
export async function showMoving(draw) {
  await framed(async (current) => {
    const { moves } = current;
    if (!current.live || !moves?.on) {
      content();
      setReportLinks(chosen(current), current);
      byId("state").append(note("open", (current.live && moves?.how) || NEEDS_PROGRAM));
      return;
    }
    keepReportLinks(current);
    await draw(content(), current);
  });
}

const NEEDS_PROGRAM = "This page shows log and lake as they are now, so it needs a program that looks at them. Run: spotify-pipeline serve --flow";

async function framed(draw) {
  carryAlong();
  markPage();
  byId("tools").append(themeSwitch());
  try {
    await draw(await loadCurrent());
  } catch (error) {
    fail(error);
  }
  window.addEventListener("hashchange", carryAlong);
}

function content() {
  const place = byId("content");
  place.replaceChildren();
  place.removeAttribute("aria-busy");
  return place;
}

async function drawPublication(draw, current) {
  const entry = chosen(current);
  if (current.publications.length > 1) byId("tools").prepend(publicationSwitch(current, entry));
  const publication = await loadPublication(entry);
  setReportLinks(entry, current);
  byId("state").prepend(await statusLine(publication));
  const stale = staleNote(publication);
  if (stale) byId("state").append(stale);
  byId("about").textContent = `All times are UTC. Publication ${publication.snapshot.id}, written by ${visible(publication.snapshot.writer)}. `;
  byId("about").append(licences());
  await draw(publication, content(), current);
  if (current.follow) returnToPlace();
  if (current.live) watch(entry, current.follow ? FOLLOW_MS : WATCH_MS);
}

/**
 * Waits for a newer publication of the same warehouse, or for the first one. Where publications follow each other the page goes on to
 * it by itself, unless somebody is typing or marking text; otherwise it says once that there is one. A server that does not answer
 * is asked again.
 */
function watch(entry, pause) {
  const timer = setInterval(async () => {
    if (document.hidden) return;
    const current = await loadCurrentAgain().catch(() => null);
    const newest = entry ? current?.publications.find((one) => one.warehouse === entry.warehouse) : current?.publications[0];
    if (!newest || newest.id === entry?.id) return;
    if (current.follow && isBusy()) return;
    clearInterval(timer);
    if (current.follow) goOn(newest.folder);
    else byId("state").append(note("open", `There is a newer publication, of ${timeToTheSecond(newest.taken_at)}. `, reloadButton(newest.folder)));
  }, pause);
}

function isBusy() {
  return document.activeElement?.matches("input, textarea") || !document.getSelection().isCollapsed;
}

function goOn(folder) {
  sessionStorage.setItem(PLACE, JSON.stringify([location.pathname, window.scrollX, window.scrollY]));
  reload(folder);
}

/** To where the reader was when the page went on to this publication. */
function returnToPlace() {
  const [path, x, y] = JSON.parse(sessionStorage.getItem(PLACE) ?? "[]");
  sessionStorage.removeItem(PLACE);
  if (path === location.pathname) window.scrollTo(x, y);
}

function reload(folder) {
  if (folder !== null && choice("publication")) choose({ publication: folder });
  location.reload();
}

function reloadButton(folder = null) {
  return element("button", { type: "button", on: { click: () => reload(folder) } }, "Reload");
}

function chosen(current) {
  const wanted = choice("publication");
  return current.publications.find((entry) => entry.folder === wanted) ?? current.publications[0];
}

function publicationSwitch(current, entry) {
  const select = element(
    "select",
    {
      id: "publication",
      on: {
        change: () => {
          choose({ publication: select.value });
          location.reload();
        },
      },
    },
    current.publications.map((one) =>
      element("option", { value: one.folder, selected: one === entry }, `${warehouseName(one.warehouse)}, ${timeToTheSecond(one.taken_at)}`),
    ),
  );
  return element("label", { class: "tool" }, element("span", {}, "Warehouse"), select);
}

function themeSwitch() {
  const names = { auto: "Auto", light: "Light", dark: "Dark" };
  const select = element(
    "select",
    { id: "theme", on: { change: () => theme.choose(select.value) } },
    theme.THEMES.map((one) => element("option", { value: one, selected: one === theme.remembered() }, names[one])),
  );
  return element("label", { class: "tool" }, element("span", {}, "Theme"), select);
}

function markPage() {
  const link = document.querySelector(`a[data-to="${document.documentElement.dataset.page}"]`);
  link?.setAttribute("aria-current", "page");
}

function setReportLinks(entry, current) {
  for (const link of document.querySelectorAll("#pages .outside")) link.remove();
  const add = (address, text) => byId("pages").append(element("li", { class: "outside" }, element("a", { href: address }, text)));
  if (entry?.report) add(entry.report, "Report");
  if (current.dbt_docs) add(current.dbt_docs, "dbt docs");
}

/** A page that stays open outlives the publications that its links lead to. */
function keepReportLinks(current) {
  byId("about").append(" ", licences());
  setReportLinks(chosen(current), current);
  setInterval(async () => {
    if (document.hidden) return;
    const newest = await loadCurrentAgain().catch(() => null);
    if (newest) setReportLinks(chosen(newest), newest);
  }, WATCH_MS);
}

function licences() {
  return element("a", { href: "THIRD-PARTY.txt" }, "Licences of these pages");
}

/** Whether this publication was proved: by proof.json of its own. */
export function verdictOf(publication, proof) {
  if (!proof) return { mood: "open", badge: "Not verified", text: "Nobody has verified this publication. Run: spotify-pipeline verify" };
  const proved = proof.report.proved;
  return { mood: proved ? "good" : "bad", badge: proved ? "Proved" : "Not proved", text: proof.report.verdict };
}

async function statusLine(publication) {
  const { snapshot } = publication;
  const verdict = verdictOf(publication, await publication.proof());
  return element(
    "p",
    { class: "status" },
    element("span", { class: `badge ${verdict.mood}` }, verdict.badge),
    element("span", {}, warehouseName(snapshot.warehouse)),
    element("span", {}, "as of ", element("time", { datetime: snapshot.taken_at }, timeToTheSecond(snapshot.taken_at)), ` (${age(snapshot.taken_at)})`),
  );
}

function staleNote({ snapshot }) {
  if (!isOlderThanADay(snapshot.taken_at)) return null;
  return note(
    "open",
    `These numbers are from ${age(snapshot.taken_at)}. For newer ones run: spotify-pipeline run; or, where stages run on their own: spotify-pipeline publish`,
  );
}

/** A message; what stands behind "Run: " or "run: " is shown as a command. */
export function note(mood, text, ...more) {
  const parts = [];
  const command = /([Rr]un: )([^;.\n]+(?:\.[^\s;.]+)*)/g;
  let at = 0;
  for (const found of text.matchAll(command)) {
    parts.push(visible(text.slice(at, found.index + found[1].length)), element("code", {}, visible(found[2])));
    at = found.index + found[0].length;
  }
  parts.push(visible(text.slice(at)));
  return element("p", { class: `note ${mood}`, role: mood === "bad" ? "alert" : null }, parts, more);
}

function fail(error) {
  content();
  byId("state").append(note("bad", explanation(error), " ", reloadButton()));
  // For whoever looks for a defect of the pages; what was expected to happen is not one.
  if (!(error instanceof DataError)) console.error(error);
}

function explanation(error) {
  if (!(error instanceof DataError)) return `This page could not be drawn: ${error.message}.`;
  if (!error.isReplaced) return error.message;
  if (error.message.includes("data/current.js"))
    return "There are no data here. For a server run: spotify-pipeline serve; for a folder of pages run: spotify-pipeline publish --static FOLDER";
  return `This publication was replaced by a newer one (${error.message}). Reload the page to see it.`;
}

/** For panels that are filled later than the page: the same words at their place. */
export function failedPanel(error) {
  if (!(error instanceof DataError)) console.error(error);
  return note("bad", explanation(error));
}
