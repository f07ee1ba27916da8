-- Sign-ups whose e-mail address was never confirmed.
begin;
\ir helpers.psql

select tests.refused(who, 'select private.delete_unconfirmed_accounts()', who || ' deletes no accounts')
from unnest(array['anon', 'ada', 'service_role']) as who;

select tests.sign_up(nickname)
from unnest(array['ada', 'bob', 'cem', 'dora', 'eve', 'fay', 'gil', 'hal']) as nickname;
select tests.connect_shop('hal');
-- Each is as old as the limit, without a confirmation, and has one thing of its own.
update auth.users
set created_at = now() - interval '30 days', email_confirmed_at = null, confirmation_sent_at = null,
  phone_confirmed_at = null, last_sign_in_at = null, invited_at = null
where id in (
  select tests.id(nickname) from unnest(array['ada', 'bob', 'cem', 'dora', 'eve', 'fay', 'gil', 'hal']) as nickname
);
update auth.users set created_at = now() - interval '29 days' where id = tests.id('bob');
update auth.users set email_confirmed_at = now() where id = tests.id('cem');
update auth.users set last_sign_in_at = now() where id = tests.id('dora');
update auth.users set invited_at = created_at where id = tests.id('eve');
update auth.users set confirmation_sent_at = now() - interval '29 days' where id = tests.id('fay');
update auth.users set phone_confirmed_at = now() where id = tests.id('gil');

select is(private.delete_unconfirmed_accounts(), 1, 'a month after the mail a sign-up is deleted');
select set_eq(
  'select email from public.users',
  array[
    'bob@example.com', 'cem@example.com', 'dora@example.com', 'eve@example.com', 'fay@example.com', 'gil@example.com',
    'hal@example.com'
  ],
  'but none that is younger, confirmed, used, invited, mailed again, or has a shop'
);
select is(private.delete_unconfirmed_accounts(), 0, 'a repetition deletes nothing more');
update private.retention_periods set days = 29 where name = 'unconfirmed_account';
select is(private.delete_unconfirmed_accounts(1), 1, 'an operator sets the time, and a run deletes few at once');
select is(private.delete_unconfirmed_accounts(), 1, 'the next run deletes more');
select is(private.delete_unconfirmed_accounts(), 0, 'until none is left');
select is((select count(*) from public.users), 5::bigint, 'the others stay');

select * from finish();
rollback;
