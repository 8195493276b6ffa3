-- What happens to Synops itself in a maintenance: which servers stop for it, how far each is, and which
-- jobs wait meanwhile.

-- What a server tells of itself besides that it lives.
alter table instances
    add column state text not null default 'starting',
    -- Since when others may count on it; null while they may not.
    add column ready_at timestamptz,
    -- Counts of what is under way: {"jobs": 3, "sockets": 12}.
    add column in_flight jsonb not null default '{}',
    add constraint instances_state_known check (state in ('starting', 'ready', 'announced', 'closing', 'draining', 'stopped')),
    add constraint instances_ready_at check ((ready_at is not null) = (state in ('ready', 'announced')));

-- The maintenance that keeps jobs of this class waiting. As a pause it is exact: a claim holds this row.
alter table job_classes
    add column blocked_by uuid references maintenances on delete set null;

-- How Synops goes down for it, as it was decided at its start.
alter table maintenances
    add column mode text,
    -- Until all is green only administrators are let in.
    add column admins_first boolean not null default false,
    add constraint maintenances_mode_known check (mode in ('full', 'rolling'));
create index maintenances_of_synops on maintenances (starts_at)
    where affects_instance and state in ('scheduled', 'in_progress', 'verifying');

-- One that is under way is closed before it goes, also when a workspace takes it along: it may be somebody
-- else's to call off.
create function maintenances_before_delete() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    if old.state in ('in_progress', 'verifying') then
        raise exception 'a maintenance that is % is not deleted', old.state
            using errcode = 'check_violation', constraint = 'maintenances_closed_first';
    end if;
    return old;
end $$;
create trigger maintenances_before_delete before delete on maintenances
    for each row execute function maintenances_before_delete();
alter table maintenances enable always trigger maintenances_before_delete;

-- A server in one maintenance of Synops itself. Those that lived when it began have a turn. Servers
-- that start later are other rows, without one: so a maintenance stops no server twice, whatever is
-- killed or restarted when.
create table maintenance_stops (
    maintenance_id uuid not null references maintenances on delete cascade,
    -- No key into instances: its row goes with the server, this one stays.
    instance_id uuid not null,
    name text not null,
    version text not null,
    roles text[] not null,
    turn integer,
    -- The steps, as the server itself took them.
    announced_at timestamptz,
    closed_at timestamptz,
    draining_at timestamptz,
    -- Until when its jobs may finish.
    drain_until timestamptz,
    stopped_at timestamptz,
    -- Which of its parts did not end in time.
    late text[] not null default '{}',
    primary key (maintenance_id, instance_id),
    constraint maintenance_stops_in_order check (
        (closed_at is null or turn is not null) and (draining_at is null or closed_at is not null)
        and (draining_at is null) = (drain_until is null) and (stopped_at is null or draining_at is not null))
);
