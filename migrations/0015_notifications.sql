-- Notifications: who wants to be told of what, what they were told, and how it went out.

create table subscriptions (
    id uuid primary key,
    subscriber_id uuid not null,
    subscriber_kind text not null check (subscriber_kind in ('person', 'team')),
    -- A system, group or workspace, and what is in it; null: everything.
    target_id uuid references nodes on delete cascade,
    -- None: all.
    kinds text[] not null default '{}',
    -- Null: to the notification centre, and by mail.
    connection_id uuid references connections on delete cascade,
    created_by uuid,
    created_at timestamptz not null default clock_timestamp(),
    constraint subscriptions_subscriber foreign key (subscriber_id, subscriber_kind) references nodes (id, kind) on delete cascade,
    constraint subscriptions_once unique nulls not distinct (subscriber_id, target_id, connection_id)
);
create index subscriptions_by_target on subscriptions (target_id);
create index subscriptions_by_connection on subscriptions (connection_id) where connection_id is not null;

create table notification_preferences (
    person_id uuid primary key references nodes on delete cascade,
    in_app boolean not null default true,
    mail boolean not null default true,
    ntfy boolean not null default true,
    -- On the clock of the time zone; `quiet_to` before `quiet_from`: of the next day.
    quiet_from time,
    quiet_to time,
    timezone text,
    constraint notification_preferences_quiet_whole check (num_nulls(quiet_from, quiet_to, timezone) in (0, 3))
);

-- The notification centre.
create table notifications (
    id uuid primary key,
    person_id uuid not null references nodes on delete cascade,
    event_id uuid not null,
    at timestamptz not null default clock_timestamp(),
    kind text not null,
    node_id uuid not null references nodes on delete cascade,
    node_kind text not null,
    title text not null,
    body text not null,
    -- While it is unread, another with the same key becomes one with it.
    collapse_key text not null,
    count integer not null default 1,
    read_at timestamptz
);
create unique index notifications_collapsed on notifications (person_id, collapse_key) where read_at is null;
create index notifications_by_person on notifications (person_id, at desc, id desc);
create index notifications_by_node on notifications (node_id);
create index notifications_by_age on notifications (at);

-- One row for each event, recipient and channel, written in the transaction of the change.
create table deliveries (
    id uuid primary key,
    event_id uuid not null,
    at timestamptz not null default clock_timestamp(),
    kind text not null,
    node_id uuid not null references nodes on delete cascade,
    channel text not null check (channel in ('smtp', 'webhook', 'slack', 'ntfy')),
    -- Of a connection that was deleted: null.
    connection_id uuid references connections on delete set null,
    -- A person for mail, else the connection.
    recipient_id uuid not null,
    -- Whom it goes to, for people.
    recipient text not null,
    person_id uuid references nodes on delete cascade,
    -- On whose subscription a connection is told.
    subscriber_id uuid references nodes on delete cascade,
    -- Of mail.
    address text,
    -- Whom its words are for.
    audience text not null check (audience in ('public', 'signed_in', 'internal')),
    state text not null default 'queued' check (state in ('queued', 'held', 'sent', 'failed', 'dead', 'withdrawn')),
    held_until timestamptz,
    attempts integer not null default 0,
    -- The same on every attempt.
    message_id text not null,
    -- What it is made from, as it was.
    fields jsonb not null,
    -- As it went out.
    subject text,
    body text,
    error text,
    job_id uuid not null,
    sent_at timestamptz,
    constraint deliveries_once unique (event_id, recipient_id, channel)
);
create index deliveries_by_time on deliveries (at desc, id desc);
create index deliveries_by_person on deliveries (person_id, at desc, id desc) where person_id is not null;
create index deliveries_by_subscriber on deliveries (subscriber_id) where subscriber_id is not null;
create index deliveries_by_connection on deliveries (connection_id, at desc, id desc);
create index deliveries_by_node on deliveries (node_id);

create table delivery_attempts (
    id uuid primary key,
    delivery_id uuid not null references deliveries on delete cascade,
    at timestamptz not null default clock_timestamp(),
    ok boolean not null,
    -- What the other side answered, or why there was no answer.
    detail text not null,
    took_ms integer not null
);
create index delivery_attempts_by_delivery on delivery_attempts (delivery_id, id);

-- Each reminder once, whoever sees that it is due.
create table maintenance_reminders (
    maintenance_id uuid not null references maintenances on delete cascade,
    starts_at timestamptz not null,
    minutes integer not null,
    primary key (maintenance_id, starts_at, minutes)
);

-- When the window was set as it is: what was to be said before that is not said late.
alter table maintenances add column window_set_at timestamptz not null default clock_timestamp();
create function maintenances_window_set() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    new.window_set_at := clock_timestamp();
    return new;
end $$;
create trigger maintenances_window_set before update of starts_at on maintenances
    for each row when (new.starts_at <> old.starts_at) execute function maintenances_window_set();
alter table maintenances enable always trigger maintenances_window_set;

-- A job that failed for good says so of its delivery, in the same transaction, whoever finds that it did.
create function dead_letters_mark_delivery() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update deliveries set state = 'dead', error = left(new.error, 2000)
     where job_id = new.id and state in ('queued', 'held', 'failed');
    return null;
end $$;
create trigger dead_letters_mark_delivery after insert on dead_letters
    for each row when (new.kind = 'deliver') execute function dead_letters_mark_delivery();
alter table dead_letters enable always trigger dead_letters_mark_delivery;

-- What is somebody's alone is told to their own sockets, and without its content.
create function log_inbox() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if tg_op = 'DELETE' then
        insert into change_log (entity, id, kind, op) select distinct 'inbox', o.person_id, tg_argv[0], 'delete' from old_rows o;
    else
        insert into change_log (entity, id, kind, op) select distinct 'inbox', n.person_id, tg_argv[0], lower(tg_op) from new_rows n;
    end if;
    perform ring_feed();
    return null;
end $$;
create trigger aa_log_insert after insert on notifications
    referencing new table as new_rows for each statement execute function log_inbox('notifications');
create trigger aa_log_update after update on notifications
    referencing new table as new_rows for each statement execute function log_inbox('notifications');
create trigger aa_log_delete after delete on notifications
    referencing old table as old_rows for each statement execute function log_inbox('notifications');
create trigger refuse_truncate before truncate on notifications for each statement execute function refuse_truncate();
do $$
declare
    trigger_name text;
begin
    for trigger_name in
        select t.tgname from pg_trigger t where not t.tgisinternal and t.tgrelid = 'notifications'::regclass
    loop
        execute format('alter table notifications enable always trigger %I', trigger_name);
    end loop;
end $$;
