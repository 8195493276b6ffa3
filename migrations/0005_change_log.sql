-- The change feed: every committed change of what people see, written by statement triggers.
-- Read by the snapshot delta (crates/feed): xid tells which transaction wrote a row.

create sequence change_log_seq;
create table change_log (
    seq bigint not null default nextval('change_log_seq'),
    xid xid8 not null default pg_current_xact_id(),
    -- clock_timestamp(), so that a row lands in the partition of the day it is written on.
    at timestamptz not null default clock_timestamp(),
    -- node, edge, access, scope, session, token
    entity text not null,
    -- The node or edge; the person for access; the session or token.
    id uuid not null,
    kind text,
    -- insert, update, delete
    op text not null,
    version bigint,
    -- For an edge: of its source. For access and scope: the scope.
    scope_id uuid,
    old_scope_id uuid,
    -- For edges only.
    target_scope_id uuid,
    old_target_scope_id uuid,
    source_id uuid,
    target_id uuid
) partition by range (at);
create index change_log_by_xid on change_log (xid, seq);
create table change_log_default partition of change_log default;

-- The newest transaction whose rows retention has dropped: a resume token from before it is refused.
create table change_log_horizon (
    only_row boolean primary key default true check (only_row),
    dropped_xid xid8 not null
);
insert into change_log_horizon (dropped_xid) values ('0');

-- Wakes the tailers. Our own server rings after commit by other means and says so in
-- synops.writer: a NOTIFY inside a writing transaction serialises the commits of the whole
-- cluster. Of foreign writers only one at a time carries it; the tailers' poll covers the rest.
create function ring_feed() returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if coalesce(current_setting('synops.writer', true), '') <> 'server' and pg_try_advisory_xact_lock(1398361679, 2) then
        perform pg_notify('synops_feed', '');
    end if;
end $$;

-- The log triggers' names sort first ("aa_"), so that a statement is logged before what its other
-- triggers do to the same rows: the log has each row's versions in order.
create function log_nodes() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if tg_op = 'INSERT' then
        insert into change_log (entity, id, kind, op, version, scope_id)
        select 'node', n.id, n.kind, 'insert', n.version, n.scope_id from new_rows n;
    elsif tg_op = 'UPDATE' then
        insert into change_log (entity, id, kind, op, version, scope_id, old_scope_id)
        select 'node', n.id, n.kind, 'update', n.version, n.scope_id, o.scope_id from new_rows n join old_rows o using (id);
    else
        insert into change_log (entity, id, kind, op, version, old_scope_id)
        select 'node', o.id, o.kind, 'delete', o.version + 1, o.scope_id from old_rows o;
        insert into tombstones as t (id, version) select o.id, o.version + 1 from old_rows o
        on conflict (id) do update set version = excluded.version, deleted_at = clock_timestamp();
    end if;
    perform ring_feed();
    return null;
end $$;
create trigger aa_log_insert after insert on nodes
    referencing new table as new_rows for each statement execute function log_nodes();
create trigger aa_log_update after update on nodes
    referencing old table as old_rows new table as new_rows for each statement execute function log_nodes();
create trigger aa_log_delete after delete on nodes
    referencing old table as old_rows for each statement execute function log_nodes();

create function log_edges() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if tg_op = 'INSERT' then
        insert into change_log (entity, id, kind, op, version, scope_id, target_scope_id, source_id, target_id)
        select 'edge', n.id, n.kind, 'insert', n.version, n.source_scope_id, n.target_scope_id, n.source_id, n.target_id
          from new_rows n;
    elsif tg_op = 'UPDATE' then
        insert into change_log (entity, id, kind, op, version, scope_id, old_scope_id, target_scope_id, old_target_scope_id, source_id, target_id)
        select 'edge', n.id, n.kind, 'update', n.version, n.source_scope_id, o.source_scope_id, n.target_scope_id, o.target_scope_id,
               n.source_id, n.target_id
          from new_rows n join old_rows o using (id);
    else
        insert into change_log (entity, id, kind, op, version, old_scope_id, old_target_scope_id, source_id, target_id)
        select 'edge', o.id, o.kind, 'delete', o.version + 1, o.source_scope_id, o.target_scope_id, o.source_id, o.target_id
          from old_rows o;
        insert into tombstones as t (id, version) select o.id, o.version + 1 from old_rows o
        on conflict (id) do update set version = excluded.version, deleted_at = clock_timestamp();
    end if;
    perform ring_feed();
    return null;
