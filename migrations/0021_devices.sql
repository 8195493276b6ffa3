-- Devices that send telemetry, and where they were.

alter table nodes drop constraint nodes_kind_known, add constraint nodes_kind_known
    check (kind in ('instance', 'workspace', 'group', 'system', 'team', 'person', 'maintenance',
                    'view', 'environment', 'contact', 'incident', 'announcement', 'status_page', 'connection', 'device'));

create or replace function edge_allowed(edge_kind text, source_kind text, target_kind text, target_is_scope boolean) returns boolean
language sql immutable parallel safe as $$
    select case edge_kind
        when 'part_of' then case target_kind
            when 'instance' then source_kind in ('workspace', 'team', 'person', 'maintenance', 'view', 'environment', 'contact',
                                                 'incident', 'announcement', 'status_page', 'connection')
            when 'workspace' then source_kind in ('team', 'group', 'system', 'maintenance', 'view', 'environment', 'contact',
                                                  'incident', 'announcement', 'status_page', 'connection', 'device')
            when 'group' then source_kind in ('group', 'system', 'maintenance', 'contact', 'incident', 'device')
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
        else false
    end
$$;

create table devices (
    node_id uuid primary key,
    kind text not null default 'device' check (kind = 'device'),
    imei text not null,
    model text not null default '',
    -- Heard of lately. Changes when that does, not with each record.
    online boolean not null default false,
    online_since timestamptz,
    constraint devices_node foreign key (node_id, kind) references nodes (id, kind) on delete cascade,
    constraint devices_imei_form check (imei ~ '^[0-9]{15}$'),
    constraint devices_imei_once unique (imei),
    constraint devices_model_length check (char_length(model) <= 100)
);
create index devices_online on devices (node_id) where online;

-- What a device was found to be by the records that are in `positions`: one row a device, written in the
-- transaction that writes those. `version` guards it against two who would write it at once.
create table device_states (
    device_id uuid primary key references nodes on delete cascade,
    version int8 not null default 1,
    -- Of the latest record.
    last_at timestamptz not null,
    received_at timestamptz not null,
    latitude float8 not null,
    longitude float8 not null,
    altitude_m int2 not null,
    heading_deg int2 not null,
    speed_kmh int2 not null,
    satellites int2 not null,
    io jsonb not null default '{}'
) with (fillfactor = 70);

-- No key to the device: a check of it would cost each record a look, and deleting a device would wait for the
-- deleting of its millions. Rows of a device that is gone are read by nobody, and go with their day.
create table positions (
    device_id uuid not null,
    -- By the device's clock.
    at timestamptz not null,
    -- Tells two records of one instant apart: see domain/src/telemetry/codec/record.rs.
    digest int8 not null,
    received_at timestamptz not null default clock_timestamp(),
    latitude float8 not null,
    longitude float8 not null,
    altitude_m int2 not null,
    heading_deg int2 not null,
    speed_kmh int2 not null,
    satellites int2 not null,
    priority int2 not null,
    event_id int4 not null,
    -- IO values by id: {"239": 1}
    io jsonb not null default '{}',
    -- Why it can't be true; such a one is kept, and left out of what is made of positions.
    faulty text,
    constraint positions_faulty_known check (faulty in ('no_fix', 'jump', 'future', 'marked')),
    primary key (device_id, at, digest)
) partition by range (at);
create table positions_default partition of positions default;
create index positions_by_time on positions using brin (at);

-- Devices send what they kept while they were out of reach: rows of days past are caught by the default partition,
-- and upkeep makes those days' partitions for them.
insert into table_rules (name, partitions, server_writes) values ('positions', 'day', true);

create trigger devices_touch_insert after insert on devices
    referencing new table as new_rows for each statement execute function touch_node();
create trigger devices_touch_update after update on devices
    referencing new table as new_rows for each statement execute function touch_node();
create trigger refuse_truncate before truncate on devices for each statement execute function refuse_truncate();
do $$
declare
    trigger_name text;
begin
    for trigger_name in
        select t.tgname from pg_trigger t where not t.tgisinternal and t.tgrelid = 'devices'::regclass
    loop
        execute format('alter table devices enable always trigger %I', trigger_name);
    end loop;
end $$;
