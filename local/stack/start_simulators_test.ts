import assert from "node:assert/strict";
import { makeEnvironment, type StackEnvironment } from "./environment.ts";
import { loadKeys } from "./keys.ts";
import { Resources } from "./resources.ts";
import { allSimulators, startSimulators } from "./start_simulators.ts";

Deno.test("a stack that starts on another port receives the webhooks of the shops that are connected", async () => {
  const data = await Deno.makeTempDir();
  const start = (port: number) => {
    const resources = new Resources(() => {});
    const url = `http://127.0.0.1:${port}`;
    const env = {
      ...{ TIKTOK_API_URL: `${url}/simulators/tiktok`, TIKTOK_COUNTRY_PARAMETERS: "a,b" },
      ...{ TIKTOK_APP_KEY: "key", TIKTOK_APP_SECRET: "secret" },
      ...{ EASYPOST_API_URL: "https://a.test", STRIPE_API_URL: "https://b.test" },
    } as StackEnvironment;
    const addresses = { url, databaseUrl: "" };
    const { tiktok } = startSimulators({ data, addresses }, env, resources).current;
    assert.ok(tiktok);
    return { resources, state: tiktok.state };
  };
  const times = { eventType: "ORDER_STATUS_CHANGE", createTime: 1, updateTime: 1 };
  const subscription = (shopId: string, address: string) => ({ shopId, address, ...times });
  const own = "http://127.0.0.1:1/functions/v1/tiktok-webhooks";
  const others = ["http://127.0.0.1:1/other", "https://a.test/functions/v1/tiktok-webhooks"];

  const first = start(1);
  [own, ...others].forEach((address, n) =>
    first.state.put("subscriptions", String(n), subscription(String(n), address))
  );
  await first.resources.stop();

  const second = start(2);
  assert.deepEqual(second.state.all("subscriptions").map(({ address }) => address), [
    "http://127.0.0.1:2/functions/v1/tiktok-webhooks",
    ...others,
  ]);
  await second.resources.stop();
  await Deno.remove(data, { recursive: true });
});

Deno.test("a stack whose own addresses are exported into its environment runs its simulators", async () => {
  const data = await Deno.makeTempDir();
  const addresses = { url: "http://127.0.0.1:1", databaseUrl: "" };
  const keys = await loadKeys(data);
  const { EASYPOST_API_URL, STRIPE_API_URL } = makeEnvironment(keys, addresses, {});
  const given = { EASYPOST_API_URL, STRIPE_API_URL };
  const resources = new Resources(() => {});
  const env = makeEnvironment(keys, addresses, given);
  const { current } = startSimulators({ data, addresses }, env, resources);
  assert.deepEqual(allSimulators(current).map(({ name }) => name), [
    "tiktok",
    "easypost",
    "stripe",
  ]);
  await resources.stop();
  await Deno.remove(data, { recursive: true });
});