end $$;
create trigger aa_log_insert after insert on edges
    referencing new table as new_rows for each statement execute function log_edges();
create trigger aa_log_update after update on edges
    referencing old table as old_rows new table as new_rows for each statement execute function log_edges();
create trigger aa_log_delete after delete on edges
    referencing old table as old_rows for each statement execute function log_edges();

-- Who may see what. Applied by the tailers before any data of the same batch.
create function log_access() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if tg_op = 'INSERT' then
        insert into change_log (entity, id, op, scope_id) select 'access', n.person_id, 'insert', n.scope_id from new_rows n;
    elsif tg_op = 'UPDATE' then
        insert into change_log (entity, id, op, scope_id) select 'access', n.person_id, 'update', n.scope_id from new_rows n;
    else
        insert into change_log (entity, id, op, scope_id) select 'access', o.person_id, 'delete', o.scope_id from old_rows o;
    end if;
    perform ring_feed();
    return null;
end $$;
create trigger aa_log_insert after insert on scope_access
    referencing new table as new_rows for each statement execute function log_access();
create trigger aa_log_update after update on scope_access
    referencing new table as new_rows for each statement execute function log_access();
create trigger aa_log_delete after delete on scope_access
    referencing old table as old_rows for each statement execute function log_access();

create function log_scopes() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if tg_op = 'INSERT' then
        insert into change_log (entity, id, op, scope_id) select 'scope', n.node_id, 'insert', n.node_id from new_rows n;
    elsif tg_op = 'UPDATE' then
        insert into change_log (entity, id, op, scope_id)
        select 'scope', n.node_id, 'update', n.node_id from new_rows n join old_rows o using (node_id)
         where n.visibility <> o.visibility;
    else
        insert into change_log (entity, id, op, scope_id) select 'scope', o.node_id, 'delete', o.node_id from old_rows o;
    end if;
    perform ring_feed();
    return null;
end $$;
create trigger aa_log_insert after insert on scopes
    referencing new table as new_rows for each statement execute function log_scopes();
create trigger aa_log_update after update on scopes
    referencing old table as old_rows new table as new_rows for each statement execute function log_scopes();
create trigger aa_log_delete after delete on scopes
    referencing old table as old_rows for each statement execute function log_scopes();

-- The end of a session or token closes its sockets.
create function log_credentials() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into change_log (entity, id, op) select tg_argv[0], o.id, 'delete' from old_rows o;
    perform ring_feed();
    return null;
end $$;
create trigger aa_log_delete after delete on sessions
    referencing old table as old_rows for each statement execute function log_credentials('session');
create trigger aa_log_delete after delete on api_tokens
    referencing old table as old_rows for each statement execute function log_credentials('token');

-- The log must be whole: not switched off by session_replication_role, not bypassed by TRUNCATE.
create function refuse_truncate() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    raise exception 'truncate of % is refused: it would go unseen by the change feed; use delete', tg_table_name
        using errcode = 'feature_not_supported';
end $$;
do $$
declare
    logged text;
    trigger_name text;
begin
    foreach logged in array array['nodes', 'edges', 'scopes', 'scope_access', 'sessions', 'api_tokens', 'people', 'systems'] loop
        execute format('create trigger refuse_truncate before truncate on %I for each statement execute function refuse_truncate()', logged);
    end loop;
    for logged, trigger_name in
        select c.relname, t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid
         where not t.tgisinternal and c.relnamespace = 'public'::regnamespace
    loop
        execute format('alter table %I enable always trigger %I', logged, trigger_name);
    end loop;
end $$;
