import assert from "node:assert/strict";
import { showApp } from "./app_page.ts";

interface Submit {
  preventDefault(): void;
  submitter: unknown;
}

/** Runs the page's script with a claim in the address; `submit` presses a button of the form. */
function openPage(html: string, answers: unknown[]) {
  const script = /<script nonce="[^"]+">([^]*)<\/script>/.exec(html)?.[1] ?? "";
  const result = { textContent: "" };
  let onSubmit: (event: Submit) => Promise<void> = () => Promise.reject(new Error("no listener"));
  const elements = { token: { value: " a-token " }, confirm: { disabled: true }, show: {} };
  const form = {
    elements,
    dataset: { functions: /data-functions="([^"]*)"/.exec(html)?.[1] },
    addEventListener: (_: string, listener: typeof onSubmit) => onSubmit = listener,
  };
  const addresses: string[] = [];
  const calls: unknown[] = [];
  const globals = {
    location: { hash: "#claim=v1.k.iv.text", pathname: "/app", search: "?status=confirm" },
    history: { replaceState: (_: null, __: string, address: string) => addresses.push(address) },
    document: { querySelector: (name: string) => name === "form" ? form : result },
    fetch: (url: string, { body, headers }: { body: string; headers: Record<string, string> }) => {
      calls.push([url, headers.authorization, JSON.parse(body)]);
      return Promise.resolve(Response.json(answers.shift()));
    },
  };
  new Function(...Object.keys(globals), script)(...Object.values(globals));
  const submit = (button: "show" | "confirm") =>
    onSubmit({ preventDefault() {}, submitter: elements[button] });
  return { submit, elements, result, addresses, calls };
}

Deno.test("the page takes the claim out of the address, shows the shops, and connects on the second button", async () => {
  const response = showApp(new Request("http://localhost/app?status=confirm"));
  const shop = { shop_id: "749", shop_name: "Ferns", region: "GB" };
  const page = openPage(await response.text(), [
    { status: "unconfirmed", shops: [shop] },
    { status: "connected", shops: [{ id: "1", shop_id: "749" }] },
  ]);
  assert.deepEqual(page.addresses, ["/app?status=confirm"]);

  await page.submit("show");
  assert.match(page.result.textContent, /would be connected:\nFerns GB 749/);
  assert.equal(page.elements.confirm.disabled, false);
  await page.submit("confirm");
  assert.match(page.result.textContent, /The TikTok shop is connected/);

  const url = "/functions/v1/tiktok-oauth/complete";
  const claim = "v1.k.iv.text";
  assert.deepEqual(page.calls, [
    [url, "Bearer a-token", { claim }],
    [url, "Bearer a-token", { claim, confirm: true }],
  ]);
});

Deno.test("the page shows a refusal, and does not offer to connect", async () => {
  const response = showApp(new Request("http://localhost/app?status=confirm"));
  const page = openPage(await response.text(), [
    { code: "state_of_another_user", detail: "Nothing was connected." },
  ]);
  await page.submit("show");
  assert.equal(page.result.textContent, "state_of_another_user: Nothing was connected.");
  assert.equal(page.elements.confirm.disabled, true);
});

Deno.test("parameters are shown as text, and the page may call the functions alone", async () => {
  const address = "http://localhost/app?status=failed&code=%3Cscript%3E";
  const response = showApp(new Request(address), "http://127.0.0.1:54321/functions/v1");
  const policy = response.headers.get("content-security-policy") ?? "";
  assert.match(policy, /^default-src 'none'; .*connect-src http:\/\/127\.0\.0\.1:54321$/);
  const html = await response.text();
  assert.ok(!html.includes("<script>") && html.includes("code: &#60;script&#62;"));
  assert.ok(!html.includes("<form"));
});
