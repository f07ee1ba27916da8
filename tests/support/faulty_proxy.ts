/** A proxy between a worker and its database that loses calls or their answers, as a crash does. */

export interface FaultyProxy extends AsyncDisposable {
  url: string;
  /** Loses the next calls before they are carried out, or their answers afterwards. */
  lose(calls: number, what: "call" | "answer"): void;
}

export function startFaultyProxy(target: string): FaultyProxy {
  const losses: ("call" | "answer")[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const { pathname, search } = new URL(request.url);
      const loss = losses.shift();
      const body = await request.bytes();
      const lost = () => new Response(null, { status: 502 });
      if (loss === "call") return lost();
      const { method, headers } = request;
      const hasBody = method !== "GET" && method !== "HEAD";
      const response = await fetch(`${target}${pathname}${search}`, {
        method,
        headers,
        ...(hasBody && { body }),
      });
      if (loss === undefined) return response;
      await response.body?.cancel();
      return lost();
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    lose(calls, what) {
      losses.push(...Array<typeof what>(calls).fill(what));
    },
    async [Symbol.asyncDispose]() {
      await server.shutdown();
    },
  };
}
