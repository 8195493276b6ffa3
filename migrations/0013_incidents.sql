-- Incidents: what went wrong, what it affects, and what people were told; and the timeline, which
-- maintenances and incidents share.

alter table maintenance_updates rename to timeline_updates;
alter table timeline_updates rename column maintenance_id to node_id;
alter table timeline_updates rename constraint maintenance_updates_pkey to timeline_updates_pkey;
alter table timeline_updates rename constraint maintenance_updates_audience_known to timeline_updates_audience_known;
alter table timeline_updates rename constraint maintenance_updates_message_length to timeline_updates_message_length;
alter index maintenance_updates_by_time rename to timeline_updates_by_time;
alter table timeline_updates
    drop constraint maintenance_updates_maintenance_id_fkey,
    drop constraint maintenance_updates_state_known,
    add constraint timeline_updates_node_id_fkey foreign key (node_id) references nodes on delete cascade,
    add constraint timeline_updates_state_known check (state_change in (
        'in_progress', 'verifying', 'completed', 'cancelled',
        'investigating', 'identified', 'fixing', 'monitoring', 'resolved')),
    -- Raised by each edit.
    add column version bigint not null default 1,
    add column edited_at timestamptz;

-- What an update said before it was edited, and to whom.
create table timeline_edits (
    id uuid primary key,
    update_id uuid not null references timeline_updates on delete cascade,
    -- When it was replaced.
    at timestamptz not null default clock_timestamp(),
    -- Who replaced it; null: the server itself, or somebody with psql.
    by_id uuid,
    by_title text,
    message text not null,
    audience text not null,
    constraint timeline_edits_audience_known check (audience in ('public', 'signed_in', 'internal'))
);
create index timeline_edits_by_time on timeline_edits (update_id, at desc, id desc);

-- An update is news of what it is about, and so is an edit.
drop trigger maintenance_updates_touch_insert on timeline_updates;
drop function maintenance_updates_touch();
create trigger timeline_updates_touch_insert after insert on timeline_updates
    referencing new table as new_rows for each statement execute function touch_node();
create trigger timeline_updates_touch_update after update on timeline_updates
    referencing new table as new_rows for each statement execute function touch_node();

create table incidents (
    node_id uuid primary key,
    kind text not null default 'incident' check (kind = 'incident'),
    state text not null default 'investigating',
    severity text not null default 'minor',
    -- While it is open what it affects is at least that; null: as its checks say.
    health_override text,
    -- Raised by each change of the state: what was decided on an older one is void.
    fence bigint not null default 0,
    started_at timestamptz not null default clock_timestamp(),
    acknowledged_at timestamptz,
    -- Somebody who is gone leaves their id here and nothing else.
    acknowledged_by uuid,
    resolved_at timestamptz,
    -- While it is open alerts of what it affects are kept quiet.
    suppress boolean not null default false,
    -- Opened by a rule of the system that is its cause.
    automatic boolean not null default false,
    cause_id uuid references nodes on delete set null,
    -- [{"title", "url"}]
    links jsonb not null default '[]',
    constraint incidents_node foreign key (node_id, kind) references nodes (id, kind) on delete cascade,
    constraint incidents_state_known check (state in ('investigating', 'identified', 'fixing', 'monitoring', 'resolved')),
    constraint incidents_severity_known check (severity in ('minor', 'major', 'critical')),
    constraint incidents_health_override_known check (health_override in ('degraded', 'down')),
    constraint incidents_resolved_at_end check ((state = 'resolved') = (resolved_at is not null)),
    constraint incidents_times_finite check (started_at between '2000-01-01Z' and '9000-01-01Z'),
    constraint incidents_links_array check (jsonb_typeof(links) = 'array' and octet_length(links::text) <= 32768)
);
create index incidents_by_start on incidents (started_at, node_id);
create index incidents_open on incidents (node_id) where state <> 'resolved';
create index incidents_overriding on incidents (node_id) where state <> 'resolved' and health_override is not null;
create unique index incidents_one_by_cause on incidents (cause_id) where automatic and state <> 'resolved';
create index incidents_by_cause on incidents (cause_id) where cause_id is not null;

