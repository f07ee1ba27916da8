/** A thread that answers Get Order Detail as TikTok does, after a delay; it takes no CPU from the worker's thread. */
import { makeOrder } from "../../local/simulators/tiktok/orders.ts";

let delayMs = 0;

const thread = globalThis as unknown as {
  onmessage: (message: MessageEvent<number>) => void;
  postMessage(value: number): void;
};
thread.onmessage = ({ data }) => {
  delayMs = data;
  thread.postMessage(data);
};

const server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: () => {} },
  async (request) => {
    const ids = new URL(request.url).searchParams.get("ids")?.split(",") ?? [];
    const seconds = Math.floor(Date.now() / 1000);
    const orders = ids.map((orderId) => makeOrder({ shopId: "", orderId }, seconds).detail);
    const body = JSON.stringify({ code: 0, message: "Success", data: { orders }, request_id: "1" });
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    return new Response(body, { headers: { "content-type": "application/json" } });
  },
);
thread.postMessage(server.addr.port);
