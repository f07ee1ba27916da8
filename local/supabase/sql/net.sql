-- Stand-in for pg_net: a request is queued in the caller's transaction and leaves after its commit.
-- local/supabase/scheduler.ts sends the queue.
create schema if not exists net;
grant usage on schema net to postgres;

create unlogged table if not exists net.http_request_queue (
  id bigint generated always as identity primary key,
  method text not null,
  url text not null,
  headers jsonb,
  body bytea,
  timeout_milliseconds integer not null
);

create unlogged table if not exists net._http_response (
  id bigint,
  status_code integer,
  content_type text,
  headers jsonb,
  content text,
  timed_out boolean,
  error_msg text,
  created timestamptz not null default now()
);

grant select, insert, update, delete on net.http_request_queue, net._http_response to postgres;

create or replace function net.http_post(
  url text,
  body jsonb default '{}'::jsonb,
  params jsonb default '{}'::jsonb,
  headers jsonb default '{"Content-Type": "application/json"}'::jsonb,
  timeout_milliseconds integer default 5000
)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  request_id bigint;
  query_string text;
begin
  select string_agg(format('%s=%s', entry.key, entry.value), '&')
    into query_string
    from jsonb_each_text(http_post.params) as entry;
  insert into net.http_request_queue (method, url, headers, body, timeout_milliseconds)
  values (
    'POST',
    concat_ws('?', http_post.url, query_string),
    http_post.headers,
    convert_to(http_post.body::text, 'UTF8'),
    http_post.timeout_milliseconds
  )
  returning id into request_id;
  return request_id;
end;
$$;
