/** The commands of a page in docs/runbooks, and what the page says that they print. */
import assert from "node:assert/strict";
import { ROOT } from "./pages.ts";

export interface Block {
  heading: string;
  script: string;
  /** `start`: it runs in the terminal of the stack, which has none of the page's variables. */
  info: string;
  /** Lines of the output, in their order; `...` stands for any text. */
  output: string[];
}

/** A heading, or a block with its language, its word after that, and its content. */
const PART = /^#+ ([^\n]+)$|^```(\w*) ?(\w*)\n(.*?)^```$/gms;

/** The `sh` blocks of a page, each with the `text` block after it. */
export function readBlocks(text: string): Block[] {
  const blocks: Block[] = [];
  let heading = "";
  for (const [, title, language, info = "", content = ""] of text.matchAll(PART)) {
    const last = blocks.at(-1);
    if (title !== undefined) heading = title;
    else if (language === "sh") blocks.push({ heading, script: content, info, output: [] });
    else if (language === "text" && last) last.output = content.trim().split("\n");
  }
  return blocks;
}

export async function readRunbook(name: string): Promise<Block[]> {
  const text = await Deno.readTextFile(new URL(`docs/runbooks/${name}.md`, ROOT));
  return readBlocks(text);
}

function patternOf(line: string): RegExp {
  const parts = line.trim().split(/\s*\.\.\.\s*/).map((part) =>
    part.split(/\s+/).map((word) => RegExp.escape(word)).join("\\s+")
  );
  return new RegExp(`^\\s*${parts.join(".*")}\\s*$`);
}

/** Asserts that the output has the promised lines, in their order, among others. */
export function assertPromised(printed: string, promised: readonly string[], what: string): void {
  const lines = printed.split("\n");
  for (const line of promised) {
    const pattern = patternOf(line);
    const at = lines.findIndex((candidate) => pattern.test(candidate));
    assert.ok(at >= 0, `${what}\nshould print: ${line}\nbut printed:\n${printed}`);
    lines.splice(0, at + 1);
  }
}
