// Evaluates GitHub expressions, one JSON request per line, with GitHub's own parser and evaluator.
import { createInterface } from "node:readline";
import { data, Evaluator, Lexer, Parser } from "@actions/expressions";

const STATUS = ["always", "success", "failure", "cancelled"];

function usesStatus(tokens) {
  return tokens.some((token, i) => STATUS.includes(token.lexeme.toLowerCase()) && tokens[i + 1]?.lexeme === "(");
}

function evaluate({ expression, contexts, functions }) {
  const { tokens } = new Lexer(expression).lex();
  const known = Object.entries(functions).map(([name, value]) => ({
    name,
    minArgs: 0,
    maxArgs: 255,
    call: () => JSON.parse(JSON.stringify(value), data.reviver),
  }));
  const tree = new Parser(tokens, Object.keys(contexts), known).parse();
  const values = JSON.parse(JSON.stringify(contexts), data.reviver);
  const result = new Evaluator(tree, values, new Map(known.map((f) => [f.name.toLowerCase(), f]))).evaluate();
  return { value: JSON.parse(JSON.stringify(result, data.replacer)), text: result.coerceString(), status: usesStatus(tokens) };
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = evaluate(JSON.parse(line));
  } catch (error) {
    answer = { error: `${error.message ?? error}` };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
