// Reads a JSON list of Mermaid charts from stdin and prints what Mermaid's own parser says of each, one a line.
import { JSDOM } from "jsdom";

const { window } = new JSDOM("<!doctype html>");
globalThis.window = window;
globalThis.document = window.document;
const { default: mermaid } = await import("mermaid");

let text = "";
for await (const chunk of process.stdin) text += chunk;
for (const chart of JSON.parse(text)) {
  try {
    const { diagramType } = await mermaid.parse(chart);
    console.log(JSON.stringify({ kind: diagramType }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error.message ?? error) }));
  }
}
