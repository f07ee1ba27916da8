/** Sentences for people, where the API's own sentence speaks to the program that calls it. */

export const SENTENCES: Readonly<Record<string, string>> = {
  label_limit:
    "Your plan has no room for this label: it limits how many labels you buy in a day and " +
    "a month, and their cost. Nothing was bought. The page Plan shows the limits.",
  order_combined:
    "TikTok ships this order in one parcel with others. Buy one label for all of them.",
  purchase_in_progress: "This label is being bought right now.",
  outcome_unknown:
    "It is not known yet whether the label was bought. It is looked up at the carrier, " +
    "and never bought twice. The order's page shows the outcome.",
  void_pending: "The carrier did not answer. The void is requested again automatically.",
};

/** @param sentence Of the API. */
export function sentenceFor(code: string, sentence: string): string {
  return SENTENCES[code] ?? sentence;
}
