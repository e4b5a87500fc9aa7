// Writes ../graphiql.js, ../graphiql.css and ../LICENSES.txt; `make graphiql` calls it.
import { readFile, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";

// GraphiQL's sheet embeds two web fonts as data; the system's own fonts show Chinese as well.
const withoutFonts = {
  name: "without-fonts",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path: file }) => ({
      contents: (await readFile(file, "utf8")).replace(/@font-face\s*\{[^}]*\}/g, ""),
      loader: "css",
    }));
  },
};

const { metafile } = await build({
  entryPoints: { graphiql: "entry.jsx" },
  outdir: "..",
  bundle: true,
  minify: true,
  metafile: true,
  format: "iife",
  target: "es2022",
  jsx: "automatic",
  charset: "utf8",
  legalComments: "none", // every licence is in LICENSES.txt, whole
  define: { "process.env.NODE_ENV": '"production"' },
  plugins: [withoutFonts],
});

const folders = new Set();
for (const input of Object.keys(metafile.inputs)) {
  const found = input.match(/^.*node_modules\/(@[^/]+\/[^/]+|[^/]+)/);
  if (found) folders.add(found[0]);
}
const packagesByText = new Map(); // many packages share one text word for word
for (const folder of [...folders].sort()) {
  const { name, version, license } = JSON.parse(
    await readFile(path.join(folder, "package.json"), "utf8"),
  );
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
  const text = file
    ? (await readFile(path.join(folder, file), "utf8")).replace(/\r\n/g, "\n").trim()
    : `(the package holds no licence file; its package.json says ${license})`;
  const title = `${name} ${version} (${license})`;
  packagesByText.set(text, [...(packagesByText.get(text) ?? []), title]);
}
const parts = [...packagesByText].map(([text, titles]) => `${titles.join("\n")}\n\n${text}\n`);
await writeFile(
  "../LICENSES.txt",
  `What graphiql.js and graphiql.css are made of.\n\n${parts.join(`\n${"-".repeat(78)}\n\n`)}`,
);
