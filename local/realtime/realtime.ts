/** `GET /realtime/v1/websocket`: Supabase Realtime for the local stack. It starts with its first client. */
import { identify, type Identity, IdentityError } from "./identity.ts";
import type { ProtocolVersion } from "./frames.ts";
import type { RealtimeOptions, RealtimeServer } from "./server.ts";

export interface Realtime {
  fetch(request: Request): Promise<Response>;
  /** Disconnects the clients; later ones are refused. */
  stop(): Promise<void>;
}

/** Seconds without an answer to a ping. */
const IDLE_S = 60;

function refuse(status: number, error: string): Response {
  return Response.json({ error }, {
    status,
    headers: { "access-control-allow-origin": "*" },
  });
}

export function createRealtime(options: RealtimeOptions): Realtime {
  let server: Promise<RealtimeServer> | undefined;
  let isStopped = false;

  function identifyKey(request: Request): Identity | Response {
    const { searchParams } = new URL(request.url);
    const key = request.headers.get("x-api-key") ?? searchParams.get("apikey");
    if (!key) return refuse(401, "API key is missing");
    try {
      return identify(key, options.jwtCheck, Date.now());
    } catch (error) {
      if (!(error instanceof IdentityError)) throw error;
      return refuse(401, error.message.replace(/^\w+: /, ""));
    }
  }

  return {
    async fetch(request) {
      if (isStopped) return refuse(503, "The stack stops");
      if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
        return refuse(426, "Connect with a websocket, such as that of supabase-js");
      }
      const identity = identifyKey(request);
      if (identity instanceof Response) return identity;
      const requested = new URL(request.url).searchParams.get("vsn") ?? "1.0.0";
      if (requested !== "1.0.0" && requested !== "2.0.0") {
        return refuse(403, `The protocol version ${requested} is unknown`);
      }
      const version: ProtocolVersion = requested;
      server ??= import("./server.ts").then(({ createServer }) => createServer(options));
      const { accept } = await server;
      const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: IDLE_S });
      accept(socket, version, identity);
      return response;
    },
    async stop() {
      isStopped = true;
      await (await server)?.stop();
    },
  };
}
