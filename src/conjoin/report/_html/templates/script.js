"use strict";

// Charts. Their colours are variables of the style sheet, so that they follow light, dark and print by themselves.
for (const plot of document.querySelectorAll(".plot")) {
  const spec = JSON.parse(document.getElementById(plot.dataset.spec).textContent);
  const options = { renderer: "svg", actions: false, defaultStyle: false };
  vegaEmbed(plot, spec, options).then(reachable, (error) => {
    plot.textContent = `This chart could not be drawn: ${error.message}`;
    console.error(error);
  });
}

// What scrolls sideways can be reached and scrolled with the keyboard.
function reachable() {
  for (const box of document.querySelectorAll(".scroll")) {
    const scrolls = box.scrollWidth > box.clientWidth;
    box.toggleAttribute("tabindex", scrolls);
    if (scrolls) {
      box.tabIndex = 0;
      box.setAttribute("role", "group");
    }
  }
}
addEventListener("resize", reachable);
reachable();

// Tables: sort by a column, keep the rows that hold a text.
for (const box of document.querySelectorAll(".sortable")) {
  const body = box.querySelector("tbody");
  const headings = [...box.querySelectorAll("thead th")];
  const value = (row, column) => {
    const cell = row.children[column];
    return "value" in cell.dataset ? Number(cell.dataset.value) : cell.textContent.trim();
  };
  const compare = (a, b) =>
    typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true });
  headings.forEach((heading, column) => {
    heading.querySelector("button").addEventListener("click", () => {
      const down = heading.getAttribute("aria-sort") === "ascending";
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...body.rows].sort((one, other) => {
        const a = value(one, column), b = value(other, column);
        if (a === "" || b === "") return (a === "") - (b === ""); // empty cells last
        return down ? compare(b, a) : compare(a, b);
      });
      body.append(...rows);
    });
  });
  const input = box.querySelector("input");
  if (!input) continue;
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of body.rows) {
      const text = [...row.cells].map((cell) => cell.textContent).join(" ").toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
    const shown = [...body.rows].filter((row) => !row.hidden).length;
    box.querySelector("[role=status]").textContent = words.length ? `${shown} of ${body.rows.length} rows` : "";
  });
}

// On paper nothing is folded away.
const folded = new Set();
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details:not([open])")) {
    folded.add(details);
    details.open = true;
  }
});
addEventListener("afterprint", () => {
  folded.forEach((details) => { details.open = false; });
  folded.clear();
});