-- The moves a state may make. The table in domain (incident.rs) says the same; a test compares them.
create function incident_move_allowed(before text, after text) returns boolean
language sql immutable parallel safe as $$
    select before <> after and (before <> 'resolved' or after = 'investigating')
$$;

create function incidents_before_update() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    if new.state <> old.state then
        if not incident_move_allowed(old.state, new.state) then
            raise exception 'an incident that is % can''t become %', old.state, new.state
                using errcode = 'check_violation', constraint = 'incidents_moves_allowed';
        end if;
        new.fence := old.fence + 1;
    end if;
    return new;
end $$;
create trigger incidents_before_update before update on incidents
    for each row execute function incidents_before_update();

create trigger incidents_touch_insert after insert on incidents
    referencing new table as new_rows for each statement execute function touch_node();
create trigger incidents_touch_update after update on incidents
    referencing new table as new_rows for each statement execute function touch_node();

-- Incidents and maintenances by which these systems are affected, by name or by a group around them.
create function affecting(ids uuid[]) returns table (system_id uuid, node_id uuid)
language sql stable parallel safe as $$
    with recursive around(system_id, id) as (
        select s, s from unnest(ids) s
        union
        select a.system_id, e.target_id from around a join edges e on e.source_id = a.id and e.kind = 'part_of'
    )
    select distinct a.system_id, e.source_id
      from around a join nodes n on n.id = a.id and n.kind in ('system', 'group')
      join edges e on e.target_id = a.id and e.kind = 'affects'
$$;

-- Of these systems those whose alerts are kept quiet now: by an open incident that says so, or by a
-- maintenance that is under way by state or by the clock, so that a late start lets nothing through.
create function suppressed_systems(ids uuid[]) returns table (system_id uuid)
language sql stable parallel safe as $$
    select distinct a.system_id from affecting(ids) a
     where exists (select from incidents i where i.node_id = a.node_id and i.suppress and i.state <> 'resolved')
        or exists (select from maintenances m
                    where m.node_id = a.node_id
                      and (m.state in ('in_progress', 'verifying')
                           or (m.state = 'scheduled' and m.starts_at <= clock_timestamp() and m.ends_at > clock_timestamp())))
$$;

-- How bad systems are by themselves: by their checks, or by what an open incident says of them.
create or replace function own_severities(ids uuid[]) returns table (system_id uuid, severity integer)
language sql stable as $$
    select s.node_id, greatest(severity_of(s.state), coalesce(o.severity, 0))
      from systems s
      left join (
        select a.system_id, max(severity_of(i.health_override)) as severity
          from affecting(case when exists (select from incidents where state <> 'resolved' and health_override is not null)
                              then ids end) a
          join incidents i on i.node_id = a.node_id and i.state <> 'resolved'
         group by a.system_id) o on o.system_id = s.node_id
     where s.node_id = any(ids)
$$;

create or replace function takes_part(ids uuid[]) returns boolean
language sql stable as $$
    select exists (select from edges e where e.source_id = any(ids) and e.kind = 'depends_on')
        or exists (select from edges e where e.target_id = any(ids) and e.kind = 'depends_on')
        or exists (select from incidents i where i.state <> 'resolved' and i.health_override is not null)
$$;

-- The systems among these nodes and in the groups among them.
create function systems_within(ids uuid[]) returns table (system_id uuid)
language sql stable parallel safe as $$
    with recursive within(id, kind) as (
        select n.id, n.kind from nodes n where n.id = any(ids) and n.kind in ('system', 'group')
        union
        select n.id, n.kind from within w
          join edges e on e.target_id = w.id and e.kind = 'part_of'
          join nodes n on n.id = e.source_id
         where w.kind = 'group' and n.kind in ('system', 'group')
    )
    select w.id from within w where w.kind = 'system'
$$;

