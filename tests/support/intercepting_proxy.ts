/** A proxy between the functions and the carriers that loses and changes calls on the wire. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** An answer with its body read. */
export interface WireAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export interface Interception {
  method: string;
  /** Without the carrier's name in front. */
  path: RegExp;
  /**
   * `lose_call`: closes the connection instead of passing the call on. `lose_answer`: closes it after the
   * call was carried out, before a byte of the answer. Otherwise the answer that is returned instead.
   */
  effect: "lose_call" | "lose_answer" | ((answer: WireAnswer) => WireAnswer);
}

export interface InterceptingProxy extends AsyncDisposable {
  /** Carriers are reached under their names: `<url>/easypost/v2`. */
  url: string;
  /** The server of each carrier. */
  carriers: Record<string, (request: Request) => Response | Promise<Response>>;
  /** Intercepts the next call that matches. */
  intercept(interception: Interception): void;
  /** Number of interceptions whose call has not come yet. */
  pending(): number;
}

/** Headers of one connection, or of the body as it was sent. */
const HOP_BY_HOP = new Set(["connection", "content-length", "host", "transfer-encoding"]);

function headersOf(message: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(message.headers).filter(([name]) => !HOP_BY_HOP.has(name))
      .map(([name, value]) => [name, String(value)]),
  );
}

export async function startInterceptingProxy(): Promise<InterceptingProxy> {
  let interceptions: Interception[] = [];
  const carriers: InterceptingProxy["carriers"] = {};

  async function passOn(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = "GET", url = "/" } = request;
    const [, name = "", rest = "/"] = /^\/(\w+)(.*)$/.exec(url) ?? [];
    const [path = ""] = rest.split("?");
    const found = interceptions.find((one) => one.method === method && one.path.test(path));
    interceptions = interceptions.filter((one) => one !== found);
    if (found?.effect === "lose_call") return void request.socket.destroy();
    const body = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
    const response = await carriers[name]?.(
      new Request(`http://${name}${rest}`, {
        method,
        headers: headersOf(request),
        ...(method !== "GET" && { body }),
      }),
    );
    const received: WireAnswer = {
      status: response?.status ?? 404,
      headers: Object.fromEntries(response?.headers ?? []),
      body: await response?.text() ?? "",
    };
    if (found?.effect === "lose_answer") return void request.socket.destroy();
    const changed = typeof found?.effect === "function" ? found.effect(received) : received;
    answer.writeHead(changed.status, changed.headers).end(changed.body);
  }

  const server = createServer((request, answer) => {
    passOn(request, answer).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    carriers,
    intercept: (interception) => interceptions.push(interception),
    pending: () => interceptions.length,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
