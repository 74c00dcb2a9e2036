// Prints what GitHub's language service says about workflow and action files, as JSON.
import { readFileSync } from "node:fs";
import { register } from "node:module";
import { pathToFileURL } from "node:url";

register("./json-modules.mjs", import.meta.url);
const { validate } = await import("@actions/languageservice");
const { TextDocument } = await import("vscode-languageserver-textdocument");

const found = [];
for (const path of process.argv.slice(2)) {
  const language = /action\.ya?ml$/.test(path) ? "github-actions-action" : "github-actions-workflow";
  const text = TextDocument.create(pathToFileURL(path).href, language, 0, readFileSync(path, "utf8"));
  for (const { message, range } of await validate(text)) found.push({ path, line: range.start.line + 1, message });
}
console.log(JSON.stringify(found));
