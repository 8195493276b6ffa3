-- Places on the map that devices enter and leave, and what is told of a device's positions.

alter table nodes drop constraint nodes_kind_known, add constraint nodes_kind_known
    check (kind in ('instance', 'workspace', 'group', 'system', 'team', 'person', 'maintenance',
                    'view', 'environment', 'contact', 'incident', 'announcement', 'status_page', 'connection', 'device',
                    'geofence'));

alter table edges drop constraint edges_kind_known, add constraint edges_kind_known
    check (kind in ('part_of', 'owner', 'admin', 'member_of', 'reader', 'depends_on', 'relates_to', 'affects',
                    'contact_of', 'runs_in', 'shows', 'inside'));

create or replace function edge_allowed(edge_kind text, source_kind text, target_kind text, target_is_scope boolean) returns boolean
language sql immutable parallel safe as $$
    select case edge_kind
        when 'part_of' then case target_kind
            when 'instance' then source_kind in ('workspace', 'team', 'person', 'maintenance', 'view', 'environment', 'contact',
                                                 'incident', 'announcement', 'status_page', 'connection')
            when 'workspace' then source_kind in ('team', 'group', 'system', 'maintenance', 'view', 'environment', 'contact',
                                                  'incident', 'announcement', 'status_page', 'connection', 'device', 'geofence')
            when 'group' then source_kind in ('group', 'system', 'maintenance', 'contact', 'incident', 'device', 'geofence')
            else false end
        when 'member_of' then (source_kind = 'person' and target_kind = 'team')
            or (source_kind in ('person', 'team') and target_is_scope)
        when 'owner' then source_kind in ('person', 'team') and target_is_scope
        when 'admin' then source_kind in ('person', 'team') and target_is_scope
        when 'reader' then source_kind in ('person', 'team') and target_is_scope
        when 'depends_on' then source_kind = 'system' and target_kind = 'system'
        when 'relates_to' then true
        when 'affects' then (source_kind = 'maintenance' and target_kind in ('system', 'group', 'instance'))
            or (source_kind = 'incident' and target_kind in ('system', 'group'))
        when 'contact_of' then source_kind in ('person', 'team', 'contact') and target_kind in ('system', 'group')
        when 'runs_in' then source_kind = 'system' and target_kind = 'environment'
        when 'shows' then source_kind = 'status_page' and target_kind in ('system', 'group')
        when 'inside' then source_kind = 'device' and target_kind = 'geofence'
        else false
    end
$$;

create table geofences (
    node_id uuid primary key,
    kind text not null default 'geofence' check (kind = 'geofence'),
    -- {"type": "polygon", "points": [[longitude, latitude], …]} or {"type": "circle", "center": […], "radius_m": …}
    shape jsonb not null,
    -- Whoever stays so many seconds is told of.
    dwell_s int4,
    constraint geofences_node foreign key (node_id, kind) references nodes (id, kind) on delete cascade,
    constraint geofences_dwell check (dwell_s > 0)
);

-- Every shape that a geofence had, for as long as the past may be told anew: one that was moved, or is gone, was where
-- it was.
create table geofence_shapes (
    geofence_id uuid not null,
    valid_from timestamptz not null,
    valid_until timestamptz,
    shape jsonb not null,
    dwell_s int4,
    primary key (geofence_id, valid_from)
);
create index geofence_shapes_over on geofence_shapes (valid_until) where valid_until is not null;

-- Raised by each change of a shape: whoever keeps shapes in memory sees by it that they are others now.
create table geofence_revision (
    revision int8 not null,
    only_one boolean primary key default true check (only_one)
);
insert into geofence_revision (revision) values (1);

insert into table_rules (name, partitions, server_writes) values ('geofence_revision', null, false);

create function keep_geofence_shapes() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if tg_op = 'UPDATE' and new.shape = old.shape and new.dwell_s is not distinct from old.dwell_s then
        return null;
    end if;
    update geofence_revision set revision = revision + 1;
    if tg_op <> 'INSERT' then
        update geofence_shapes set valid_until = clock_timestamp() where geofence_id = old.node_id and valid_until is null;
    end if;
    if tg_op <> 'DELETE' then
        insert into geofence_shapes (geofence_id, valid_from, shape, dwell_s)
        values (new.node_id, clock_timestamp(), new.shape, new.dwell_s);
    end if;
    return null;
