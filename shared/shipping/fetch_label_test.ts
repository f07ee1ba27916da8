import assert from "node:assert/strict";
import { type Script, scriptLabels } from "../../tests/support/label_dependencies.ts";
import {
  LABEL,
  labelErrorOf,
  PURCHASE_ID,
  purchaseForWorker,
  refusalOf,
  shipmentOf,
} from "../../tests/support/purchases.ts";
import { LabelError } from "./errors.ts";
import { fetchLabel, getLabelLink, hasLiveLink } from "./fetch_label.ts";

const NOW = Date.parse("2026-10-01T12:00:00Z");

Deno.test("a link is live while more than an hour is left to open it, or if it never expires", () => {
  const live = (label_expires_at: string | null, label_url: string | null = "https://x/") =>
    hasLiveLink(shipmentOf({ label_url, label_expires_at }), NOW);
  assert.equal(live(null), true);
  assert.equal(live("2026-10-01T13:00:00.001Z"), true);
  assert.equal(live("2026-10-01T13:00:00Z"), false);
  assert.equal(live("2026-10-01 15:00:00.5+02"), true, "as Postgres writes it");
  assert.equal(live("2026-10-01 15:00:00+02"), false);
  assert.equal(live("2026-10-01T11:00:00Z"), false);
  assert.equal(live("2026-10-02T12:00:00Z", null), false);
  assert.equal(live(null, null), false);
  assert.equal(live("soon"), false);
});

Deno.test("fetchLabel() reads the label from the provider and stores it", async () => {
  for (const state of ["purchased", "void_requested", "void_rejected"]) {
    const { dependencies, calls } = scriptLabels({ stored: purchaseForWorker({ state }) });
    assert.equal((await fetchLabel(dependencies, PURCHASE_ID)).label_url, LABEL.label_url);
    assert.deepEqual(calls, ["getForWorker", "label", "storeDocument"]);
  }
});

Deno.test("a label that was not bought, was voided or was deleted is not read", async () => {
  const states = ["requested", "purchasing", "unknown", "failed", "voided"];
  const stored = [undefined, ...states.map((state) => purchaseForWorker({ state }))];
  for (const purchase of stored) {
    const { dependencies, calls } = scriptLabels({ stored: purchase });
    const fetched = fetchLabel(dependencies, PURCHASE_ID);
    assert.deepEqual(await refusalOf(fetched), ["not_purchased", "no"]);
    assert.deepEqual(calls, ["getForWorker"]);
  }
});

Deno.test("a label that is not ready changes nothing that is stored", async () => {
  const script = {
    stored: purchaseForWorker({ state: "purchased" }),
    label: new LabelError("label_not_ready"),
  };
  const { dependencies, calls } = scriptLabels(script);
  const fetched = fetchLabel(dependencies, PURCHASE_ID);
  assert.deepEqual(await refusalOf(fetched), ["label_not_ready", "no"]);
  assert.deepEqual(calls, ["getForWorker", "label"]);
});

const LIVE = {
  state: "purchased" as const,
  label_url: "https://labels.example/stored.pdf",
};
const EXPIRED = { ...LIVE, label_expires_at: "2020-01-01T00:00:00Z" };

/** The link of a stored shipment, and the calls that reading it made. */
function readLink(shipment: Parameters<typeof shipmentOf>[0], script: Partial<Script> = {}) {
  const stored = purchaseForWorker({ state: "purchased", shipment: shipmentOf(shipment) });
  const { dependencies, calls } = scriptLabels({ stored, ...script });
  return { link: getLabelLink(dependencies, "u", PURCHASE_ID), calls };
}

Deno.test("getLabelLink() returns a live link in the wanted format without calling the provider", async () => {
  const { link, calls } = readLink(LIVE);
  assert.deepEqual(await link, {
    label_url: LIVE.label_url,
    label_format: "PDF",
    label_expires_at: null,
    tracking_number: "9400",
  });
  assert.deepEqual(calls, ["get"]);
});

Deno.test("getLabelLink() reads an expired link, or one in another format, from the provider", async () => {
  for (const shipment of [EXPIRED, { ...LIVE, label_format: "PNG" as const }]) {
    const { link, calls } = readLink(shipment);
    assert.equal((await link).label_url, LABEL.label_url);
    assert.deepEqual(calls, ["get", "getForWorker", "label", "storeDocument"]);
  }
});

Deno.test("a link in another format is better than none while the provider fails", async () => {
  const script = { label: new LabelError("carrier_busy") };
  const { link } = readLink({ ...LIVE, label_format: "PNG" }, script);
  assert.deepEqual([(await link).label_url, (await link).label_format], [LIVE.label_url, "PNG"]);
});

Deno.test("an unreachable provider makes the label unavailable; other failures keep their code", async () => {
  for (const code of ["carrier_unavailable", "tiktok_unavailable", "carrier_busy"] as const) {
    const label = new LabelError(code, { retryAfterSeconds: 7 });
    const { link } = readLink(EXPIRED, { label });
    const error = await labelErrorOf(link);
    assert.deepEqual([error.code, error.retryAfterSeconds], ["label_unavailable", 7]);
  }
  for (const code of ["label_not_ready", "label_gone", "shop_not_connected"] as const) {
    const { link } = readLink(EXPIRED, { label: new LabelError(code) });
    assert.deepEqual(await refusalOf(link), [code, "no"]);
  }
});

Deno.test("a voided label has no link", async () => {
  const { link, calls } = readLink({ ...LIVE, state: "voided" });
  assert.deepEqual(await refusalOf(link), ["label_voided", "no"]);
  assert.deepEqual(calls, ["get"]);
});
