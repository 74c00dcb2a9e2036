// Prints what GitHub's language service says about workflow and action files, as JSON.
import { readFileSync } from "node:fs";
import { register } from "node:module";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

register("./json-modules.mjs", import.meta.url);
const { validate } = await import("@actions/languageservice");
const { TextDocument } = await import("vscode-languageserver-textdocument");

// A workflow that a job calls is a file next to the caller's.
const beside = (path) => ({
  getFileContent: async (ref) => {
    const file = join(dirname(path), basename(ref.path));
    return { name: file, content: readFileSync(file, "utf8") };
  },
});

const found = [];
for (const path of process.argv.slice(2)) {
  const language = /action\.ya?ml$/.test(path) ? "github-actions-action" : "github-actions-workflow";
  const text = TextDocument.create(pathToFileURL(path).href, language, 0, readFileSync(path, "utf8"));
  for (const { message, range } of await validate(text, { fileProvider: beside(path) })) found.push({ path, line: range.start.line + 1, message });
}
console.log(JSON.stringify(found));