end $$;
create trigger geofences_keep_shapes after insert or update or delete on geofences
    for each row execute function keep_geofence_shapes();

create trigger geofences_touch_insert after insert on geofences
    referencing new table as new_rows for each statement execute function touch_node();
create trigger geofences_touch_update after update on geofences
    referencing new table as new_rows for each statement execute function touch_node();
create trigger refuse_truncate before truncate on geofences for each statement execute function refuse_truncate();
do $$
declare
    trigger_name text;
begin
    for trigger_name in
        select t.tgname from pg_trigger t where not t.tgisinternal and t.tgrelid = 'geofences'::regclass
    loop
        execute format('alter table geofences enable always trigger %I', trigger_name);
    end loop;
end $$;

alter table devices
    add motion text not null default 'unknown',
    add motion_since timestamptz,
    add constraint devices_motion_known check (motion in ('unknown', 'moving', 'stopped'));

-- A device may be heard of and have been nowhere yet.
alter table device_states
    alter last_at drop not null,
    alter latitude drop not null,
    alter longitude drop not null,
    alter altitude_m drop not null,
    alter heading_deg drop not null,
    alter speed_kmh drop not null,
    alter satellites drop not null,
    -- All that is known behind the last position: what the next one goes on from.
    add fold jsonb not null default '{}',
    -- Positions from then on came late, or are judged otherwise now: its story is to be told anew.
    add retell_from timestamptz,
    -- Until when the last of its checkpoints was told.
    add checkpoint_at timestamptz;
create index device_states_retell on device_states (device_id) where retell_from is not null;

-- States as they were, to tell anew from.
create table device_checkpoints (
    device_id uuid not null references nodes on delete cascade,
    told_at timestamptz not null,
    told_digest int8 not null,
    fold jsonb not null,
    primary key (device_id, told_at, told_digest)
);

-- When a device was in a geofence. One that is gone has still been visited.
create table timing_records (
    device_id uuid not null references nodes on delete cascade,
    geofence_id uuid not null,
    entered_at timestamptz not null,
    left_at timestamptz,
    -- It has stayed for the geofence's dwell time.
    dwelt boolean not null default false,
    primary key (device_id, geofence_id, entered_at)
);
create index timing_records_by_time on timing_records (device_id, entered_at, geofence_id);
create index timing_records_of_geofence on timing_records (geofence_id, entered_at, device_id);

create table trips (
    device_id uuid not null references nodes on delete cascade,
    began_at timestamptz not null,
    ended_at timestamptz,
    from_longitude float8 not null,
    from_latitude float8 not null,
    to_longitude float8 not null,
    to_latitude float8 not null,
    distance_mm int8 not null,
    max_speed_kmh int2 not null,
    primary key (device_id, began_at)
);

create table stops (
    device_id uuid not null references nodes on delete cascade,
    began_at timestamptz not null,
    ended_at timestamptz,
    longitude float8 not null,
    latitude float8 not null,
    primary key (device_id, began_at)
);

-- What somebody has a device told. An answer comes in the order of the commands, and names none.
create table device_commands (
    id uuid primary key,
    device_id uuid not null references nodes on delete cascade,
    text text not null,
    codec int2 not null,
    state text not null default 'queued',
    answer text,
    created_by uuid,
    created_at timestamptz not null default clock_timestamp(),
    sent_at timestamptz,
    answered_at timestamptz,
    constraint device_commands_codec_known check (codec in (12, 14)),
    constraint device_commands_state_known check (state in ('queued', 'sent', 'answered', 'timed_out', 'failed')),
    constraint device_commands_text_length check (octet_length(text) between 1 and 512)
);
create index device_commands_of_device on device_commands (device_id, created_at desc, id desc);
create index device_commands_open on device_commands (created_at) where state in ('queued', 'sent');
