import assert from "node:assert/strict";
import { readReported } from "../../../tests/support/reported.ts";
import { namedOrders, noticeOf } from "./order_notices.ts";

const refundOf = (fields: Record<string, unknown>, line: Record<string, unknown> = {}) =>
  namedOrders("REFUND_SUCCESS", {
    aftersales_request_id: "1",
    rma_id: "2",
    line_items: [{ main_order_id: "9", return_line_item_id: "3", ...line }],
    refund_total: "20.00",
    ...fields,
  })[0]?.notice ?? {};

Deno.test("two notices of one refund have one refund_id; another RMA, request or unit has another", async () => {
  const { input: { notices } } = await readReported("12-refund-told-twice");
  const [first, second] = notices.map(({ refund_id, refund_total }: Record<string, string>) =>
    refundOf({ rma_id: refund_id, refund_total, refund_timestamp: Math.random() })
  );
  assert.deepEqual(first, second);
  assert.equal(first.refund_total, notices[0].refund_total);
  const ids = [
    refundOf({}),
    refundOf({ rma_id: "5" }),
    refundOf({ aftersales_request_id: "5" }),
    refundOf({}, { return_line_item_id: "5" }),
    refundOf({ rma_id: "" }),
  ].map((notice) => notice.refund_id);
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(refundOf({ refund_total: "25.00" }).refund_id, ids[0], "whatever the total");
});

Deno.test("a refund whose ids TikTok leaves out has no refund_id", () => {
  const notice = refundOf({ aftersales_request_id: "", rma_id: undefined });
  assert.deepEqual(notice, { refund: "success", refund_total: "20.00" });
});

Deno.test("one odd package or order id of a package event leaves the others", () => {
  const data = {
    package_list: [
      { package_id: "1", order_id_list: ["7", "", "x", 8] },
      { package_id: "2" },
      { package_id: "3", order_id_list: ["9"] },
    ],
  };
  const named = namedOrders("PACKAGE_UPDATE", data).map(({ order_id }) => order_id);
  assert.deepEqual(named, ["7", "9"]);
});

Deno.test("the timeline leaves out facts that are empty text", () => {
  const data = { cancel_id: "", cancel_status: "CANCELLATION_REQUEST_PENDING", other: "1" };
  assert.deepEqual(noticeOf("CANCELLATION_STATUS_CHANGE", data), {
    cancel_status: "CANCELLATION_REQUEST_PENDING",
  });
});
