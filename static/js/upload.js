// The drop zone of an import app: says what is missing before anything is sent, then uploads with progress. Without this script the form works too.

const form = document.getElementById("upload-form");
const input = document.getElementById("files");
const zone = document.getElementById("drop-zone");
const sentence = document.getElementById("upload-sentence");
const problems = document.getElementById("upload-problems");
const clear = document.getElementById("upload-clear");
const progress = { box: "upload-progress", bar: "upload-bar", amount: "upload-amount", cancel: "upload-cancel" };
for (const [part, id] of Object.entries(progress)) progress[part] = document.getElementById(id);
const chips = [...document.querySelectorAll("#expected-files [data-file]")];
const words = sentence.textContent;
const verb = form.dataset.verb ?? "Upload files"; // what its button says
const chosen = new Map(); // name in lower case -> File
let sending = null;

const isZip = (file) => file.name.toLowerCase().endsWith(".zip");
const isCsv = (file) => file.name.toLowerCase().endsWith(".csv");
const megabytes = (bytes) => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
const size = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${megabytes(bytes)} MB`);
const listed = (names) => new Intl.ListFormat("en").format(names);
const total = (files) => files.reduce((sum, file) => sum + file.size, 0);

// What would be sent, what stands in its way, and what is left aside.
function plan() {
  const files = [...chosen.values()];
  const zips = files.filter(isZip);
  const loose = files.filter(isCsv);
  const expected = chips.map((chip) => chip.dataset.file);
  const missing = zips.length ? [] : expected.filter((name) => !chosen.has(name.toLowerCase()));
  const known = new Set([...expected.map((name) => name.toLowerCase()), "manifest.csv"]);
  const send = zips.length ? zips : loose.filter((file) => known.has(file.name.toLowerCase()));
  return { files, zips, missing, send, aside: files.filter((file) => !send.includes(file)).map((file) => file.name) };
}

function describe({ files, zips, missing, send, aside }) {
  if (!files.length) return words;
  const left = aside.length ? ` Left aside: ${listed(aside)}.` : "";
  if (zips.length > 1) return `Several zips were chosen: ${listed(zips.map((file) => file.name))}. Start over and choose one.`;
  if (zips.length) {
    const ignored = aside.length ? ` The zip is used, so these are ignored: ${listed(aside)}.` : "";
    return `${zips[0].name}, ${size(zips[0].size)}, is ready. Press ${verb}.${ignored}`;
  }
  if (missing.length) {
    return `${missing.length} of the ${chips.length} files ${missing.length === 1 ? "is" : "are"} missing: ${listed(missing)}. Add ${missing.length === 1 ? "it" : "them"}; nothing is sent before.${left}`;
  }
  return `All ${chips.length} files are ready, ${size(total(send))}. Press ${verb}.${left}`;
}

function mark(chip, tone, icon, word) {
  chip.classList.remove("tone-good", "tone-bad", "tone-info");
  if (tone) chip.classList.add(tone);
  chip.querySelector("[data-mark]").replaceChildren(document.getElementById(`mark-${icon}`).content.cloneNode(true));
  chip.querySelector("[data-word]").textContent = word;
}

function show() {
  const now = plan();
  for (const chip of chips) {
    if (now.zips.length) mark(chip, "tone-info", "zip", "in the zip");
    else if (chosen.has(chip.dataset.file.toLowerCase())) mark(chip, "tone-good", "present", "");
    else if (now.files.length) mark(chip, "tone-bad", "missing", "missing");
    else mark(chip, "", "open", "");
  }
  sentence.textContent = describe(now);
  clear.hidden = !now.files.length || sending !== null;
}

function complain(list) {
  problems.replaceChildren(
    ...list.map(({ title, message, fix, file }) => {
      const notice = document.getElementById("upload-problem").content.cloneNode(true);
      notice.querySelector("strong").textContent = file ? `${title}: ${file}.` : `${title}.`;
      notice.querySelector("strong + span").textContent = [message, fix].filter(Boolean).join(" ");
      return notice;
    }),
  );
  problems.hidden = !list.length;
  if (list.length) problems.scrollIntoView({ block: "nearest" });
}

function add(files) {
  if (sending) return;
  complain([]);
  for (const file of files) chosen.set(file.name.toLowerCase(), file);
  input.value = "";
  input.required = false;
  show();
}

function reset() {
  chosen.clear();
  complain([]);
  show();
}

// --- sending ----------------------------------------------------------------------------------------------------

const warn = (event) => event.preventDefault();

function stop(list = []) {
  sending = null;
  window.removeEventListener("beforeunload", warn);
  progress.box.hidden = true;
  complain(list);
  show();
}

function report(event, begun) {
  const seconds = (performance.now() - begun) / 1000;
  const percent = event.total ? Math.floor((100 * event.loaded) / event.total) : 0;
  progress.bar.value = percent;
  progress.amount.textContent =
    event.loaded === event.total
      ? "Uploaded. Checking the files…"
      : `Uploading: ${percent} %, ${size(event.loaded)} of ${size(event.total)}, ${(event.loaded / 1e6 / Math.max(seconds, 0.1)).toFixed(1)} MB/s`;
}

function finish(request) {
  const isJson = (request.getResponseHeader("Content-Type") ?? "").startsWith("application/json");
  const answer = isJson ? JSON.parse(request.responseText) : {};
  if (request.status === 201 && answer.url) {
    window.removeEventListener("beforeunload", warn);
    window.location.assign(answer.url);
    return;
  }
  if (answer.problems) return void stop(answer.problems);
  if (request.status === 403 || request.status === 200) {
    return void stop([{ title: "Not allowed", message: "You may have been signed out, or your role has changed. Nothing was stored.", fix: "Reload the page, sign in and upload again." }]);
  }
  stop([{ title: "The portal could not take the files", message: `It answered with error ${request.status}. Nothing was stored.`, fix: "Try again in a moment; if it comes back, tell the operator of the portal." }]);
}

function upload(files) {
  const data = new FormData();
  data.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  for (const file of files) data.append("files", file, file.name);
  const request = new XMLHttpRequest();
  const begun = performance.now();
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "application/json");
  request.setRequestHeader("X-CSRFToken", form.elements.csrfmiddlewaretoken.value);
  request.upload.addEventListener("progress", (event) => report(event, begun));
  request.addEventListener("load", () => finish(request));
  request.addEventListener("error", () =>
    stop([{ title: "The connection broke", message: "Not all of the files arrived, so nothing was stored.", fix: "Check that the chosen files were not changed meanwhile and that you are online, then upload again." }]),
  );
  request.addEventListener("abort", () => stop([{ title: "Upload cancelled", message: "Nothing was stored.", fix: "" }]));
  sending = request;
  window.addEventListener("beforeunload", warn);
  complain([]);
  progress.bar.value = 0;
  progress.amount.textContent = "Uploading";
  progress.box.hidden = false;
  clear.hidden = true;
  request.send(data);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (sending) return;
  const { files, zips, missing, send } = plan();
  if (!files.length) return void input.click();
  const limit = Number(form.dataset.limitMb) * 1024 * 1024;
  if (zips.length > 1 || missing.length) return void complain([{ title: "Not ready", message: sentence.textContent, fix: "" }]);
  if (limit && total(send) > limit) {
    return void complain([{ title: "Too large", message: `The files are ${size(total(send))} together; this portal takes up to ${form.dataset.limitMb} MB at once.`, fix: "Send them as one OneRoster.zip, which is much smaller." }]);
  }
  upload(send);
});

progress.cancel.addEventListener("click", () => sending?.abort());
clear.addEventListener("click", reset);
input.addEventListener("change", () => add(input.files));

// --- drag and drop ----------------------------------------------------------------------------------------------

for (const type of ["dragenter", "dragover"]) {
  zone.addEventListener(type, (event) => {
    event.preventDefault();
    zone.classList.add("is-over");
  });
}
zone.addEventListener("dragleave", (event) => {
  if (!zone.contains(event.relatedTarget)) zone.classList.remove("is-over");
});
zone.addEventListener("drop", (event) => {
  event.preventDefault();
  zone.classList.remove("is-over");
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.());
  if (entries.some((entry) => entry?.isDirectory)) {
    complain([{ title: "That is a folder", message: "Only files can be dropped here.", fix: "Open the folder and drop the files in it." }]);
    return;
  }
  add(event.dataTransfer.files);
});
// A file that misses the zone must not replace the page.
for (const type of ["dragover", "drop"]) window.addEventListener(type, (event) => event.preventDefault());

input.required = false;
show();
