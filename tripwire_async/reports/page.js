"use strict";
// Sorts and filters the table of tests. The page is readable without it.
(() => {
  const table = document.getElementById("tests");
  const controls = document.getElementById("controls");
  if (!table || !controls) return;
  const body = table.tBodies[0];
  const headers = Array.from(table.tHead.rows[0].cells);
  const search = controls.elements.namedItem("search");
  const state = controls.elements.namedItem("state");
  const order = controls.elements.namedItem("order");
  const shown = controls.elements.namedItem("shown");
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const rows = Array.from(body.rows, (element, index) => ({
    element,
    index,
    state: element.dataset.state,
    text: element.textContent.toLowerCase(),
    keys: Array.from(element.cells, (cell) => cell.dataset.value ?? cell.textContent.trim()),
  }));

  function sort(column, direction) {
    const isNumber = headers[column].classList.contains("number") || headers[column].dataset.sort === "number";
    const sign = direction === "ascending" ? 1 : -1;
    const compare = isNumber ? (a, b) => Number(a) - Number(b) : collator.compare;
    rows.sort((first, second) => {
      const a = first.keys[column];
      const b = second.keys[column];
      // Unknown values come last in both directions.
      if (a === "" || b === "") return (a === "") - (b === "");
      return sign * compare(a, b);
    });
    headers.forEach((header) => header.removeAttribute("aria-sort"));
    headers[column].setAttribute("aria-sort", direction);
    order.value = `${column} ${direction}`;
    body.append(...rows.map((row) => row.element));
  }

  function restore() {
    rows.sort((first, second) => first.index - second.index);
    headers.forEach((header) => header.removeAttribute("aria-sort"));
    body.append(...rows.map((row) => row.element));
  }

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const fits = (!state.value || row.state === state.value) && words.every((word) => row.text.includes(word));
      row.element.hidden = !fits;
      count += fits;
    }
    shown.value = `${count.toLocaleString("en")} of ${rows.length.toLocaleString("en")} shown`;
  }

  headers.forEach((header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = header.textContent;
    button.addEventListener("click", () => {
      sort(column, header.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending");
    });
    header.replaceChildren(button);
    for (const [direction, sign] of [["ascending", "\u2191"], ["descending", "\u2193"]]) {
      order.add(new Option(`${button.textContent} ${sign}`, `${column} ${direction}`));
    }
  });
  order.addEventListener("change", () => {
    const [column, direction] = order.value.split(" ");
    if (direction) sort(Number(column), direction);
    else restore();
  });
  controls.addEventListener("submit", (event) => event.preventDefault());
  search.addEventListener("input", filter);
  state.addEventListener("input", filter);
  addEventListener("hashchange", () => {
    const target = document.querySelector("#tests tr:target");
    if (!target?.hidden) return;
    search.value = state.value = "";
    filter();
    target.scrollIntoView();
  });
  filter();
  controls.hidden = false;
})();
