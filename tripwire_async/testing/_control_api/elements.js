"use strict";
// Elements of the page. All texts are set as text, never as HTML.

/** Return a new element with attributes, listeners (functions) and children. */
function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Return the element with an id. */
const byId = (id) => document.getElementById(id);

/** Set the text of an element, if it differs: an equal text would be read aloud again. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Show a message for a few seconds. */
function say(text) {
  const message = byId("message");
  message.textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { message.textContent = ""; }, 4000);
}

/** Return a button that copies what `text` returns. */
function copyButton(label, text) {
  return h("button", { type: "button", class: "small", "aria-label": `Copy ${label}`, click: async () => {
    try {
      await navigator.clipboard.writeText(text());
      say(`Copied: ${label}`);
    } catch {
      say("The browser does not permit to copy.");
    }
  } }, "Copy");
}

/** A list of elements by id, which are kept and updated, so that the focus stays where it is. */
class KeyedList {
  /** `make` returns an object with the element `root` and a function `update`. */
  constructor(parent, make) {
    this.parent = parent;
    this.make = make;
    this.known = new Map();
  }

  show(items) {
    const wanted = new Set(items.map((item) => item.id));
    for (const [id, entry] of this.known) {
      if (!wanted.has(id)) {
        entry.root.remove();
        this.known.delete(id);
      }
    }
    let place = this.parent.firstElementChild;
    for (const item of items) {
      let entry = this.known.get(item.id);
      if (!entry) {
        entry = this.make(item);
        this.known.set(item.id, entry);
      }
      entry.update(item);
      if (entry.root === place) place = place.nextElementSibling;
      else this.parent.insertBefore(entry.root, place);
    }
  }

  /** Hide the elements whose text does not have all words; return how many are left. */
  filter(words) {
    let left = 0;
    for (const { root } of this.known.values()) {
      const text = root.textContent.toLowerCase();
      root.hidden = !words.every((word) => text.includes(word));
      left += root.hidden ? 0 : 1;
    }
    return left;
  }
}

/** Return seconds for people: "12 ms", "1.4 s". */
function duration(seconds) {
  if (seconds === null || seconds === undefined) return "";
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;
}

/** Return the local time of a timestamp. */
function clockTime(timestamp) {
  const date = new Date(timestamp);
  return Number.isNaN(date.valueOf()) ? "" : date.toLocaleTimeString([], { hour12: false });
}

/** Return an element with the local time, and the exact one in its title. */
function timeElement() {
  const element = h("time", { class: "soft end" });
  return { element, set(timestamp) {
    element.dateTime = element.title = timestamp;
    setText(element, clockTime(timestamp));
  } };
}

/** Return JSON with line breaks, or the text unchanged. */
function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
