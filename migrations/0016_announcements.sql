-- Announcements. Each is a scope of its own, whose visibility the clock sets at its begin and its end: so
-- whoever may see it sees it then, and nobody before or after.

create table announcements (
    node_id uuid primary key,
    kind text not null default 'announcement' check (kind = 'announcement'),
    severity text not null default 'info',
    audience text not null default 'signed_in',
    style text not null default 'banner',
    starts_at timestamptz not null,
    ends_at timestamptz,
    state text not null default 'scheduled',
    constraint announcements_node foreign key (node_id, kind) references nodes (id, kind) on delete cascade,
    constraint announcements_severity_known check (severity in ('info', 'warning', 'critical')),
    constraint announcements_audience_known check (audience in ('all', 'signed_in', 'members')),
    constraint announcements_style_known check (style in ('banner', 'page')),
    constraint announcements_state_known check (state in ('scheduled', 'active', 'ended')),
    constraint announcements_times_finite check (starts_at between '2000-01-01Z' and '9000-01-01Z'
        and coalesce(ends_at, starts_at) between '2000-01-01Z' and '9000-01-01Z'),
    constraint announcements_ends_later check (ends_at > starts_at)
);
create index announcements_to_start on announcements (starts_at) where state = 'scheduled';
create index announcements_to_end on announcements (ends_at) where state <> 'ended';

create table announcement_dismissals (
    announcement_id uuid not null references announcements on delete cascade,
    person_id uuid not null references nodes on delete cascade,
    at timestamptz not null default clock_timestamp(),
    primary key (person_id, announcement_id)
);
create index announcement_dismissals_by_announcement on announcement_dismissals (announcement_id);

create trigger announcements_touch_insert after insert on announcements
    referencing new table as new_rows for each statement execute function touch_node();
create trigger announcements_touch_update after update on announcements
    referencing new table as new_rows for each statement execute function touch_node();
create trigger refuse_truncate before truncate on announcements for each statement execute function refuse_truncate();
create trigger aa_log_insert after insert on announcement_dismissals
    referencing new table as new_rows for each statement execute function log_inbox('dismissals');
create trigger aa_log_delete after delete on announcement_dismissals
    referencing old table as old_rows for each statement execute function log_inbox('dismissals');
create trigger refuse_truncate before truncate on announcement_dismissals for each statement execute function refuse_truncate();
do $$
declare
    logged text;
    trigger_name text;
begin
    for logged, trigger_name in
        select c.relname, t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid
         where not t.tgisinternal and c.relnamespace = 'public'::regnamespace
           and c.relname in ('announcements', 'announcement_dismissals')
    loop
        execute format('alter table %I enable always trigger %I', logged, trigger_name);
    end loop;
end $$;
