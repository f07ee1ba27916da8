/** A process that calls a webhook again and again, and the CPU that it takes. */
import { fileURLToPath } from "node:url";
import { cpuMs } from "./cpu.ts";

export interface WebhookProcess extends AsyncDisposable {
  pid: number;
  /** CPU milliseconds of the requests. @throws {Error} unless each is answered 200. */
  send(requests: { url: string; init: RequestInit }[]): Promise<number>;
}

const CALLER = fileURLToPath(new URL("./webhook_caller.ts", import.meta.url));

/** The lines that begin with `@`, one by one; the others are the log of the webhook. */
async function* answersOf(output: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let text = "";
  for await (const chunk of output.pipeThrough(new TextDecoderStream())) {
    const lines = (text + chunk).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) if (line.startsWith("@")) yield line.slice(1);
  }
}

/**
 * @param path File of the bundle.
 * @param deno Path of the binary.
 */
export async function startWebhookProcess(
  path: string,
  variables: Record<string, string>,
  deno: string,
): Promise<WebhookProcess> {
  const process = new Deno.Command(deno, {
    args: [
      "run",
      "--quiet",
      "--no-config",
      "--no-lock",
      "--no-npm",
      "--no-check",
      // As on the platform: see local/deploy/hosted_function.ts.
      "--no-code-cache",
      "-A",
      CALLER,
      path,
    ],
    env: variables,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const input = process.stdin.getWriter();
  const answers = answersOf(process.stdout);
  const next = async () => {
    const { done, value } = await answers.next();
    if (done) throw new Error(`${path}: the process has ended`);
    return value;
  };
  const call = async (value: unknown) => {
    await input.write(new TextEncoder().encode(JSON.stringify(value) + "\n"));
    return await next();
  };
  await next();
  return {
    pid: process.pid,
    async send(requests) {
      await call(requests);
      const before = await cpuMs(process.pid);
      const statuses = await call(null);
      const after = await cpuMs(process.pid);
      if (statuses !== "200") throw new Error(`${path}: answered ${statuses}`);
      return after - before;
    },
    async [Symbol.asyncDispose]() {
      await input.close();
      for await (const _ of answers) { /* the rest of the log */ }
      await process.status;
    },
  };
}
