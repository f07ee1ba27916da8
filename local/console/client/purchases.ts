/** States of a label's purchase that need a sentence. */
import { formatCode } from "./format.ts";

interface Purchase {
  state: string | null;
  reason: string | null;
}

const SENTENCES: Record<string, string> = {
  requested: "The label is being bought.",
  purchasing: "The label is being bought.",
  unknown:
    "The carrier did not answer: whether the label was bought is looked up. It is never bought " +
    "twice.",
  void_requested: "The carrier has not decided about the void yet.",
  void_rejected: "The carrier refused to void the label: it is still valid.",
};

/** `undefined` for a label that is just bought, or void. */
export function describePurchase({ state, reason }: Purchase): string | undefined {
  if (state === "failed") {
    return `Not bought: ${formatCode(reason).toLowerCase()}. Nothing was charged.`;
  }
  if (state === "voided" && reason === "billed_when_scanned") {
    return "The label is void. Do not use it: its carrier charges it when it is scanned.";
  }
  // TikTok decides about its own labels, and cannot be called without the shop.
  if (state === "void_requested" && reason === "shop_not_connected") {
    return "The void waits for the shop: it continues when you have connected the shop again.";
  }
  return SENTENCES[state ?? ""];
}
