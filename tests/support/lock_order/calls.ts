/**
 * The calls of the stress test: each SQL function that takes locks. $a, $b and $c are random numbers, $w moves on, so
 * that new orders come. How often: once, unless `OFTEN` says more.
 */

export const CALLS: Record<string, string | string[]> = {
  // Accounts.
  // Several calls, one after the other: the world is seldom empty.
  sign_up: [
    `stress.sign_up($a)`,
    `public.connect_tiktok_shops(stress.user_id($a), stress.connect_grant($a, 0))`,
    `stress.store_customer($a, 'x@example.com')`,
    `public.apply_subscriptions(jsonb_build_array(stress.subscription_item($a, 0))) from stress.customer($a)`,
    `stress.receive_orders(id, $b, $w) from public.tiktok_shops where user_id = stress.user_id($a)`,
    `public.ingest_orders(id, stress.order_items(id, $b, $w)) from public.tiktok_shops where user_id = stress.user_id($a) and shop_id = stress.shop_id($a)`,
  ],
  change_email: `stress.change_email($a, $b)`,
  delete_account: `stress.delete_account($a)`,
  delete_in_auth: `stress.delete_in_auth($a)`,
  insert_analytics: `stress.insert_analytics($a)`,
  count_request: `public.count_request(stress.user_id($a), 'POST /shipments/rates')`,
  set_label_limit:
    `public.set_label_limit(stress.user_id($a), case when $b % 3 > 0 then '{"monthly_label_limit": 100000}'::jsonb end)`,

  // The inbox.
  receive_webhook_event: `stress.receive_order($a, $w, $b), stress.receive_other($a, $b)`,
  claim_webhook_events: `public.claim_webhook_events(4, $a % 2)`,
  settle_webhook_events: `public.settle_webhook_events(stress.results($a, $b))`,
  replay_webhook_event: `public.replay_webhook_event((stress.open_event($a)).id)`,
  replay_webhook_events:
    `public.replay_webhook_events(jsonb_build_object('shop_id', stress.shop_id($a)), 20)`,

  // Connections.
  begin_tiktok_authorization:
    `public.begin_tiktok_authorization(stress.user_id($a), encode(sha256('state-$b'), 'hex'), 1)`,
  open_tiktok_claim:
    `public.open_tiktok_claim(stress.user_id($a), encode(sha256('claim-$c'), 'hex'), (select state_hash from private.tiktok_authorizations order by state_hash offset $b % 3 limit 1), now() + interval '1 hour', true)`,
  store_tiktok_claim:
    `public.store_tiktok_claim(user_id, claim_hash, stress.secret(1)) from stress.claim($a)`,
  confirm_tiktok_claim:
    `public.confirm_tiktok_claim(user_id, claim_hash, stress.connect_grant($b, $c)) from stress.claim($a)`,
  delete_expired_claims: `private.delete_expired_claims()`,
  connect_tiktok_shops:
    `public.connect_tiktok_shops(stress.user_id($a), stress.connect_grant($a, $b))`,
  disconnect_tiktok_shop:
    `public.disconnect_tiktok_shop(user_id, id) from public.tiktok_shops where id = stress.shop($a)`,
  store_exchanged_tokens:
    `public.store_exchanged_tokens((l).open_id, stress.login_grant(l, $b)) from stress.login($a) as l`,
  deauthorize_tiktok_shop:
    `public.deauthorize_tiktok_shop(id, stress.shop_of(shop_id), now()) from stress.event_of($a, 'tiktok', array['SELLER_DEAUTHORIZATION']) as e`,
  record_authorization_expiry:
    `public.record_authorization_expiry(id, stress.shop_of(shop_id), now(), now() + interval '9 days') from stress.event_of($a, 'tiktok', array['UPCOMING_AUTHORIZATION_EXPIRATION']) as e`,
  finish_webhook_subscription:
    `public.finish_webhook_subscription(id, stress.shop_of(shop_id), 'https://example.com') from stress.event_of($a, 'creatorflow', array['SUBSCRIBE_WEBHOOKS']) as e`,
  claim_tiktok_logins: `public.claim_tiktok_logins(2, 1)`,
  lease_tiktok_login:
    `public.lease_tiktok_login(stress.shop($a), (select token_version from private.tiktok_logins limit 1), 1)`,
  // Several logins at once, in any order.
  store_refreshed_logins:
    `public.store_refreshed_logins(jsonb_agg(jsonb_build_object('user_id', (l).user_id, 'open_id', (l).open_id, 'token_version', (l).token_version, 'grant', stress.login_grant(l, $b)) order by md5((l).open_id || $c))) from (select stress.login($a) as l union select stress.login($b)) as logins where (l).user_id is not null having count(*) > 0`,
  fail_tiktok_refresh:
    `public.fail_tiktok_refresh((l).user_id, (l).open_id, (l).lease_id, 'reconnect', 'error') from stress.login($a) as l`,
  pause_tiktok_shop:
    `public.pause_tiktok_shop(stress.shop($a), (select token_version from private.tiktok_logins as l join public.tiktok_shops as s using (user_id, open_id) where s.id = stress.shop($a)), 'shop_inactive')`,
  correct_shop_cipher:
    `public.correct_shop_cipher(stress.shop($a), (select token_version from private.tiktok_logins as l join public.tiktok_shops as s using (user_id, open_id) where s.id = stress.shop($a)), (array['other', null])[1 + $b % 2])`,
  resume_tiktok_shop:
    `public.resume_tiktok_shop(id, stress.shop_of(shop_id)) from stress.event_of($a, 'creatorflow', array['PROBE_SHOP', 'CHECK_WEBHOOKS']) as e`,
  finish_webhook_check:
    `public.finish_webhook_check(id, stress.shop_of(shop_id), 'https://example.com', array['X']) from stress.event_of($a, 'creatorflow', array['CHECK_WEBHOOKS']) as e`,
  record_source_health:
    `public.record_source_health(id, 'healthy') from stress.event_of($a, 'creatorflow', array['CHECK_SOURCES']) as e`,
  request_source_checks: `public.request_source_checks()`,

  // Orders.
  ingest_orders: [
    `stress.receive_orders(stress.shop($a), $b, $w)`,
    `public.ingest_orders(s, stress.order_items(s, $b, $w)) from stress.shop($a) as s`,
  ],
  ingest_order:
    `public.ingest_order((item ->> 'event_id')::bigint, s, item -> 'order', item -> 'notice') from stress.shop($a) as s, jsonb_array_elements(stress.order_items(s, $b, $w)) as item limit 1`,
  store_order_page:
    `public.store_order_page(id, stress.shop_of(shop_id), (select jsonb_agg(jsonb_build_object('order_id', stress.order_number(e.shop_id, i, $w), 'update_time', extract(epoch from now())::bigint - $b % 4)) from generate_series(0, 5) as i), now(), (array['page', 'later', 'returns'])[1 + $c % 3]) from stress.event_of($a, 'creatorflow', array['SYNC_ORDERS']) as e`,
  store_return_page:
    `public.store_return_page(id, stress.shop_of(shop_id), (select jsonb_agg(jsonb_build_object('return_id', i, 'order_id', stress.order_number(e.shop_id, i, $w), 'update_time', $b % 4, 'notice', '{}'::jsonb)) from generate_series(0, 5) as i), now(), (array['page', 'later', 'end'])[1 + $c % 3]) from stress.event_of($a, 'creatorflow', array['SYNC_ORDERS']) as e`,
  reopen_shop_events:
    `public.reopen_shop_events(id, stress.shop_of(shop_id)) from stress.event_of($a, 'creatorflow', array['REOPEN_EVENTS']) as e`,
  request_order_sync: `public.request_order_sync()`,
  expand_webhook_event:
    `public.expand_webhook_event(id, stress.shop_of(shop_id), jsonb_build_array(jsonb_build_object('order_id', object_id))) from stress.event_of($a, 'tiktok', array['CANCELLATION_STATUS_CHANGE']) as e`,
  request_order_reread: `public.request_order_reread()`,
  enqueue_order_rereads:
    `public.enqueue_order_rereads(id, stress.shop_of(shop_id), 3) from stress.event_of($a, 'creatorflow', array['REREAD_ORDERS']) as e`,
  release_held_events: `public.release_held_events(case $a % 2 when 0 then stress.user_id($b) end)`,

  // Labels.
  store_label_rates:
    `public.store_label_rates((o).id, '{"weight": "1"}', '{"name": "A"}', '[{"provider": "easypost", "carrier": "Evri", "service": "Standard", "service_name": "Standard", "price": "5.00", "currency": "USD", "is_default": false}]') from stress.order($a) as o where (o).id is not null`,
  request_label:
    `public.request_label((o).user_id, concat_ws(':', 'key', (o).tiktok_order_id, $b % 3), 'hash', (o).id, stress.label_request(o, $c)) from stress.order($a) as o`,
  start_label_purchase:
    `public.start_label_purchase((p).id, (p).attempt, stress.choice(p)) from stress.purchase($a, 'sold') as p`,
  finish_label_purchase:
    `public.finish_label_purchase((p).id, stress.label($b), stress.event($c, 'creatorflow', array['SETTLE_LABEL'], (p).id::text)) from stress.purchase($a, 'sold') as p where (p).state <> 'failed' or $c % 5 = 0`,
  fail_label_purchase:
    `public.fail_label_purchase((p).id, (p).attempt, 'order_changed', stress.event($c, 'creatorflow', array['SETTLE_LABEL'], (p).id::text)) from stress.purchase($a, 'sold') as p`,
  mark_label_purchase_unknown:
    `public.mark_label_purchase_unknown((p).id, (p).attempt, 'no_answer') from stress.purchase($a, 'sold') as p`,
  store_label_document:
    `public.store_label_document(object_id::uuid, '{"label_url": "https://example.com/2"}', id) from stress.event_of($a, 'creatorflow', array['FETCH_LABEL']) as e`,
  record_tiktok_notification:
    `public.record_tiktok_notification(object_id::uuid, 'p', null, null, id) from stress.event_of($a, 'creatorflow', array['MARK_SHIPPED']) as e`,
  request_label_void:
    `public.request_label_void((p).user_id, (p).id) from stress.purchase($a, 'sold') as p`,
  settle_label_void:
    `public.settle_label_void((p).id, (array['voided', 'void_rejected'])[1 + $b % 2], null, stress.event($c, 'creatorflow', array['CHECK_VOID'], (p).id::text)) from stress.purchase($a, 'sold') as p`,
  enqueue_label_tasks: `public.enqueue_label_tasks()`,
  request_label_batch:
    `public.request_label_batch(stress.user_id($a), 'batch-$b', 'hash', (select jsonb_agg(jsonb_build_object('order_id', id, 'sender', '{}'::jsonb)) from (select id from public.orders where user_id = stress.user_id($a) limit 3) as own))`,
  settle_batch_item:
    `public.settle_batch_item(id, split_part(object_id, ':', 1)::uuid, split_part(object_id, ':', 2)::integer, '{"state": "failed", "code": "x"}') from stress.event_of($a, 'creatorflow', array['BUY_LABEL']) as e`,
  apply_tracking:
    `public.apply_tracking(stress.event($a, 'easypost', array['tracker.updated']), (stress.shipment($b, 'easypost')).id, stress.tracking($c))`,
  adjust_label_cost:
    `public.adjust_label_cost(stress.event($a, 'easypost', array['tracker.updated']), (s).id, jsonb_build_object('id', concat_ws('_', (s).id, $c % 3), 'amount', ($c % 5)::text, 'currency', 'USD', 'at', now())) from stress.shipment($b, 'easypost') as s`,
  record_unassigned_invoice:
    `public.record_unassigned_invoice(stress.event($a, 'easypost', array['tracker.updated']), jsonb_build_object('id', 'lost_' || $b % 3, 'amount', ($c % 5 - 2)::text, 'currency', 'USD', 'at', now()))`,
  apply_own_tracking:
    `public.apply_own_tracking(id, null, object_id, stress.tracking($b)) from stress.event_of($a, 'easypost', array['tracker.updated']) as e`,
  request_own_tracking:
    `public.request_own_tracking((o).user_id, concat_ws(':', 'own', (o).tiktok_order_id, $b % 3), 'hash', (o).id, jsonb_build_object('carrier', 'Evri', 'tracking_number', 'T' || $c % 6), $c % 7 = 0) from stress.order($a) as o`,
  settle_own_notification:
    `public.settle_own_notification((p).id, (p).attempt, case $b % 3 when 0 then '{"code": "number_invalid", "error": "x"}' when 1 then '{"error": "x"}' else '{"package_id": "p"}' end::jsonb, stress.event($c, 'creatorflow', array['MARK_SHIPPED'], (p).id::text)) from stress.purchase($a, 'own') as p`,
  request_tracking_correction:
    `public.request_tracking_correction((p).user_id, (p).id, 'Evri', 'T' || $b % 6, false) from stress.purchase($a, 'own') as p`,
  store_own_tracker:
    `public.store_own_tracker(e.id, (p).id, (p).attempt, 'trk', stress.tracking($b)) from stress.purchase($c, 'own') as p, stress.event_of($a, 'creatorflow', array['CHECK_TRACKING']) as e`,

  // Billing.
  store_stripe_customer: `stress.store_customer($a, stress.email($a, $b))`,
  raise_stripe_attempt: `public.raise_stripe_attempt(stress.user_id($a), $b % 3)`,
  replace_stripe_customer:
    `public.replace_stripe_customer(user_id, array[stripe_customer_id_hash], stress.secret($b), md5(random()::text), 'x@example.com') from stress.customer($a)`,
  // Two sellers at once, in any order.
  apply_subscriptions:
    `public.apply_subscriptions(jsonb_build_array(stress.subscription_item($a, $b, array[stress.event($b, 'stripe', array['customer.subscription.updated'])]), stress.subscription_item($b, $c, array[stress.event($c, 'stripe', array['customer.subscription.updated'])]))) from stress.customer($a) as first, stress.customer($b) as second`,
  end_subscription: `public.end_subscription(array[stress.subscription_hash($a)])`,
  compare_subscriptions: `stress.compare($a)`,
  request_subscription_sync: `public.request_subscription_sync(null)`,
  continue_subscription_sync:
    `public.continue_subscription_sync(id, '{}') from stress.event_of($a, 'creatorflow', array['SYNC_SUBSCRIPTIONS']) as e`,
  record_dispute:
    `public.record_dispute(stress.event($a, 'stripe', array['customer.subscription.updated']), array['x'], '{}')`,
  settle_customer_email:
    `public.settle_customer_email(id) from stress.event_of($a, 'creatorflow', array['UPDATE_CUSTOMER_EMAIL']) as e`,
  settle_deleted_customer:
    `public.settle_deleted_customer(id, object_id::uuid, 'cus_' || $b % 4) from stress.event_of($a, 'creatorflow', array['CLOSE_CUSTOMER']) as e`,
  log_orphaned_subscription:
    `public.log_orphaned_subscription(jsonb_build_object('stripe_subscription_id', 'sub_$b', 'status', 'active'))`,

  // Jobs.
  show_webhook_event: `public.show_webhook_event((stress.open_event($a)).id)`,
  refresh_dashboard_metrics: `public.refresh_dashboard_metrics()`,
  age_rows: `stress.age_rows()`,
  remove_personal_data: `private.remove_personal_data(20)`,
  purge_old_rows: `private.purge_old_rows()`,
  aggregate_analytics: `private.aggregate_analytics(current_date)`,
};

/** Calls that have to come more often, for the others to find rows. */
export const OFTEN: Record<string, number> = {
  sign_up: 8,
  connect_tiktok_shops: 4,
  store_stripe_customer: 2,
  apply_subscriptions: 4,
  receive_webhook_event: 8,
  ingest_orders: 12,
  request_label: 12,
  start_label_purchase: 14,
  finish_label_purchase: 14,
  request_label_void: 3,
  settle_label_void: 3,
  request_own_tracking: 3,
  apply_tracking: 3,
};
