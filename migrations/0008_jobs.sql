-- Background work: a small table of what is to be done, a history of what was, a desk for what failed.

-- What holds for single tables, for the two functions below; later migrations only add rows.
create table table_rules (
    name text primary key,
    -- Of partitioned tables: day or month.
    partitions text check (partitions in ('day', 'month')),
    -- False: written by triggers and functions alone.
    server_writes boolean not null default true
);
insert into table_rules (name, partitions, server_writes) values
    ('change_log', 'day', false), ('check_runs', 'day', true), ('audit_log', 'month', true), ('job_history', 'day', true),
    ('change_log_horizon', null, false), ('scope_access', null, false), ('tombstones', null, false), ('table_rules', null, false);

-- Classes are what is paused. A claim holds its class's row (for share) and a pause updates it: once
-- the pause has committed, no claim does.
create table job_classes (
    name text primary key,
    paused_at timestamptz,
    paused_by uuid,
    paused_reason text
);
insert into job_classes (name) values ('upkeep'), ('tools'), ('notifications');

create table jobs (
    id uuid primary key,
    kind text not null,
    class text not null,
    state text not null default 'ready',
    -- 0 urgent, 1 high, 2 normal, 3 low
    priority smallint not null default 2,
    run_at timestamptz not null default clock_timestamp(),
    -- Among jobs of the kind that wait there is one with this key.
    unique_key text,
    payload jsonb not null default '{}',
    -- Begun so far; one that a drain interrupts is not counted.
    attempt smallint not null default 0,
    attempts_max smallint not null,
    -- Raised by each claim: what is written with an older one is refused.
    fence bigint not null default 0,
    -- The instance that runs it. Its sign of life (instances.seen_at) is the lease.
    worker_id uuid,
    started_at timestamptz,
    -- From 0 to 1.
    progress real,
    message text,
    -- Where the next attempt goes on.
    checkpoint jsonb,
    cancel_requested_at timestamptz,
    -- Of the last attempt.
    error text,
    created_at timestamptz not null default clock_timestamp(),
    created_by uuid,
    constraint jobs_state_known check (state in ('scheduled', 'ready', 'running')),
    constraint jobs_running_has_worker check ((state = 'running') = (worker_id is not null)),
    constraint jobs_priority_known check (priority between 0 and 3),
    constraint jobs_attempts_range check (attempts_max between 1 and 100),
    constraint jobs_unique_key_length check (octet_length(unique_key) between 1 and 200)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);
create index jobs_ready on jobs (kind, priority, run_at, id) where state = 'ready';
create index jobs_scheduled on jobs (run_at) where state = 'scheduled';
create index jobs_running on jobs (worker_id) where state = 'running';
create unique index jobs_unique on jobs (kind, unique_key) where state <> 'running' and unique_key is not null;

-- A job that waits once more gives its key up if another with that key waits by now: that one will do
-- its work too.
create function jobs_keep_keys_apart() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    if exists (select from jobs where kind = new.kind and unique_key = new.unique_key and state <> 'running') then
        new.unique_key := null;
    end if;
    return new;
end $$;
create trigger jobs_keep_keys_apart before update on jobs for each row
    when (old.state = 'running' and new.state <> 'running' and new.unique_key is not null)
    execute function jobs_keep_keys_apart();

-- Keys that hold for a period, whatever becomes of their job.
create table job_keys (
    kind text not null,
    key text not null,
    until timestamptz not null,
    job_id uuid not null,
    primary key (kind, key)
);
create index job_keys_by_age on job_keys (until);

-- What ended, one way or another. Partitioned by the day it ended on.
create table job_history (
    id uuid not null,
    at timestamptz not null default clock_timestamp(),
    kind text not null,
    class text not null,
    outcome text not null check (outcome in ('succeeded', 'failed', 'cancelled')),
    priority smallint not null,
    attempt smallint not null,
    payload jsonb not null,
    result jsonb,
    error text,
    run_at timestamptz not null,
    started_at timestamptz,
    created_at timestamptz not null,
    created_by uuid,
    worker_id uuid
) partition by range (at);
create index job_history_by_time on job_history (at desc, id desc);
create index job_history_by_id on job_history (id);
create table job_history_default partition of job_history default;

-- What failed for good, until a person decides. Kept for a while after that.
create table dead_letters (
    id uuid primary key,
    at timestamptz not null default clock_timestamp(),
    source text not null check (source in ('job', 'telemetry')),
    kind text not null,
    class text,
    payload jsonb not null,
    error text not null,
    attempts smallint not null,
    attempts_max smallint,
    priority smallint,
    checkpoint jsonb,
    created_at timestamptz not null,
    created_by uuid,
    -- Null: open.
    resolution text check (resolution in ('replayed', 'discarded')),
    resolved_at timestamptz,
    resolved_by uuid,
    replayed_as uuid,
    constraint dead_letters_resolved check ((resolution is null) = (resolved_at is null))
);
create index dead_letters_open on dead_letters (at desc, id desc) where resolution is null;
create index dead_letters_by_time on dead_letters (at desc, id desc);

-- What is enqueued again and again. Each due time is taken by one instance.
create table job_schedules (
    id uuid primary key,
    name text not null unique,
    kind text not null,
    payload jsonb not null default '{}',
    -- Five fields, as cron has them; in this time zone.
    cron text not null,
    timezone text not null default 'UTC',
    enabled boolean not null default true,
    -- Built in: may be paused and moved, not deleted.
    builtin boolean not null default false,
    next_at timestamptz not null,
    last_at timestamptz,
    last_job_id uuid,
    created_at timestamptz not null default clock_timestamp(),
    constraint job_schedules_name_length check (char_length(name) between 1 and 100)
);
create index job_schedules_due on job_schedules (next_at) where enabled;

-- Hours and days of check_runs, made by a job; they outlast the runs.
create table check_rollups (
    system_id uuid not null references systems on delete cascade,
    span text not null check (span in ('hour', 'day')),
    starts_at timestamptz not null,
    runs integer not null,
    failures integer not null,
    -- Of the runs that did not fail.
    latency_ms_avg real,
    latency_ms_p50 real,
    latency_ms_p95 real,
    latency_ms_max real,
    primary key (system_id, span, starts_at)
);
create index check_rollups_by_time on check_rollups (span, starts_at);

-- Wakes workers. Our own server rings after commit by other means (see ring_feed).
create function ring_jobs() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if coalesce(current_setting('synops.writer', true), '') <> 'server' and pg_try_advisory_xact_lock(1398361679, 4) then
        perform pg_notify('synops_jobs', '');
    end if;
    return null;
end $$;
create trigger jobs_ring_insert after insert on jobs for each statement execute function ring_jobs();
-- Of a change only what somebody waits for: a pause or its end.
create trigger job_classes_ring_update after update on job_classes for each statement execute function ring_jobs();

-- An id that stays with the data directory: who holds its lock knows that the processes which had
-- it before are gone.
alter table instances add column home_id uuid;

-- As before, but for where the rules stand.
create or replace function keep_partitions(parent text, keep interval) returns text
language plpgsql security definer
set search_path = public, pg_temp set lock_timeout = '100ms' set timezone = 'UTC' as $$
declare
    unit text := (select partitions from table_rules where name = parent);
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

create or replace function grant_server_role(role_name text) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
    read_only text;
    leaf text;
begin
    execute format('grant usage on schema public to %I', role_name);
    execute format('grant select, insert, update, delete on all tables in schema public to %I', role_name);
    execute format('grant usage on all sequences in schema public to %I', role_name);
    for read_only in select name from table_rules where not server_writes loop
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
