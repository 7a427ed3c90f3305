// Light, dark, or what the system says. Files may have no storage: then the choice lasts as long as the page.

const KEY = "sdp-theme";
export const THEMES = ["auto", "light", "dark"];

export function remembered() {
  try {
    const kept = localStorage.getItem(KEY);
    return THEMES.includes(kept) ? kept : "auto";
  } catch {
    return "auto";
  }
}

export function apply(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** Applies a choice, keeps it, and tells charts, which have colours of their own. */
export function choose(theme) {
  apply(theme);
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Not kept.
  }
  window.dispatchEvent(new Event("sdp-theme"));
}

export function onChange(react) {
  window.addEventListener("sdp-theme", react);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", react);
}

/** The colours of the style sheet by their names, as charts want them. */
export function colours(...names) {
  const probe = document.createElement("span");
  document.body.append(probe);
  const found = {};
  for (const name of names) {
    probe.style.color = `var(--${name})`;
    found[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return found;
}
