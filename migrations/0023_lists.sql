-- What lies beside the graph and is shown in lists: a change of it goes through the change log as control, without
-- content, so that those lists can be kept until then.

-- `list`: whose (by the column that is named), and of what.
create function log_list() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if tg_op = 'INSERT' then
        insert into change_log (entity, id, kind, op)
        select distinct 'list', (to_jsonb(n) ->> tg_argv[1])::uuid, tg_argv[0], 'insert' from new_rows n;
    elsif tg_op = 'UPDATE' then
        -- Both whose it was and whose it is. When the clock looks at a series again is shown nowhere.
        with before as (select to_jsonb(o) - 'look_at' as it from old_rows o),
             since as (select to_jsonb(n) - 'look_at' as it from new_rows n)
        insert into change_log (entity, id, kind, op)
        select distinct 'list', (changed.it ->> tg_argv[1])::uuid, tg_argv[0], 'update'
          from ((select it from since except select it from before)
                union all (select it from before except select it from since)) changed;
    else
        insert into change_log (entity, id, kind, op)
        select distinct 'list', (to_jsonb(o) ->> tg_argv[1])::uuid, tg_argv[0], 'delete' from old_rows o;
    end if;
    if found then
        perform ring_feed();
    end if;
    return null;
end $$;

do $$
declare
    logged record;
    event text;
    rows_of text;
begin
    for logged in
        select * from (values
            ('maintenance_series', 'series', 'id'),
            ('subscriptions', 'subscriptions', 'subscriber_id'),
            ('notification_preferences', 'preferences', 'person_id'),
            ('status_subscribers', 'followers', 'page_id'),
            ('connection_templates', 'templates', 'node_id')) as l (name, list, whose)
    loop
        for event, rows_of in
            select * from (values
                ('insert', 'new table as new_rows'),
                ('update', 'old table as old_rows new table as new_rows'),
                ('delete', 'old table as old_rows')) as e (event, rows_of)
        loop
            execute format(
                'create trigger %I after %s on %I referencing %s for each statement execute function log_list(%L, %L)',
                'aa_log_' || event, event, logged.name, rows_of, logged.list, logged.whose);
            execute format('alter table %I enable always trigger %I', logged.name, 'aa_log_' || event);
        end loop;
        execute format(
            'create trigger refuse_truncate before truncate on %I for each statement execute function refuse_truncate()', logged.name);
        execute format('alter table %I enable always trigger refuse_truncate', logged.name);
    end loop;
end $$;
