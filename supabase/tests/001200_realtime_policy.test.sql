-- Who receives broadcasts, and who may send them.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');

-- Receiving. Realtime sets the joined topic and evaluates the policies.
create function tests.receives(who text, topic text, extension text default 'broadcast')
returns text
language plpgsql
as $$
declare
  message_id uuid := gen_random_uuid();
begin
  insert into realtime.messages (id, topic, extension, event, private)
  values (message_id, topic, extension, 'x', true);
  perform set_config('realtime.topic', topic, true);
  return tests.attempt(who, format('select * from realtime.messages where id = %L', message_id));
end;
$$;
create function tests.topic(nickname text)
returns text
language sql
immutable
as $$
  select 'user:' || tests.id(nickname);
$$;
select is(tests.receives('ada', tests.topic('ada')), '1', 'a seller receives their own topic');
select is(tests.receives('bob', tests.topic('ada')), '0', 'another seller receives nothing of it');
select is(tests.receives('anon', tests.topic('ada')), '0', 'nor does anon');
select is(tests.receives('ada', topic), '0', format('no seller receives the topic %L', topic))
from unnest(array['', 'user:', 'user:*', 'user:%', 'orders', tests.topic('bob'), tests.topic('ada') || ' ']) as topic;
select is(tests.receives('ada', tests.topic('ada'), 'presence'), '0', 'presence is not offered');
select set_config('realtime.topic', '', true);
select is(tests.attempt('ada', 'select * from realtime.messages'), '0', 'without a topic there is nothing');
select set_config('realtime.topic', tests.topic('ada'), true);
select tests.refused(
  who,
  format(
    'insert into realtime.messages (topic, extension, event, private) values (%L, ''broadcast'', ''x'', true)',
    tests.topic('ada')
  ),
  who || ' cannot send to the topic'
)
from unnest(array['anon', 'ada', 'bob']) as who;
-- Supabase grants updates of this table, and leaves it to the policies that there is none.
select ok(tests.attempt(who, statement) in ('0', '42501'), who || ' cannot: ' || statement)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'update realtime.messages set payload = ''{}''',
  'delete from realtime.messages'
]) as statement;

select * from finish();
rollback;
