/** Stands between the functions and the carriers, and does to their answers what only a wire can. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** An answer with its body read. */
export interface WireAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export interface Meddling {
  method: string;
  /** Without the carrier's name in front. */
  path: RegExp;
  /**
   * `unheard`: the connection is closed before the call is passed on. `unanswered`: it is closed when the
   * call is worked and before a byte of the answer. Else what is answered instead.
   */
  how: "unheard" | "unanswered" | ((answer: WireAnswer) => WireAnswer);
}

export interface Meddler extends AsyncDisposable {
  /** Carriers are reached under their names: `<url>/easypost/v2`. */
  url: string;
  /** Who answers for each carrier. */
  carriers: Record<string, (request: Request) => Response | Promise<Response>>;
  /** Meddles with the next call that it is about. */
  meddle(meddling: Meddling): void;
  /** How many meddlings still wait for their call. */
  waiting(): number;
}

/** Headers of one connection, or of the body as it was sent. */
const OWN = new Set(["connection", "content-length", "host", "transfer-encoding"]);

function headersOf(message: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(message.headers).filter(([name]) => !OWN.has(name))
      .map(([name, value]) => [name, String(value)]),
  );
}

export async function startMeddler(): Promise<Meddler> {
  let meddlings: Meddling[] = [];
  const carriers: Meddler["carriers"] = {};

  async function pass(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = "GET", url = "/" } = request;
    const [, name = "", rest = "/"] = /^\/(\w+)(.*)$/.exec(url) ?? [];
    const [path = ""] = rest.split("?");
    const found = meddlings.find((one) => one.method === method && one.path.test(path));
    meddlings = meddlings.filter((one) => one !== found);
    if (found?.how === "unheard") return void request.socket.destroy();
    const body = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
    const response = await carriers[name]?.(
      new Request(`http://${name}${rest}`, {
        method,
        headers: headersOf(request),
        ...(method !== "GET" && { body }),
      }),
    );
    const heard: WireAnswer = {
      status: response?.status ?? 404,
      headers: Object.fromEntries(response?.headers ?? []),
      body: await response?.text() ?? "",
    };
    if (found?.how === "unanswered") return void request.socket.destroy();
    const changed = typeof found?.how === "function" ? found.how(heard) : heard;
    answer.writeHead(changed.status, changed.headers).end(changed.body);
  }

  const server = createServer((request, answer) => {
    pass(request, answer).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    carriers,
    meddle: (meddling) => meddlings.push(meddling),
    waiting: () => meddlings.length,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
