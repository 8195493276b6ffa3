-- Systems and their checks.

create table systems (
    node_id uuid primary key,
    kind text not null default 'system' check (kind = 'system'),
    state text not null default 'unknown',
    state_since timestamptz not null default clock_timestamp(),
    state_reason text,
    -- What to check: {"type": "http" | "tcp" | "postgres", …}; null for a system that is not checked.
    check_spec jsonb,
    enabled boolean not null default true,
    interval_s integer not null default 60,
    timeout_ms integer not null default 5000,
    failures_to_down smallint not null default 3,
    constraint systems_node foreign key (node_id, kind) references nodes (id, kind) on delete cascade,
    constraint systems_state_known check (state in ('up', 'degraded', 'down', 'unknown')),
    constraint systems_check_object check (check_spec is null or jsonb_typeof(check_spec) = 'object'),
    constraint systems_interval_range check (interval_s between 5 and 86400),
    constraint systems_timeout_range check (timeout_ms between 100 and 60000),
    constraint systems_failures_range check (failures_to_down between 1 and 20)
);
create index systems_by_state on systems (state) where state <> 'up';

-- When each system is next due, and who is at it. Not a facet: its writes are no news to anybody.
create table check_schedule (
    system_id uuid primary key references systems on delete cascade,
    next_at timestamptz not null,
    -- An instance that claimed it holds it until then; the fence refuses what a late one writes.
    lease_until timestamptz,
    fence bigint not null default 0,
    consecutive_failures integer not null default 0
) with (fillfactor = 70);
create index check_schedule_due on check_schedule (next_at);

-- The one secret a check can need. Never part of a node, an event or the audit log.
create table check_secrets (
    system_id uuid primary key references systems on delete cascade,
    password text not null
);

create table check_runs (
    system_id uuid not null,
    at timestamptz not null default clock_timestamp(),
    ok boolean not null,
    latency_ms real,
    error text
) partition by range (at);
create index check_runs_by_system on check_runs (system_id, at desc);
create table check_runs_default partition of check_runs default;

-- What is not checked is not known; a changed check is due at once.
create function systems_before_write() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    if (new.check_spec is null or not new.enabled) and new.state <> 'unknown' then
        new.state := 'unknown';
        new.state_reason := null;
    end if;
    if tg_op = 'UPDATE' and new.state <> old.state then
        new.state_since := clock_timestamp();
    end if;
    return new;
end $$;
create trigger systems_before_write before insert or update on systems
    for each row execute function systems_before_write();

create function systems_schedule() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    insert into check_schedule (system_id, next_at) values (new.node_id, clock_timestamp())
    on conflict (system_id) do update
        -- The fence rises: what a run of the old check finds is not this check's.
        set next_at = excluded.next_at, lease_until = null, consecutive_failures = 0, fence = check_schedule.fence + 1;
    return null;
end $$;
create trigger systems_schedule_insert after insert on systems
    for each row execute function systems_schedule();
create trigger systems_schedule_update after update on systems for each row
    when (new.check_spec is distinct from old.check_spec or new.enabled <> old.enabled
          or new.interval_s <> old.interval_s or new.timeout_ms <> old.timeout_ms)
    execute function systems_schedule();

create trigger systems_touch_insert after insert on systems
    referencing new table as new_rows for each statement execute function touch_node();
create trigger systems_touch_update after update on systems
    referencing new table as new_rows for each statement execute function touch_node();
