/** Whatever answers in place of a function, the typed client returns a problem with a code. */
import assert from "node:assert/strict";
import { AuthRetryableFetchError, createClient as createSupabase } from "@supabase/supabase-js";
import { createApi, createCreatorFlow, type Database } from "../../client/src/index.ts";

const URL_OF_PROJECT = "http://project.test";

type Answer = (request: Request) => Response | Promise<Response>;

function createClient(answer: Answer, url = URL_OF_PROJECT) {
  return createCreatorFlow({
    url,
    publishableKey: "sb_publishable_test",
    auth: { persistSession: false, autoRefreshToken: false },
    fetch: async (input, init) => await answer(new Request(input, init)),
  });
}

/** What a caller reads of a call that `answer` answers. */
async function listShops(answer: Answer) {
  const { data, error, response } = await createClient(answer).api.GET("/tiktok-oauth/shops");
  assert.equal(data, undefined);
  return { code: error?.code, status: error?.status, response: response.status };
}

const html = { "content-type": "text/html" };
const NO_ANSWER = { code: "no_answer", status: 503, response: 503 };

Deno.test("an error answer that is not the function's own is the problem unexpected_answer", async () => {
  const answers = [
    new Response(null, { status: 502, headers: { "content-length": "0" } }),
    new Response(null, { status: 502 }),
    new Response("<html>Bad gateway</html>", { status: 502, headers: html }),
    Response.json({ code: "BOOT_ERROR", message: "Worker failed to boot" }, { status: 502 }),
    // A page in front of the network, such as a hotel's.
    new Response("<html>Sign in to the Wi-Fi</html>", { headers: html }),
    new Response("Sign in to the Wi-Fi"),
    new Response("<html>Sign in to the Wi-Fi</html>", {
      headers: { "content-type": "application/json" },
    }),
  ];
  for (const answer of answers) {
    const expected = { code: "unexpected_answer", status: 502, response: 502 };
    assert.deepEqual(await listShops(() => answer), expected);
  }
});

Deno.test("the header Retry-After of an unexpected answer is kept", async () => {
  const { api } = createClient(() =>
    new Response("busy", { status: 429, headers: { "retry-after": "7" } })
  );
  const { error, response } = await api.GET("/tiktok-oauth/shops");
  assert.deepEqual([error?.code, error?.status], ["unexpected_answer", 429]);
  assert.equal(response.headers.get("retry-after"), "7");
});

Deno.test("no answer, and one that breaks off, are the problem no_answer", async () => {
  const refused = () => Promise.reject(new TypeError("fetch failed"));
  const broken = () =>
    new Response(
      new ReadableStream({ start: (controller) => controller.error(new TypeError("broken")) }),
      { headers: { "content-type": "application/json" } },
    );
  assert.deepEqual(await listShops(refused), NO_ANSWER);
  assert.deepEqual(await listShops(broken), NO_ANSWER);
});

Deno.test("without an answer to the renewal of an expired session, no function is called", async () => {
  let calls = 0;
  const { api, supabase } = createClient(() => {
    calls++;
    return Response.json({ shops: [] });
  });
  const error = new AuthRetryableFetchError("fetch failed", 0);
  supabase.auth.getSession = () => Promise.resolve({ data: { session: null }, error });
  assert.equal((await api.GET("/tiktok-oauth/shops")).error?.code, "no_answer");
  assert.equal(calls, 0);
});

Deno.test("a call that its caller aborts rejects with the caller's reason", async () => {
  const { api } = createClient((request) => {
    request.signal.throwIfAborted();
    return Response.json({ shops: [] });
  });
  const reason = new Error("page left");
  await assert.rejects(
    () => api.GET("/tiktok-oauth/shops", { signal: AbortSignal.abort(reason) }),
    reason,
  );
});

Deno.test("a function's own answers pass unchanged: problems, files and none (204)", async () => {
  const problem = {
    type: "about:blank",
    title: "Not Found",
    status: 404,
    detail: "No such order.",
  };
  const missing = { ...problem, code: "order_not_found", request_id: "1" };
  const { error } = await createClient(() =>
    Response.json(missing, { status: 404, headers: { "content-type": "application/problem+json" } })
  ).api.GET("/shipments/{id}", { params: { path: { id: "1" } } });
  assert.deepEqual(error, missing);
  const file = await createClient(() =>
    new Response("a,b", { headers: { "content-type": "application/octet-stream" } })
  ).api.GET("/account/orders.csv", {
    params: { query: { from: "2026-11-01", to: "2026-11-30" } },
    parseAs: "text",
  });
  assert.equal(file.data, "a,b");
  const empty = createClient(() => new Response(null, { status: 204 }));
  const deleted = await empty.api.DELETE("/account", { body: { email: "ada@example.com" } });
  assert.deepEqual([deleted.error, deleted.response.status], [undefined, 204]);
});

Deno.test("an address of a project may end in a slash", async () => {
  const addresses: string[] = [];
  const { api } = createClient((request) => {
    addresses.push(request.url);
    return Response.json({ shops: [] });
  }, `${URL_OF_PROJECT}/`);
  await api.GET("/tiktok-oauth/shops");
  assert.deepEqual(addresses, [`${URL_OF_PROJECT}/functions/v1/tiktok-oauth/shops`]);
});

Deno.test("an app's own supabase-js client gives the functions its session", async () => {
  const sent: (string | null)[] = [];
  const supabase = createSupabase<Database>(URL_OF_PROJECT, "sb_publishable_test", {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const session = { access_token: "of-this-request" };
  supabase.auth.getSession = () => Promise.resolve({ data: { session }, error: null } as never);
  const api = createApi(supabase, {
    url: URL_OF_PROJECT,
    fetch: (input, init) => {
      sent.push(new Request(input, init).headers.get("authorization"));
      return Promise.resolve(Response.json({ shops: [] }));
    },
  });
  assert.deepEqual((await api.GET("/tiktok-oauth/shops")).data, { shops: [] });
  assert.deepEqual(sent, ["Bearer of-this-request"]);
});
