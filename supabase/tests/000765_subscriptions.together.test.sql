-- Several events of a subscription, and several subscriptions, in one call.
begin;
\ir helpers.psql
\ir billing_helpers.psql

select tests.sign_up(nickname) from unnest(array['ada', 'bob']) as nickname;
select tests.customer(nickname) from unnest(array['ada', 'bob']) as nickname;
create function tests.id_of(external text)
returns bigint
language sql
stable
as $$
  select id from private.webhook_events where external_id = external;
$$;
create function tests.states(variadic events text[])
returns text
language sql
stable
as $$
  select string_agg(tests.event(tests.id_of(event)), ', ' order by place)
  from unnest(events) with ordinality as listed (event, place);
$$;
select tests.stripe_event(name) from unnest(array['a1', 'a2', 'a3', 'b1', 'settled', 'open']) as name;
update private.webhook_events set status = 'done', settled_at = '2020-01-01' where external_id = 'settled';

-- One state answers all events of its subscription.
select is(
  tests.applied_together(
    tests.item('bob', 'of bob', 'scale', event_id => tests.id_of('b1')),
    tests.item('ada', 'of ada', 'growth')
      || jsonb_build_object('event_ids', array[tests.id_of('a2'), tests.id_of('settled'), tests.id_of('a1'), 0])
  ),
  'applied 0, applied 0', 'two states are stored together'
);
select is(
  tests.shown('ada') || ', ' || tests.shown('bob'), '500 active growth, 999999 active scale', 'each for its own seller'
);
select is(tests.states('a1', 'a2', 'b1', 'a3'), 'done settled, done settled, done settled, pending open', 'their events are done, and no other');
select is(
  (select settled_at from private.webhook_events where external_id = 'settled'), '2020-01-01'::timestamptz,
  'one that was settled before stays as it is'
);
select is(tests.version('ada') || ' ' || tests.version('bob'), '2 2', 'each customer has another version');

-- All events are settled, or deleted.
create table tests.before as select tests.picture() as picture;
select is(
  tests.applied_together(
    tests.item('ada', 'of ada', 'scale') || jsonb_build_object('event_ids', array[tests.id_of('a1'), tests.id_of('settled'), 0])
  ),
  'settled 0', 'a state whose events are all settled'
);
select is(tests.picture(), picture, 'is not stored') from tests.before;

-- The second state of a customer was read before the first one was stored.
select is(
  tests.applied_together(
    tests.item('ada', 'of ada', 'scale', event_id => tests.id_of('a3')),
    tests.item('ada', 'second', 'starter', event_id => tests.id_of('open'))
  ),
  'applied 0, conflict 0', 'two subscriptions of one customer'
);
select is(tests.states('a3', 'open'), 'done settled, pending open', 'are read again one after the other');
select is(tests.stored('second'), null, 'the second one is not stored');

-- One that is refused takes the others back.
delete from tests.before;
insert into tests.before select tests.picture();
select is(
  tests.applied_together(
    tests.item('ada', 'of ada', 'starter', event_id => tests.id_of('open')), tests.item('bob', 'of ada', 'scale')
  ),
  'PT409', 'a subscription of another seller'
);
select is(tests.picture(), picture, 'nothing is stored') from tests.before;
select is(tests.states('open'), 'pending open', 'and no event is settled');

select * from finish();
rollback;
