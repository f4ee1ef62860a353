// Delivery Configuration of the SFTP app: [data-locked] fields that open by their button, [data-shows-password], the rules of a password ticked as
// one types, and buttons of [data-waits] forms that say that they are at work. Without this script every form works.

// --- a name that is rarely changed: read-only until Edit is pressed ------------------------------------------------

for (const field of document.querySelectorAll("[data-locked]")) {
  const button = document.getElementById(field.dataset.locked);
  field.readOnly = true;
  button.hidden = false;
  button.addEventListener("click", () => {
    field.readOnly = false;
    button.hidden = true;
    field.focus();
    field.select();
  });
}

// --- Show ------------------------------------------------------------------------------------------------------------

for (const button of document.querySelectorAll("[data-shows-password]")) {
  const field = document.getElementById(button.dataset.showsPassword);
  button.hidden = false;
  button.addEventListener("click", () => {
    const isShown = field.type === "password";
    field.type = isShown ? "text" : "password";
    button.setAttribute("aria-pressed", String(isShown));
    button.textContent = isShown ? "Hide" : "Show";
  });
}

// --- the rules that can be told without the server -------------------------------------------------------------------

const ruleList = document.querySelector("[data-rules-of]");
if (ruleList) {
  const password = document.getElementById(ruleList.dataset.rulesOf);
  const username = document.getElementById("sftp-username");
  const least = Number(ruleList.dataset.least);
  const isKept = {
    length: (text) => text.length >= least,
    name: (text, name) => !name || !text.toLowerCase().includes(name.toLowerCase()),
    digits: (text) => !/^\d+$/.test(text),
    plain: (text) => /^[\x20-\x7e]*$/.test(text) && text === text.trim(),
  };
  const tick = () => {
    for (const item of ruleList.querySelectorAll("[data-rule]")) {
      const rule = isKept[item.dataset.rule];
      const state = password.value === "" || !rule ? "" : rule(password.value, username.value.trim()) ? "kept" : "broken";
      item.className = state ? `is-${state}` : "";
      item.querySelector(".visually-hidden")?.remove();
      if (!state) continue;
      const words = document.createElement("span");
      words.className = "visually-hidden";
      words.textContent = state === "kept" ? " (kept)" : " (not yet)";
      item.append(words);
    }
  };
  for (const field of [password, username]) field.addEventListener("input", tick);
  tick();
}

// --- what takes some seconds says so, and is not pressed twice -----------------------------------------------------------

for (const form of document.querySelectorAll("form[data-waits]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.isWaiting) {
      event.preventDefault();
      return;
    }
    form.dataset.isWaiting = "yes";
    const button = form.querySelector("button:not([type]), button[type=submit]");
    button.setAttribute("aria-disabled", "true");
    (button.querySelector("[data-waits-label]") ?? button).textContent = form.dataset.waits;
  });
}
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // a page from the browser's memory would still say that it waits
});
