-- Comparing a page with the stored subscriptions.
begin;
\ir helpers.psql
\ir billing_helpers.psql

select tests.sign_up(nickname) from unnest(array['ada', 'bob', 'cem', 'dan']) as nickname;
select tests.customer(nickname) from unnest(array['ada', 'bob', 'cem']) as nickname;

-- A page of Stripe subscriptions: which of them differ.
create function tests.entry(
  place integer, nickname text, subscription text, plan text, status text default 'active', changes jsonb default '{}'
)
returns jsonb
language sql
immutable
as $$
  select tests.said(nickname, subscription, plan, status, changes) || jsonb_build_object(
    'place', place, 'stripe_customer_id_hashes', tests.hashes('customer of ' || nickname)
  );
$$;
create function tests.compared(variadic entries jsonb[])
returns jsonb
language sql
as $$
  select tests.call(format('compare_subscriptions(%L)', to_jsonb(entries))) -> 'differing';
$$;
select tests.applied('ada', 'a', 'growth');
select tests.applied('bob', 'b', 'starter', 'past_due', '{"current_period_start": null, "current_period_end": null}');
select tests.applied('cem', 'c', 'scale', 'canceled', '{"cancel_at_period_end": true}');
update public.subscriptions set reconciled_at = '2020-01-01', stripe_subscription_id_hash = 'old b'
where stripe_subscription_id_hash = 'new b';
update public.subscriptions set reconciled_at = case when plan_name = 'growth' then '2020-01-01'::timestamptz end;

select is(
  tests.call('compare_subscriptions(''[]'')'), '{"differing": [], "orphaned": [], "unbound": []}', 'an empty page has no difference'
);
select is(tests.reconciled(), 'none', 'and sees none');
create table tests.before as select to_jsonb(subscriptions) - 'reconciled_at' - 'updated_at' as picture from public.subscriptions;
select is(
  tests.compared(
    tests.entry(0, 'ada', 'a', 'growth'),
    tests.entry(1, 'bob', 'b', 'starter', 'past_due', '{"current_period_start": null, "current_period_end": null}')
  ),
  '[]', 'what is the same does not differ'
);
select is(tests.reconciled(), 'a b', 'they are marked as seen, under the hash of any key');
update public.subscriptions set reconciled_at = '2020-01-01';
select is(
  tests.compared(tests.entry(7, 'ada', 'a', plan, status, changes)), '[7]', format('a difference: %s %s %s', plan, status, changes)
)
from (
  values
    ('scale', 'active', '{}'::jsonb), ('growth', 'past_due', '{}'),
    ('growth', 'active', '{"current_period_start": "2026-11-01T00:00:01Z"}'),
    ('growth', 'active', '{"current_period_start": null}'),
    ('growth', 'active', '{"current_period_end": "2026-12-01T00:00:00.001Z"}'),
    ('growth', 'active', '{"current_period_end": null}'),
    ('growth', 'active', '{"cancel_at_period_end": true}')
) as differences (plan, status, changes);
select is(tests.reconciled(), 'a', 'what differs was seen too');
select is(
  tests.compared(tests.entry(7, 'ada', 'a', 'growth', 'active', '{"current_period_start": "2026-11-01T01:00:00+01:00"}')),
  '[]', 'another notation of a time is not a difference'
);
select is(tests.compared(tests.entry(7, 'ada', 'a', null)), '[]', 'nor is an unknown price');
select is(tests.compared(tests.entry(7, 'ada', 'a', null, 'paused')), '[7]', 'a status with it is');
select is(
  tests.compared(tests.entry(3, 'ada', 'new', 'starter'), tests.entry(2, 'bob', 'newer', 'starter', 'canceled')), '[2, 3]',
  'what is not there differs, by place'
);
select is(tests.compared(tests.entry(0, 'ada', 'new', null)), '[]', 'but not with an unknown price');
select is(
  tests.compared(
    tests.entry(0, 'dan', 'of dan', 'scale'), tests.entry(1, 'unknown', 'else', 'scale'), tests.entry(2, 'ada', 'new', 'scale')
  ),
  '[2]', 'unknown customers are left out'
);
update public.subscriptions set reconciled_at = '2020-01-01';
select is(tests.compared(tests.entry(0, 'dan', 'c', 'scale')), '[]', 'also with a subscription of ours');
select is(tests.reconciled(), 'c', 'which is still marked as seen');
select is(
  tests.compared(
    tests.entry(0, 'ada', 'a', 'growth', 'unpaid'), tests.entry(1, 'bob', 'b', 'scale', 'active'),
    tests.entry(2, 'cem', 'c', 'scale', 'canceled', '{"cancel_at_period_end": true}'), tests.entry(3, 'cem', 'd', 'scale'),
    tests.entry(4, 'dan', 'e', 'scale'), tests.entry(5, 'ada', 'f', null)
  ),
  '[0, 1, 3]', 'a page of all sorts'
);
select set_eq(
  $$select to_jsonb(subscriptions) - 'reconciled_at' - 'updated_at' from public.subscriptions$$, 'select picture from tests.before',
  'comparing changes no subscription'
);
select is(
  concat_ws(' ', tests.version('ada'), tests.version('bob'), tests.version('cem')), '2 2 2', 'and raises no version'
);

-- Subscriptions without an account.
create function tests.orphaned(nickname text, subscription_status text, user_id uuid)
returns jsonb
language sql
as $$
  select tests.call(format(
    'compare_subscriptions(%L)',
    jsonb_build_array(
      tests.entry(5, nickname, 'orphan', 'scale', subscription_status, jsonb_build_object('user_id', user_id))
    )
  )) -> 'orphaned';
$$;
select is(tests.orphaned('unknown', 'active', tests.id('no user')), '[5]', 'a live one that names no user is orphaned');
select is(tests.orphaned('unknown', 'canceled', tests.id('no user')), '[]', 'an ended one is not');
select is(tests.orphaned('unknown', 'active', tests.id('ada')), '[]', 'nor one that names a seller');
select is(tests.orphaned('unknown', 'active', null), '[]', 'nor one that names no user: our checkout did not create it');
select is(tests.orphaned('ada', 'active', tests.id('no user')), '[]', 'nor one of a seller''s customer');

-- A user whose customer was lost, as by the restore of an older backup.
create function tests.unbound(nickname text, subscription_status text, user_id uuid)
returns jsonb
language sql
as $$
  select tests.call(format(
    'compare_subscriptions(%L)',
    jsonb_build_array(
      tests.entry(5, nickname, 'unbound', 'scale', subscription_status, jsonb_build_object('user_id', user_id))
    )
  )) -> 'unbound';
$$;
select is(tests.unbound('unknown', 'active', tests.id('dan')), '[5]', 'a live one that names a user without a customer is unbound');
select is(tests.unbound('unknown', 'canceled', tests.id('dan')), '[]', 'an ended one is not');
select is(tests.unbound('unknown', 'active', tests.id('ada')), '[]', 'nor one whose user has a customer');
select is(tests.unbound('ada', 'active', tests.id('dan')), '[]', 'nor one of a known customer');
select is(tests.unbound('unknown', 'active', tests.id('no user')), '[]', 'nor one that names no user');

delete from auth.users where id = tests.id('ada');
select is(
  tests.orphaned('ada', 'active', tests.id('ada')), '[]', 'the customer of a deleted account has a task of its own'
);
select is(tests.compared(tests.entry(0, 'ada', 'x', 'scale')), '[]', 'and no state to repair');

select * from finish();
rollback;
