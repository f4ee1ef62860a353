// Small behaviours of every page, by attribute, so that parts swapped in later need no wiring:
// [data-theme-toggle], [data-opens="dialog id"], [data-closes], [data-dismisses="selector"], [data-copies="text"],
// [data-submits-on-change], [data-live] (asks again while it is seen), details.unfold (Escape or a click elsewhere folds it), and rows of
// .table-cards that unfold. The key / focuses the search field.

const on = (type, selector, act) =>
  document.addEventListener(type, (event) => {
    const element = event.target instanceof Element ? event.target.closest(selector) : null;
    if (element) act(element, event);
  });

on("click", "[data-theme-toggle]", () => {
  const root = document.documentElement;
  const theme = root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
  root.setAttribute("data-bs-theme", theme);
  try {
    localStorage.setItem("theme", theme);
  } catch {
    // storage is blocked: the choice lasts for this page
  }
});

on("click", "[data-opens]", (button) => document.getElementById(button.dataset.opens)?.showModal());
on("click", "[data-closes]", (button) => button.closest("dialog")?.close());
on("click", "dialog", (dialog, event) => {
  if (event.target === dialog) dialog.close(); // a click on the backdrop
});
on("click", "[data-dismisses]", (button) => button.closest(button.dataset.dismisses)?.remove());

on("click", "[data-copies]", async (button) => {
  await navigator.clipboard.writeText(button.dataset.copies);
  const label = button.querySelector("[data-copy-label]");
  if (label) label.textContent = "Copied";
});

on("change", "[data-submits-on-change]", (field) => field.form?.requestSubmit());

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable], dialog")) return;
  const field = document.getElementById("site-search");
  if (!field || field.offsetParent === null) return;
  event.preventDefault();
  field.focus();
  field.select();
});

// --- parts that follow what happens: they rest while the page is hidden, and ask at once when it is seen again ------

document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.target.matches("[data-live]")) event.preventDefault();
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  for (const part of document.querySelectorAll("[data-live]")) part.dispatchEvent(new Event("seen-again"));
});

// --- what unfolds below a button ------------------------------------------------------------------------------------

function fold(details) {
  if (details.contains(document.activeElement)) details.querySelector("summary").focus();
  details.open = false;
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.querySelectorAll("details.unfold[open]").forEach(fold);
});
document.addEventListener("click", (event) => {
  for (const details of document.querySelectorAll("details.unfold[open]")) if (!details.contains(event.target)) details.open = false;
});

// --- rows that are cards on small screens -------------------------------------------------------------------------

function label(button, isOpen) {
  button.setAttribute("aria-expanded", String(isOpen));
  button.setAttribute("aria-label", isOpen ? "Show less of this row" : "Show more of this row");
}

function addUnfolding(root) {
  const template = document.getElementById("row-more");
  for (const row of template ? root.querySelectorAll(".table-cards > tbody > tr, .table-cards > tfoot > tr") : []) {
    const hasMore = [...row.children].some((cell) => !cell.classList.contains("lead"));
    if (!hasMore || row.querySelector(":scope > .row-more")) continue;
    row.append(template.content.cloneNode(true));
    label(row.lastElementChild.firstElementChild, false);
  }
}

on("click", ".row-more button", (button) => label(button, button.closest("tr").classList.toggle("is-open")));

addUnfolding(document);
document.addEventListener("htmx:load", (event) => addUnfolding(event.target.parentElement ?? document));
