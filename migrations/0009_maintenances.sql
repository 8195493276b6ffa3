-- Maintenances: planned windows in which something is taken down, what they affect, and what people
-- were told about them.

alter table nodes drop constraint nodes_kind_known, add constraint nodes_kind_known
    check (kind in ('instance', 'workspace', 'group', 'system', 'team', 'person', 'maintenance'));
alter table edges drop constraint edges_kind_known, add constraint edges_kind_known
    check (kind in ('part_of', 'owner', 'admin', 'member_of', 'reader', 'depends_on', 'relates_to', 'affects'));

create or replace function edge_allowed(edge_kind text, source_kind text, target_kind text, target_is_scope boolean) returns boolean
language sql immutable parallel safe as $$
    select case edge_kind
        when 'part_of' then (source_kind, target_kind) in (
            ('workspace', 'instance'), ('team', 'instance'), ('person', 'instance'), ('maintenance', 'instance'),
            ('team', 'workspace'), ('group', 'workspace'), ('group', 'group'),
            ('system', 'workspace'), ('system', 'group'), ('maintenance', 'workspace'), ('maintenance', 'group'))
        when 'member_of' then (source_kind = 'person' and target_kind = 'team')
            or (source_kind in ('person', 'team') and target_is_scope)
        when 'owner' then source_kind in ('person', 'team') and target_is_scope
        when 'admin' then source_kind in ('person', 'team') and target_is_scope
        when 'reader' then source_kind in ('person', 'team') and target_is_scope
        when 'depends_on' then source_kind = 'system' and target_kind = 'system'
        when 'relates_to' then true
        when 'affects' then source_kind = 'maintenance' and target_kind in ('system', 'group', 'instance')
        else false
    end
$$;

create table maintenances (
    node_id uuid primary key,
    kind text not null default 'maintenance' check (kind = 'maintenance'),
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    -- The zone it was planned in; for people, the window itself is exact.
    timezone text not null default 'UTC',
    state text not null default 'scheduled',
    -- Raised by each change of the state or the window: what was decided on an older one is void.
    fence bigint not null default 0,
    started_at timestamptz,
    -- When the work was over: by the clock, or by hand.
    ended_at timestamptz,
    -- When it was completed or cancelled.
    finished_at timestamptz,
    -- How it came to its end.
    outcome text,
    -- Whether it takes down Synops itself. Derived: a trigger keeps it level with the affects edges.
    affects_instance boolean not null default false,
    -- Whether it is completed only when the checks of what it affects are green again.
    verify boolean not null default true,
    verify_timeout_s integer not null default 600,
    -- Of jobs, while Synops itself is taken down.
    blocked_classes text[] not null default '{}',
    drain_bound_s integer not null default 300,
    -- One instance after the other, where there are enough.
    rolling boolean not null default false,
    -- [{"title", "url"}]
    links jsonb not null default '[]',
    constraint maintenances_node foreign key (node_id, kind) references nodes (id, kind) on delete cascade,
    constraint maintenances_state_known check (state in ('scheduled', 'in_progress', 'verifying', 'completed', 'cancelled')),
    constraint maintenances_outcome_known check (outcome in ('ended', 'green', 'verify_timed_out', 'closed', 'cancelled')),
    constraint maintenances_outcome_at_end check ((state in ('completed', 'cancelled')) = (outcome is not null)),
    -- No infinity: what reads a window reckons with it.
    constraint maintenances_window_finite check (starts_at between '2000-01-01Z' and '9000-01-01Z' and ends_at between '2000-01-01Z' and '9000-01-01Z'),
    constraint maintenances_window_length check (ends_at >= starts_at + interval '1 minute' and ends_at <= starts_at + interval '720 hours'),
    constraint maintenances_verify_timeout_range check (verify_timeout_s between 10 and 86400),
    constraint maintenances_drain_bound_range check (drain_bound_s between 1 and 3600),
    constraint maintenances_links_array check (jsonb_typeof(links) = 'array' and octet_length(links::text) <= 32768),
    -- Synops can be taken down by one at a time.
    constraint maintenances_one_of_synops exclude using gist (tstzrange(starts_at, ends_at) with &&)
        where (affects_instance and state in ('scheduled', 'in_progress', 'verifying'))
);
create index maintenances_by_start on maintenances (starts_at, node_id);
create index maintenances_to_start on maintenances (starts_at) where state = 'scheduled';
create index maintenances_to_end on maintenances (ends_at) where state = 'in_progress';
create index maintenances_to_verify on maintenances (ended_at) where state = 'verifying';

