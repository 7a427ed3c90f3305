// Elements whose contents are text: nothing that comes from data is ever read as HTML.

/** element("p", {class: "x", dataset: {value: 1}, on: {click: f}}, "text", node, null) */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  setAttributes(made, attributes);
  made.append(...children.flat(2).filter((child) => child !== null && child !== undefined));
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  setAttributes(made, attributes);
  made.append(...children);
  return made;
}

function setAttributes(made, { dataset = {}, on = {}, ...plain }) {
  for (const [name, value] of Object.entries(plain)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, String(value));
  }
  for (const [name, value] of Object.entries(dataset)) made.dataset[name] = String(value);
  for (const [name, handler] of Object.entries(on)) made.addEventListener(name, handler);
}

/**
 * Makes `old` what `fresh` is, and changes only what differs: focus, scrolling and marked text stay. Listeners stay, too, so they must not
 * know what is drawn. Returns what is in the page then.
 */
export function patch(old, fresh) {
  if (old.isEqualNode(fresh)) return old;
  if (old.nodeName !== fresh.nodeName) {
    old.replaceWith(fresh);
    return fresh;
  }
  if (old.nodeType === Node.TEXT_NODE) {
    old.data = fresh.data;
    return old;
  }
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  const before = [...old.childNodes];
  const after = [...fresh.childNodes];
  after.forEach((child, at) => (at < before.length ? patch(before[at], child) : old.append(child)));
  for (const child of before.slice(after.length)) child.remove();
  return old;
}

let ids = 0;

/** An id that no other element has. */
export function freshId(prefix) {
  ids += 1;
  return `${prefix}-${ids}`;
}

export function byId(id) {
  return document.getElementById(id);
}