-- What is said of these systems and groups is another. The groups are held, so that what is put into one
-- meanwhile is waited for, or waits and then sees it.
create function derive_within(ids uuid[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    system_ids uuid[];
begin
    perform lock_dependencies();
    perform from nodes n
      where n.id in (
        with recursive within(id) as (
            select g.id from nodes g where g.id = any(ids) and g.kind = 'group'
            union
            select g.id from within w
              join edges e on e.target_id = w.id and e.kind = 'part_of'
              join nodes g on g.id = e.source_id and g.kind = 'group'
        )
        select w.id from within w)
      order by n.id for no key update;
    select array_agg(w.system_id) into system_ids from systems_within(ids) w;
    if system_ids is not null then
        perform derive_states(system_ids);
    end if;
end $$;

-- What an incident says of what it affects begins and ends with it. (A new one has no edges yet, and one
-- that is deleted leaves by its edges.)
create function incidents_derive() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    ids uuid[];
begin
    select array_agg(distinct e.target_id) into ids
      from new_rows n join old_rows o using (node_id) join edges e on e.source_id = n.node_id and e.kind = 'affects'
     where (n.health_override is not null or o.health_override is not null)
       and ((n.state = 'resolved') <> (o.state = 'resolved') or n.health_override is distinct from o.health_override);
    if ids is not null then
        perform derive_within(ids);
    end if;
    return null;
end $$;
create trigger incidents_z_derive_update after update on incidents
    referencing old table as old_rows new table as new_rows for each statement execute function incidents_derive();

-- What an incident affects changes with its edges, and with what is moved into or out of a group that it
-- names. (What is made there is derived with its facet.)
create function incidents_follow_edges() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    ids uuid[];
begin
    if tg_op = 'UPDATE' then
        select array_agg(n.source_id) into ids
          from changed_rows n join old_rows o using (id) where n.kind = 'part_of' and n.target_id <> o.target_id;
        if ids is null then
            return null;
        end if;
        -- Before it is asked whether anything is said at all: an incident may be in the making.
        perform lock_dependencies();
        if not exists (select from incidents where state <> 'resolved' and health_override is not null) then
            return null;
        end if;
    else
        -- Of what is deleted with its incident nobody can tell any more what the incident said.
        select array_agg(c.target_id) into ids from changed_rows c
         where c.kind = 'affects'
           and (exists (select from incidents i where i.node_id = c.source_id and i.health_override is not null)
                or not exists (select from nodes n where n.id = c.source_id));
        if ids is null then
            return null;
        end if;
    end if;
    perform derive_within(ids);
    return null;
end $$;
create trigger incidents_follow_insert after insert on edges
    referencing new table as changed_rows for each statement execute function incidents_follow_edges();
create trigger incidents_follow_update after update on edges
    referencing old table as old_rows new table as changed_rows for each statement execute function incidents_follow_edges();
create trigger incidents_follow_delete after delete on edges
    referencing old table as changed_rows for each statement execute function incidents_follow_edges();

-- A window, or an open incident, that lost the last of what it affected because that was deleted stays,
-- and says so.
create function timeline_of_the_emptied() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into timeline_updates (id, node_id, message, audience)
    select gen_random_uuid(), n.id, 'What it affected was deleted: nothing of it is left.', 'public'
      from (select distinct o.source_id from old_rows o
             where o.kind = 'affects' and not exists (select from nodes t where t.id = o.target_id)) c
      join nodes n on n.id = c.source_id
     where not exists (select from edges e where e.source_id = n.id and e.kind = 'affects')
       and (exists (select from maintenances m where m.node_id = n.id and m.state in ('scheduled', 'in_progress', 'verifying'))
            or exists (select from incidents i where i.node_id = n.id and i.state <> 'resolved'));
    return null;
end $$;
create trigger timeline_of_the_emptied after delete on edges
    referencing old table as old_rows for each statement execute function timeline_of_the_emptied();

create trigger refuse_truncate before truncate on incidents for each statement execute function refuse_truncate();
do $$
declare
    logged text;
    trigger_name text;
begin
    for logged, trigger_name in
        select c.relname, t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid
         where not t.tgisinternal and c.relnamespace = 'public'::regnamespace
           and (c.relname in ('incidents', 'timeline_updates')
                or t.tgname like 'incidents_follow_%' or t.tgname = 'timeline_of_the_emptied')
    loop
        execute format('alter table %I enable always trigger %I', logged, trigger_name);
    end loop;
end $$;