-- The moves a state may make. The table in domain (maintenance.rs) says the same; a test compares them.
create function maintenance_move_allowed(before text, after text) returns boolean
language sql immutable parallel safe as $$
    select (before, after) in (
        ('scheduled', 'in_progress'), ('scheduled', 'cancelled'),
        ('in_progress', 'verifying'), ('in_progress', 'completed'), ('verifying', 'completed'))
$$;

create function maintenances_before_update() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    if new.state <> old.state and not maintenance_move_allowed(old.state, new.state) then
        raise exception 'a maintenance that is % can''t become %', old.state, new.state
            using errcode = 'check_violation', constraint = 'maintenances_moves_allowed';
    end if;
    if new.state <> old.state or new.starts_at <> old.starts_at or new.ends_at <> old.ends_at then
        new.fence := old.fence + 1;
    end if;
    return new;
end $$;
create trigger maintenances_before_update before update on maintenances
    for each row execute function maintenances_before_update();

create trigger maintenances_touch_insert after insert on maintenances
    referencing new table as new_rows for each statement execute function touch_node();
create trigger maintenances_touch_update after update on maintenances
    referencing new table as new_rows for each statement execute function touch_node();

-- Keeps affects_instance level with the edges.
create function maintenances_follow_edges() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if not exists (select from changed_rows where kind = 'affects') then
        return null;
    end if;
    update maintenances m set affects_instance = w.wanted
      from (select c.source_id, exists (
                select from edges e join nodes n on n.id = e.target_id
                 where e.source_id = c.source_id and e.kind = 'affects' and n.kind = 'instance') as wanted
              from (select distinct source_id from changed_rows where kind = 'affects') c) w
     where m.node_id = w.source_id and m.affects_instance <> w.wanted;
    return null;
end $$;
create trigger maintenances_follow_insert after insert on edges
    referencing new table as changed_rows for each statement execute function maintenances_follow_edges();
create trigger maintenances_follow_delete after delete on edges
    referencing old table as changed_rows for each statement execute function maintenances_follow_edges();

-- The systems that a maintenance affects: those it names, and those that are part of a group it names.
create function affected_systems(maintenance_id uuid) returns table (system_id uuid)
language sql stable parallel safe as $$
    with recursive reached(id, kind) as (
        select n.id, n.kind from edges e join nodes n on n.id = e.target_id
         where e.source_id = maintenance_id and e.kind = 'affects' and n.kind in ('system', 'group')
        union
        select n.id, n.kind from reached r
          join edges e on e.target_id = r.id and e.kind = 'part_of'
          join nodes n on n.id = e.source_id
         where r.kind = 'group' and n.kind in ('system', 'group')
    )
    select r.id from reached r where r.kind = 'system'
$$;

-- What people were told, newest last; and what the clock did.
create table maintenance_updates (
    id uuid primary key,
    maintenance_id uuid not null references maintenances on delete cascade,
    at timestamptz not null default clock_timestamp(),
    -- Null: the server itself.
    by_id uuid,
    -- As it was then.
    by_title text,
    message text not null,
    audience text not null,
    -- The state that came with it.
    state_change text,
    constraint maintenance_updates_audience_known check (audience in ('public', 'signed_in', 'internal')),
    constraint maintenance_updates_state_known check (state_change in ('in_progress', 'verifying', 'completed', 'cancelled')),
    constraint maintenance_updates_message_length check (octet_length(message) between 1 and 8192)
);
create index maintenance_updates_by_time on maintenance_updates (maintenance_id, at desc, id desc);

-- An update is news of its maintenance.
create function maintenance_updates_touch() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update nodes set updated_at = clock_timestamp()
     where id in (select maintenance_id from new_rows) and xmin <> pg_current_xact_id()::xid;
    return null;
end $$;
create trigger maintenance_updates_touch_insert after insert on maintenance_updates
    referencing new table as new_rows for each statement execute function maintenance_updates_touch();

create trigger refuse_truncate before truncate on maintenances for each statement execute function refuse_truncate();
do $$
declare
    logged text;
    trigger_name text;
begin
    for logged, trigger_name in
        select c.relname, t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid
         where not t.tgisinternal and c.relnamespace = 'public'::regnamespace
           and (c.relname in ('maintenances', 'maintenance_updates') or t.tgname like 'maintenances_follow_%')
    loop
        execute format('alter table %I enable always trigger %I', logged, trigger_name);
    end loop;
end $$;
