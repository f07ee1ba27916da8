-- Tasks about labels of an account whose shop another account has now.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up(nickname) from unnest(array['ada', 'bob', 'cleo']) as nickname;
select tests.connect_shop('ada');
select tests.order_to_ship('ada', 'a');
insert into private.label_purchases (
  user_id, order_id, idempotency_key, request_hash, provider, line_item_ids, parcel, service, label_format, state
)
values (tests.id('ada'), tests.order_id('a'), 'k', 'h', 'easypost', '{a-1}', '{}', 's', 'PDF', 'purchased');
insert into private.label_batches (id, user_id, idempotency_key, request_hash)
values (tests.id('batch'), tests.id('ada'), 'k', 'h');
create function tests.move_shop(nickname text)
returns void
language sql
as $$
  update public.tiktok_shops
  set connection_status = 'disconnected', status_reason = 'by_seller', access_token = null, refresh_token = null
  where connection_status = 'active';
  select public.connect_tiktok_shops(tests.id(nickname), tests.shop_grant('ada'));
$$;
select tests.move_shop('bob');
delete from private.webhook_events;
select private.enqueue_task(task, 'x', tests.shop_id('ada'), object_id)
from (
  values
    ('MARK_SHIPPED', tests.purchase('k')::text), ('BUY_LABEL', tests.id('batch') || ':1'), ('ORDER_FOUND', '1'),
    ('SYNC_ORDERS', null), ('CHECK_VOID', gen_random_uuid()::text)
) as tasks (task, object_id);

create function tests.tasks()
returns text
language sql
stable
as $$
  select coalesce(string_agg(event_type, ' ' order by event_type), 'none') from private.webhook_events;
$$;
select set_eq(
  $$select event_type, private.seller_of_label_task(source, object_id) from private.webhook_events$$,
  $$values
    ('MARK_SHIPPED', tests.id('ada')), ('BUY_LABEL', tests.id('ada')), ('ORDER_FOUND', null), ('SYNC_ORDERS', null),
    ('CHECK_VOID', null)$$,
  'the seller of a task is that of its label or batch'
);
select is(
  private.seller_of_label_task('tiktok', tests.purchase('k')::text), null, 'an event of TikTok is about no label'
);
create function tests.exported(nickname text)
returns text
language sql
stable
as $$
  select coalesce(string_agg(record ->> 'event_type', ' ' order by record ->> 'event_type'), 'none')
  from jsonb_array_elements(
    public.read_account_export(tests.id(nickname), 'webhook_events', null, 100) -> 'rows'
  ) as record;
$$;
select is(tests.exported('bob'), 'CHECK_VOID ORDER_FOUND SYNC_ORDERS', 'an export has no task of another account');
select is(tests.exported('ada'), 'BUY_LABEL MARK_SHIPPED', 'but those of the own labels, also while another account has the shop');
delete from auth.users where id = tests.id('bob');
select is(
  tests.tasks(), 'BUY_LABEL MARK_SHIPPED', 'an account that has the shop now takes only its own tasks along'
);
select tests.move_shop('cleo');
delete from private.webhook_events where event_type in ('SUBSCRIBE_WEBHOOKS', 'SYNC_ORDERS');
insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body)
values ('creatorflow', 'of cleo', 'ORDER_FOUND', tests.shop_id('ada'), '1', '{}');
delete from auth.users where id = tests.id('ada');
select is(tests.tasks(), 'ORDER_FOUND', 'and one that had it before leaves none behind');

select * from finish();
rollback;
