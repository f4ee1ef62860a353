// Copies the few distributed files the portal serves, with their licences, to static/vendor/<name>-<version>/,
// what only tests need to tests/vendor/ in the same way, draws static/icons.svg from icons.json, and writes SHA256SUMS in both.
// Run by hand after a version change in package.json: `npm ci && npm run vendor`. Running the portal needs no Node.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const here = import.meta.dirname;
const served = join(here, "..", "static", "vendor");
const forTests = join(here, "..", "tests", "vendor");
const packages = {
  bootstrap: {
    from: "bootstrap",
    files: { "dist/css/bootstrap.min.css": "bootstrap.min.css", "dist/js/bootstrap.bundle.min.js": "bootstrap.bundle.min.js", LICENSE: "LICENSE" },
  },
  inter: {
    from: "@fontsource-variable/inter",
    files: {
      "files/inter-latin-wght-normal.woff2": "inter-latin-wght-normal.woff2",
      "files/inter-latin-ext-wght-normal.woff2": "inter-latin-ext-wght-normal.woff2",
      LICENSE: "LICENSE",
    },
  },
  "bootstrap-icons": { from: "bootstrap-icons", files: { LICENSE: "LICENSE" } },
  "axe-core": { from: "axe-core", files: { "axe.min.js": "axe.min.js", LICENSE: "LICENSE" }, target: forTests },
};

const read = (...parts) => readFileSync(join(here, "node_modules", ...parts));

// The source maps stay behind, and a hashing static storage refuses a reference to a file that is not there.
const withoutSourceMap = (name, content) =>
  /\.(css|js)$/.test(name) ? Buffer.from(content.toString("utf8").replace(/\n?\/[/*]# sourceMappingURL=[^\n]*\n?$/, "\n")) : content;

function copyPackages() {
  for (const folder of [served, forTests]) rmSync(folder, { recursive: true, force: true });
  for (const [name, { from, files, target = served }] of Object.entries(packages)) {
    const { version } = JSON.parse(read(from, "package.json"));
    for (const [source, copy] of Object.entries(files)) {
      const path = join(target, `${name}-${version}`, copy);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, withoutSourceMap(copy, read(from, source)));
    }
  }
}

function drawSprite() {
  const icons = JSON.parse(readFileSync(join(here, "icons.json"), "utf8"));
  const symbols = Object.entries(icons).sort().map(([name, icon]) => {
    const svg = icon.startsWith("<") ? `<svg>${icon}</svg>` : read("bootstrap-icons", "icons", `${icon}.svg`).toString("utf8");
    const body = svg.replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "").replace(/\n\s*/g, "");
    return `<symbol id="${name}" viewBox="0 0 16 16" fill="currentColor">${body}</symbol>`;
  });
  const comment = "<!-- Bootstrap Icons, MIT licence: static/vendor/bootstrap-icons-*/LICENSE. Drawn by frontend/vendor.mjs. -->";
  writeFileSync(join(here, "..", "static", "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">${comment}\n${symbols.join("\n")}\n</svg>\n`);
}

function writeSums(target) {
  const paths = readdirSync(target, { recursive: true }).map((name) => join(target, name)).filter((path) => statSync(path).isFile());
  const lines = paths.sort().map((path) => `${createHash("sha256").update(readFileSync(path)).digest("hex")}  ${relative(target, path)}`);
  writeFileSync(join(target, "SHA256SUMS"), `${lines.join("\n")}\n`);
}

copyPackages();
drawSprite();
writeSums(served);
writeSums(forTests);
