/** Why an event is ignored: codes that the inbox stores, with the sentence that people see (docs/inbox.md). */
export const IGNORE_REASONS = {
  event_type_not_handled: "CreatorFlow does nothing on events of this type.",
  // TikTok
  past_last_retry: "TikTok sends no event this late: it is a replay of an old delivery.",
  still_authorized: "TikTok still accepts the connection that the event calls ended.",
  no_shop_named: "The event names neither a shop nor a stored order.",
  shop_not_connected: "The shop is not connected. Connecting it processes the event again.",
  shop_of_another_account:
    "Another account has the shop of the label. Connecting it to the label's own processes the event again.",
  shop_still_paused: "TikTok still refuses the shop. The next probe is a day later.",
  no_order_named: "The event names no order.",
  no_expiration_named: "The event names no time at which the authorization expires.",
  // Labels
  batch_not_found: "The batch was deleted with its account.",
  shipment_not_found: "The shipment is unknown, or was deleted with its account.",
  purchase_settled: "The outcome of the purchase is known already.",
  label_not_in_use: "The label was not bought, or it was voided.",
  label_already_fetched: "The link to the label is still valid.",
  no_void_pending: "No decision about a void is pending.",
  tiktok_already_notified: "TikTok has the tracking number already.",
  units_cancelled: "Every unit in the parcel was cancelled.",
  no_tracking_number: "The label has no tracking number.",
  tracking_not_accepted: "TikTok has not accepted the tracking number.",
  tracking_replaced: "The seller replaced the tracking number.",
  // EasyPost and Stripe
  mode_mismatch: "A test event reached a live key, or the other way round.",
  other_account: "The event happened in another Stripe account.",
  no_subscription_named: "The event names no subscription.",
  unknown_subscription: "Stripe does not know the subscription.",
  unknown_customer: "No seller has this Stripe customer.",
  email_refused: "Stripe does not accept the e-mail address of the account.",
  account_deleted: "The account of this Stripe customer was deleted.",
  user_mismatch: "The object names another seller than its customer's.",
  unknown_price: "The price belongs to no plan.",
  no_charge_named: "The dispute names no charge.",
  unknown_charge: "Stripe does not know the charge.",
} as const;

export type IgnoreReason = keyof typeof IGNORE_REASONS;
