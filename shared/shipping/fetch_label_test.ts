import assert from "node:assert/strict";
import { LABEL, labelWorld, shipmentOf, workersPurchase } from "../../tests/support/label_world.ts";
import { refusalOf } from "../../tests/support/label_errors.ts";
import { PURCHASE_ID } from "../../tests/support/purchases.ts";
import { parseKeyRing } from "../crypto/key_ring.ts";
import { LabelError } from "./errors.ts";
import { fetchLabel, hasLiveLink } from "./fetch_label.ts";

const NOW = Date.parse("2026-10-01T12:00:00Z");
const ACCESS = { keys: await parseKeyRing(`k1:${btoa("k".repeat(32))}`) };

Deno.test("a link lives while there is more than an hour left to open it, or has no end", () => {
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

Deno.test("fetchLabel() asks the provider and keeps what it says", async () => {
  for (const state of ["purchased", "void_requested", "void_rejected"]) {
    const { dependencies, done } = labelWorld({ stored: workersPurchase({ state }) }, ACCESS);
    assert.equal((await fetchLabel(dependencies, PURCHASE_ID)).label_url, LABEL.label_url);
    assert.deepEqual(done, ["forWorker", "label", "storeDocument"]);
  }
});

Deno.test("a label that was not bought, was voided or is gone is not asked for", async () => {
  const states = ["requested", "purchasing", "unknown", "failed", "voided"];
  const stored = [undefined, ...states.map((state) => workersPurchase({ state }))];
  for (const purchase of stored) {
    const { dependencies, done } = labelWorld({ stored: purchase }, ACCESS);
    const fetched = fetchLabel(dependencies, PURCHASE_ID);
    assert.deepEqual(await refusalOf(fetched), ["not_purchased", "no"]);
    assert.deepEqual(done, ["forWorker"]);
  }
});

Deno.test("a label that is not ready leaves what is stored alone", async () => {
  const script = {
    stored: workersPurchase({ state: "purchased" }),
    label: new LabelError("label_not_ready"),
  };
  const { dependencies, done } = labelWorld(script, ACCESS);
  const fetched = fetchLabel(dependencies, PURCHASE_ID);
  assert.deepEqual(await refusalOf(fetched), ["label_not_ready", "no"]);
  assert.deepEqual(done, ["forWorker", "label"]);
});
