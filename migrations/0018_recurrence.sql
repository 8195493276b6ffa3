-- Maintenances in windows that come again, and as a calendar.

-- What a person's calendar program shows instead of signing in: it reads maintenances, and nothing else. Kept by its
-- SHA-256; one a person, a new one ends the one before.
create table calendar_tokens (
    person_id uuid primary key references people on delete cascade,
    token_hash bytea not null,
    created_at timestamptz not null default clock_timestamp(),
    constraint calendar_tokens_once unique (token_hash)
);

-- A maintenance that comes again: what each of its windows is like, and when they are. Each window is a maintenance of
-- its own, made some time ahead by the clock.
create table maintenance_series (
    id uuid primary key,
    -- Where its maintenances are made, which also decides who sees it.
    parent_id uuid not null references nodes on delete cascade,
    title text not null,
    body text not null default '',
    -- As of a maintenance, but for its window: affects, verify, links …
    plan jsonb not null default '{}',
    -- On the wall of its time zone.
    starts_at timestamp not null,
    timezone text not null,
    duration_s integer not null,
    -- The value of an RRULE (RFC 5545); null: the first window and the extra ones are all.
    rule text,
    -- [{"starts_at", "duration_s"?}], on the wall as well.
    windows jsonb not null default '[]',
    -- Windows that are left out, and those that somebody has deleted.
    excluded timestamp[] not null default '{}',
    ended_at timestamptz,
    -- When the clock looks for windows to make.
    look_at timestamptz not null default clock_timestamp(),
    version bigint not null default 1,
    created_by uuid,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    constraint maintenance_series_title_length check (char_length(title) between 1 and 200),
    constraint maintenance_series_body_length check (octet_length(body) <= 65536),
    constraint maintenance_series_duration_range check (duration_s between 60 and 2592000),
    constraint maintenance_series_plan_object check (jsonb_typeof(plan) = 'object' and octet_length(plan::text) <= 65536),
    constraint maintenance_series_windows_array check (jsonb_typeof(windows) = 'array'),
    constraint maintenance_series_excluded_length check (cardinality(excluded) <= 10000)
);
create index maintenance_series_by_title on maintenance_series (lower(title), id);
create index maintenance_series_by_parent on maintenance_series (parent_id);
create index maintenance_series_due on maintenance_series (look_at) where ended_at is null;

alter table maintenances
    add column series_id uuid references maintenance_series on delete set null,
    -- When it was to begin by its series, on the wall of the series' zone: what it is known by there.
    add column occurrence_at timestamp,
    -- Somebody has changed it apart from its series, which leaves it alone from then on.
    add column edited boolean not null default false;
create unique index maintenances_once_a_series on maintenances (series_id, occurrence_at) where series_id is not null;

-- A window that somebody deletes is not made anew.
create function maintenances_leave_series() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update maintenance_series set excluded = array_append(excluded, old.occurrence_at)
     where id = old.series_id and not old.occurrence_at = any(excluded);
    return null;
end $$;
create trigger maintenances_leave_series after delete on maintenances for each row
    when (old.series_id is not null) execute function maintenances_leave_series();
alter table maintenances enable always trigger maintenances_leave_series;
