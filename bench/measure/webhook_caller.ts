/**
 * Calls the webhook in the file of its first argument, without a server: `deno run webhook_caller.ts <file>`.
 * Reads lines of JSON: an array of requests is kept, `null` sends what was kept, 16 at a time; prints
 * `@<statuses>` after each line. Also runs on the hosted version of Deno.
 */

interface Kept {
  url: string;
  init: RequestInit;
}

const AT_ONCE = 16;

const active = new Set<Promise<unknown>>();
Object.assign(globalThis, {
  EdgeRuntime: {
    waitUntil(promise: Promise<unknown>) {
      const tracked: Promise<unknown> = promise.finally(() => active.delete(tracked));
      active.add(tracked);
    },
  },
});

const { default: handler } = await import(`file://${Deno.args[0]}`) as {
  default: { fetch(request: Request): Promise<Response> };
};

let kept: Request[] = [];

async function sendKept(): Promise<number[]> {
  const statuses = new Set<number>();
  for (let n = 0; n < kept.length; n += AT_ONCE) {
    const responses = await Promise.all(
      kept.slice(n, n + AT_ONCE).map((request) => handler.fetch(request)),
    );
    for (const response of responses) {
      statuses.add(response.status);
      await response.body?.cancel();
    }
  }
  while (active.size > 0) await Promise.all(active);
  return [...statuses];
}

const print = (text: string) => Deno.stdout.write(new TextEncoder().encode(`\n${text}\n`));
await print("@");

let text = "";
for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  text += chunk;
  for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
    const line = JSON.parse(text.slice(0, end)) as Kept[] | null;
    text = text.slice(end + 1);
    if (line === null) await print(`@${await sendKept()}`);
    else {
      kept = line.map(({ url, init }) => new Request(url, init));
      await print("@");
    }
  }
}
Deno.exit(0);
