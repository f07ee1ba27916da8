/** Small servers for tests, each on its own port, that record their requests. */

/** A recorded request. */
export interface Seen {
  method: string;
  url: URL;
  headers: Headers;
  body: string;
}

export type Answer = (request: Seen) => Response | Promise<Response>;

export async function withServer(
  answer: Answer,
  use: (url: string, requests: Seen[]) => Promise<void>,
): Promise<void> {
  const requests: Seen[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const { method, url, headers } = request;
      const seen = {
        method,
        url: new URL(url),
        headers: new Headers(headers),
        body: await request.text(),
      };
      requests.push(seen);
      return await answer(seen);
    },
  );
  try {
    await use(`http://127.0.0.1:${server.addr.port}`, requests);
  } finally {
    await server.shutdown();
  }
}

/** A server that reads a request, sends `answer` if given, and closes. `seen` counts the requests. */
export async function withRudeServer(
  use: (url: string, seen: () => number) => Promise<void>,
  answer = "",
): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let seen = 0;
  const serving = (async () => {
    for await (const connection of listener) {
      if (await connection.read(new Uint8Array(65_536)) !== null) {
        seen++;
        if (answer !== "") await connection.write(new TextEncoder().encode(answer));
      }
      connection.close();
    }
  })();
  try {
    await use(`http://127.0.0.1:${listener.addr.port}`, () => seen);
  } finally {
    listener.close();
    await serving;
  }
}

/** A server that never answers. */
export async function withSilentServer(
  use: (url: string, requests: Seen[]) => Promise<void>,
): Promise<void> {
  const end = Promise.withResolvers<Response>();
  await withServer(() => end.promise, async (url, requests) => {
    try {
      await use(url, requests);
    } finally {
      end.resolve(new Response());
    }
  });
}
