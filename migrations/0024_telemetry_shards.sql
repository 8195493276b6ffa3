-- Who reads what of the stream that devices' frames wait in. Used with a stream of several shards alone.

-- One owner at a time. `fence` rises with each that takes it: what an owner commits, it commits holding this row
-- and with this fence, so one that was asleep past its lease commits nothing.
create table telemetry_shards (
    shard int2 primary key,
    owner_id uuid,
    fence int8 not null default 0,
    leased_until timestamptz,
    -- Records a second that its owner kept of late.
    per_s float8 not null default 0,
    constraint telemetry_shards_number check (shard >= 0),
    constraint telemetry_shards_leased check ((owner_id is null) = (leased_until is null))
) with (fillfactor = 50);

-- Servers that listen to devices or keep what they send, by their own word. No key to `instances`: these say so
-- more often, and are gone sooner.
create table telemetry_servers (
    instance_id uuid not null,
    role text not null,
    name text not null,
    -- Devices connected by TCP.
    connected int4 not null default 0,
    -- Records a second that it kept of late; what waits in it to be kept, and for how long.
    per_s float8 not null default 0,
    pending int8 not null default 0,
    oldest_s float8 not null default 0,
    alive_until timestamptz not null,
    primary key (instance_id, role),
    constraint telemetry_servers_role_known check (role in ('ingest', 'processor'))
) with (fillfactor = 50);
