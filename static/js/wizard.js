// Behaviours of the configuration screens, by attribute: [data-tabs], [data-mirrors="id"], [data-sets="id"][data-value], [data-disables="id"],
// [data-disables-unless="id id"], [data-implies="name"], [data-with="name"]. Without this script every form works, with all tabs open.

const form = document.getElementById("step-form");
const changed = (field) => field.dispatchEvent(new Event("change", { bubbles: true }));

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
