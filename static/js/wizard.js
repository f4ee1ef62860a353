// Behaviours of the configuration screens, by attribute: [data-tabs], [data-mirrors="id"], [data-sets="id"][data-value], [data-disables="id"],
// [data-disables-unless="id id"], [data-implies="name"], [data-with="name"]. Without this script every form works, with all tabs open.

const form = document.getElementById("step-form");
const changed = (field) => field.dispatchEvent(new Event("change", { bubbles: true }));

// --- a count that could not be had is said, not awaited for ever ------------------------------------------------------

for (const type of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(type, () => {
    const body = document.querySelector("#effect .panel-body");
    const words = document.getElementById("count-failed");
    if (body && words) body.replaceChildren(words.content.cloneNode(true));
  });
}

// --- tabs: links to their panels; arrow keys move between them ----------------------------------------------------

function show(tablist, chosen) {
  for (const tab of tablist.querySelectorAll('[role="tab"]')) {
    const isChosen = tab === chosen;
    tab.setAttribute("aria-selected", String(isChosen));
    tab.tabIndex = isChosen ? 0 : -1;
    document.getElementById(tab.getAttribute("aria-controls")).hidden = !isChosen;
  }
  sessionStorage.setItem(`tab:${location.pathname}`, chosen.id);
}

for (const box of document.querySelectorAll("[data-tabs]")) {
  const tablist = box.querySelector('[role="tablist"]');
  const tabs = [...tablist.querySelectorAll('[role="tab"]')];
  box.classList.add("has-tabs");
  const inError = tabs.find((tab) => document.getElementById(tab.getAttribute("aria-controls")).querySelector(".field-error"));
  const named = tabs.find((tab) => tab.getAttribute("href") === location.hash);
  const last = tabs.find((tab) => tab.id === sessionStorage.getItem(`tab:${location.pathname}`));
  show(tablist, inError ?? named ?? last ?? tabs[0]);
  tablist.addEventListener("click", (event) => {
    const tab = event.target.closest('[role="tab"]');
    if (!tab) return;
    event.preventDefault();
    show(tablist, tab);
  });
  tablist.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const tab = tabs[(to + tabs.length) % tabs.length];
    show(tablist, tab);
    tab.focus();
  });
}

// --- fields that follow each other --------------------------------------------------------------------------------

const named = (name) => form?.elements.namedItem(name);

document.addEventListener("input", ({ target }) => {
  const other = target.dataset?.mirrors && document.getElementById(target.dataset.mirrors);
  if (other && target.value !== "" && !Number.isNaN(Number(target.value))) other.value = target.value;
});

function enable(box) {
  if (box.dataset.disables) document.getElementById(box.dataset.disables).disabled = box.checked;
  for (const id of (box.dataset.disablesUnless ?? "").split(" ").filter(Boolean)) {
    document.getElementById(id).toggleAttribute("readonly", !box.checked);
    document.getElementById(id).classList.toggle("is-off", !box.checked);
  }
}

document.addEventListener("change", ({ target }) => {
  if (!(target instanceof HTMLInputElement)) return;
  if (target.dataset.implies && target.checked) named(target.dataset.implies).checked = true;
  if (target.dataset.with && !target.checked) named(target.dataset.with).checked = false;
  if (target.type === "checkbox") enable(target);
});
for (const box of document.querySelectorAll("[data-disables], [data-disables-unless]")) enable(box);

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-sets]") : null;
  if (!button) return;
  const field = document.getElementById(button.dataset.sets);
  field.value = button.dataset.value;
  const mirror = document.getElementById(field.dataset.mirrors);
  if (mirror) mirror.value = field.value;
  const toggle = document.getElementById(`${button.dataset.sets}-on`);
  if (toggle) {
    toggle.checked = true;
    enable(toggle);
  }
  changed(field);
});

// --- Schools Mapping: rows found and shown without a round trip, and lists filled when they are opened --------------------

const schoolRows = document.getElementById("school-rows");

function filterSchools() {
  const group = document.getElementById("shown-group").value;
  const text = document.querySelector("[data-finds]").value.trim().toLowerCase();
  let shown = 0;
  for (const row of schoolRows.rows) {
    row.hidden = (group !== "" && row.dataset.group !== group) || !row.dataset.words.includes(text);
    shown += row.hidden ? 0 : 1;
  }
  document.getElementById("no-school-shown").hidden = shown > 0;
}

function fillList(list) {
  const options = document.getElementById(list.dataset.fills);
  delete list.dataset.fills;
  list.append(options.content.cloneNode(true));
}

if (schoolRows) {
  const find = document.querySelector("[data-finds]");
  for (const type of ["input", "change", "search"]) {
    find.addEventListener(type, (event) => {
      event.stopPropagation(); // finding is no change of the form
      filterSchools();
    });
  }
  find.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
  for (const button of document.querySelectorAll("[data-shows]")) {
    button.addEventListener("click", (event) => {
      event.preventDefault();
      document.getElementById("shown-group").value = button.dataset.shows;
      for (const other of document.querySelectorAll("[data-shows]")) other.setAttribute("aria-pressed", String(other === button));
      filterSchools();
    });
  }
  for (const type of ["focusin", "pointerdown"]) {
    schoolRows.addEventListener(type, ({ target }) => {
      const list = target instanceof Element ? target.closest("select[data-fills]") : null;
      if (list) fillList(list);
    });
  }
}

// --- a part of a tab that the address names: its tab is shown, and the part comes into view ----------------------

const part = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
const panelOfPart = part?.closest('[data-tabs] [role="tabpanel"]');
if (panelOfPart) {
  document.getElementById(panelOfPart.getAttribute("aria-labelledby")).click();
  const arrive = () => setTimeout(() => {
    part.scrollIntoView();
    if (part !== panelOfPart) part.querySelector("select, input")?.focus({ preventScroll: true });
  });
  if (document.readyState === "complete") arrive();
  else window.addEventListener("load", arrive); // the browser goes to the fragment itself, and takes the focus along
}

// --- the step one is at is in sight, also after the bar was drawn anew ----------------------------------------------

function centreStep() {
  const bar = document.getElementById("step-bar");
  const here = bar?.querySelector(".is-current");
  if (here) bar.scrollLeft = here.offsetLeft - (bar.clientWidth - here.offsetWidth) / 2;
}
centreStep();
document.addEventListener("htmx:oobAfterSwap", centreStep);

// --- details[data-forgets]: what is chosen in it is forgotten when it is folded; [data-folds] folds it -------------

for (const box of document.querySelectorAll("details[data-forgets]")) {
  box.addEventListener("toggle", () => {
    if (box.open) return;
    const filled = [...box.querySelectorAll("select, input")].filter((field) => field.value !== "");
    for (const field of filled) field.value = "";
    if (filled.length) changed(filled[0]);
  });
  box.querySelector("[data-folds]")?.addEventListener("click", (event) => {
    event.preventDefault();
    box.open = false;
    box.querySelector("summary").focus();
  });
}
