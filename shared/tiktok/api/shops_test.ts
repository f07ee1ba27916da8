import assert from "node:assert/strict";
import { withClient } from "../../../tests/support/tiktok_client.ts";
import { getAuthorizedShops } from "./shops.ts";

Deno.test("getAuthorizedShops() accepts ids that are numbers above 2^53, and unknown fields", async () => {
  const shop =
    '{"id":7495540735365777507,"cipher":"c","name":null,"seller_type":"LOCAL","later":{}}';
  await withClient(
    () => new Response(`{"code":0,"data":{"shops":[${shop}],"later":1},"later":2}`),
    async (client) => {
      const { read: [found, ...more] } = await getAuthorizedShops(client, "TTP_token");
      assert.deepEqual([found?.id, found?.cipher, more], ["7495540735365777507", "c", []]);
    },
  );
});
