-- What the server keeps about itself, and the one function that makes and drops partitions.

-- Drawn anew by a restore: with PostgreSQL's own identifiers it makes the feed's epoch.
create table instance_state (
    only_row boolean primary key default true check (only_row),
    epoch_id uuid not null default gen_random_uuid()
);
insert into instance_state default values;

create table instances (
    id uuid primary key,
    name text not null,
    version text not null,
    roles text[] not null,
    started_at timestamptz not null default clock_timestamp(),
    seen_at timestamptz not null default clock_timestamp()
);

-- Who did what. One row per intention, written in its transaction. Partitioned by month.
create table audit_log (
    id uuid not null,
    at timestamptz not null default clock_timestamp(),
    -- Null: the server itself.
    actor_id uuid,
    actor_title text,
    action text not null,
    node_id uuid,
    edge_id uuid,
    -- As they were then: who reads these scopes may read the entry.
    scope_id uuid not null,
    other_scope_id uuid not null,
    summary jsonb not null default '{}',
    request_id text
) partition by range (at);
create index audit_log_by_time on audit_log (at desc, id desc);
create index audit_log_by_node on audit_log (node_id, at desc, id desc);
create table audit_log_default partition of audit_log default;

create table idempotency_keys (
    caller text not null,
    key text not null,
    request_hash bytea not null,
    -- Null while the first request runs.
    status smallint,
    response jsonb,
    created_at timestamptz not null default clock_timestamp(),
    primary key (caller, key),
    constraint idempotency_keys_length check (octet_length(key) between 1 and 128)
);
create index idempotency_keys_by_age on idempotency_keys (created_at);

-- Makes the partitions of a table up to seven days (two months) ahead and drops those older than
-- `keep`: at most one action a call, so that each holds its locks alone and briefly. Answers what
-- it did, or null when there is nothing left to do. Gives up after 100 ms of waiting for a lock
-- (lock_not_available), or while another session is at it: call again. A new partition is made apart and attached, because
-- CREATE … PARTITION OF would block every writer behind the first open transaction.
create function keep_partitions(parent text, keep interval) returns text
language plpgsql security definer
set search_path = public, pg_temp set lock_timeout = '100ms' set timezone = 'UTC' as $$
declare
    unit text := case parent when 'change_log' then 'day' when 'check_runs' then 'day' when 'audit_log' then 'month' end;
    step interval := ('1 ' || unit)::interval;
    ahead interval := case unit when 'day' then interval '7 days' else interval '2 months' end;
    net text := parent || '_default';
    oldest timestamptz;
    first timestamptz;
    leaf text;
    late boolean;
    newest xid8;
begin
    if unit is null then
        raise exception '% is not a table whose partitions are kept', parent using errcode = 'invalid_parameter_value';
    end if;
    if keep < interval '1 hour' then
        raise exception 'a retention below one hour is refused' using errcode = 'invalid_parameter_value';
    end if;
    -- Two instances doing this at once would only be in each other's way.
    if not pg_try_advisory_xact_lock(1398361679, 3) then
        raise exception 'another session keeps partitions at this moment' using errcode = 'lock_not_available';
    end if;

    -- What the net caught while nobody kept partitions: of days long past it goes, for the others
    -- their partitions come late.
    execute format('select min(at) from %I', net) into oldest;
    if oldest < date_trunc(unit, now() - keep) then
        if parent = 'change_log' then
            execute format('select max(xid::text::numeric)::text::xid8 from %I where at < date_trunc(%L, now() - %L::interval)', net, unit, keep) into newest;
            update change_log_horizon set dropped_xid = newest where dropped_xid < newest;
        end if;
        execute format('delete from %I where at < date_trunc(%L, now() - %L::interval)', net, unit, keep);
        return 'cleared ' || net;
    end if;

    for first in select generate_series(date_trunc(unit, least(now(), oldest)), date_trunc(unit, now() + ahead), step) loop
        leaf := format('%s_p%s', parent, to_char(first, 'YYYYMMDD'));
        if to_regclass(leaf) is null then
            execute format('select exists (select from %I where at >= %L and at < %L)', net, first, first + step) into late;
            -- A range that is being written, or has been: readers and writers stay out until this is
            -- done. A writer that had chosen the net would fail when the partition takes its row's
            -- place; a reader that had looked up the partitions would find the moved rows in neither.
            if late or first <= clock_timestamp() then
                execute format('lock table %I in access exclusive mode', parent);
            end if;
            execute format('create table %I (like %I including defaults including constraints including indexes)', leaf, parent);
            execute format('with caught as (delete from %I where at >= %L and at < %L returning *) insert into %I select * from caught',
                           net, first, first + step, leaf);
            execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, leaf, first, first + step);
            return 'made ' || leaf;
        end if;
    end loop;

    for leaf in
        select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
         where i.inhparent = to_regclass(parent) and c.relname ~ '_p[0-9]{8}$'
           and to_timestamp(right(c.relname, 8), 'YYYYMMDD') + step <= now() - keep
         order by c.relname limit 1
    loop
        execute format('alter table %I detach partition %I', parent, leaf);
        if parent = 'change_log' then
            execute format('select max(xid::text::numeric)::text::xid8 from %I', leaf) into newest;
            update change_log_horizon set dropped_xid = newest where newest is not null and dropped_xid < newest;
        end if;
        execute format('drop table %I', leaf);
        return 'dropped ' || leaf;
    end loop;
    return null;
end $$;

-- What the server's login may do: rows, and no more. Called by `synops migrate` after each run.
create function grant_server_role(role_name text) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
    read_only text;
    leaf text;
begin
    execute format('grant usage on schema public to %I', role_name);
    execute format('grant select, insert, update, delete on all tables in schema public to %I', role_name);
    execute format('grant usage on all sequences in schema public to %I', role_name);
    -- Written by triggers and functions alone.
    foreach read_only in array array['change_log', 'change_log_horizon', 'scope_access', 'tombstones'] loop
        execute format('revoke insert, update, delete on %I from %I', read_only, role_name);
    end loop;
    execute format('grant delete on tombstones to %I', role_name);
    -- Rows go in by the partitioned table, never by its leaves.
    for leaf in select c.relname from pg_class c where c.relispartition and c.relkind = 'r' and c.relnamespace = 'public'::regnamespace loop
        execute format('revoke all on %I from %I', leaf, role_name);
    end loop;
    if to_regclass('public._sqlx_migrations') is not null then
        execute format('revoke all on _sqlx_migrations from %I', role_name);
        execute format('grant select on _sqlx_migrations to %I', role_name);
    end if;
end $$;
revoke execute on function grant_server_role(text) from public;

-- Everybody may create in "public" before PostgreSQL 15's default; no login but the owner's may here.
revoke create on schema public from public;

insert into nodes (id, kind, title) values ('00000000-0000-7000-8000-000000000001', 'instance', 'Synops');
update scopes set visibility = 'signed_in' where node_id = '00000000-0000-7000-8000-000000000001';
