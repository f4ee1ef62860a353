// Chooses light or dark before the first paint: what was chosen here once, else what the system prefers.
// Loaded in <head> without defer for that reason. The button [data-theme-toggle] changes it (ui.js).
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null; // storage is blocked: follow the system
    }
  };
  const apply = () => root.setAttribute("data-bs-theme", chosen() ?? (system.matches ? "dark" : "light"));
  root.classList.add("js");
  apply();
  system.addEventListener("change", apply);
  addEventListener("storage", apply); // chosen in another tab
})();
