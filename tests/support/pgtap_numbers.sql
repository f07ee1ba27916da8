-- pgTAP's functions that keep its numbers: the same, with statements whose plans a session keeps. Its own
-- make each statement as a text, and every assertion runs four of them.
create or replace function _get(text)
returns integer
language plpgsql
strict
as $$
begin
  return (select value from __tcache__ where label = $1 limit 1);
end;
$$;

create or replace function _get_latest(text)
returns integer[]
language plpgsql
strict
as $$
begin
  return (select array[id, value] from __tcache__ where label = $1 order by id desc limit 1);
end;
$$;

create or replace function _set(text, integer, text)
returns integer
language plpgsql
as $$
begin
  update __tcache__ set value = $2, note = coalesce($3, note) where label = $1;
  if not found then
    return _add($1, $2, $3);
  end if;
  return $2;
end;
$$;
