-- Receivers of broadcasts. The last migration, because Supabase may refuse it: docs/realtime.md has the way out.

create policy "Users can receive broadcasts of their own topic" on realtime.messages
  for select to authenticated
  using (
    extension = 'broadcast'
    and topic = (select realtime.topic())
    and (select realtime.topic()) = 'user:' || (select auth.uid())::text
  );
