-- Conversations: channels and their messages. And the kinds that boards and notes add (0026).

alter table nodes drop constraint nodes_kind_known, add constraint nodes_kind_known
    check (kind in ('instance', 'workspace', 'group', 'system', 'team', 'person', 'maintenance',
                    'view', 'environment', 'contact', 'incident', 'announcement', 'status_page', 'connection', 'device',
                    'geofence', 'channel', 'message', 'board', 'column', 'card', 'note'));

create or replace function edge_allowed(edge_kind text, source_kind text, target_kind text, target_is_scope boolean) returns boolean
language sql immutable parallel safe as $$
    select case edge_kind
        when 'part_of' then case target_kind
            when 'instance' then source_kind in ('workspace', 'team', 'person', 'maintenance', 'view', 'environment', 'contact',
                                                 'incident', 'announcement', 'status_page', 'connection', 'channel', 'board', 'note')
            when 'workspace' then source_kind in ('team', 'group', 'system', 'maintenance', 'view', 'environment', 'contact',
                                                  'incident', 'announcement', 'status_page', 'connection', 'device', 'geofence',
                                                  'channel', 'board', 'note')
            when 'group' then source_kind in ('group', 'system', 'maintenance', 'contact', 'incident', 'device', 'geofence',
                                              'channel', 'board', 'note')
            when 'maintenance' then source_kind in ('channel', 'board', 'note')
            when 'incident' then source_kind in ('channel', 'board', 'note')
            when 'system' then source_kind in ('channel', 'note')
            when 'board' then source_kind in ('channel', 'column', 'card')
            when 'channel' then source_kind = 'message'
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

-- Channels and boards may be for other people than what is around them; and one that moves takes what is in it
-- along without touching it.
create or replace function always_scope(node_kind text) returns boolean
language sql immutable parallel safe as $$
    select node_kind in ('instance', 'workspace', 'announcement', 'status_page', 'channel', 'board')
$$;

drop trigger nodes_root_scope on nodes;
create trigger nodes_root_scope after insert on nodes for each row
    when (new.kind in ('instance', 'workspace', 'announcement', 'status_page', 'channel', 'board')) execute function nodes_root_scope();
alter table nodes enable always trigger nodes_root_scope;

-- A message stays in its channel, a column and a card on their board: their places there are of it.
create function edges_stay() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    if exists (select from nodes n where n.id = old.source_id and n.kind in ('message', 'column', 'card')) then
        raise exception 'messages, columns and cards stay where they were made'
            using errcode = 'check_violation', constraint = 'edges_stay';
    end if;
    return new;
end $$;
create trigger edges_stay before update of target_id on edges for each row
    when (old.kind = 'part_of' and new.target_id <> old.target_id) execute function edges_stay();
alter table edges enable always trigger edges_stay;

create table channels (
    node_id uuid primary key,
    kind text not null default 'channel' check (kind = 'channel'),
    -- The system, incident, maintenance or board whose channel it is; each has one at most.
    beside_id uuid references nodes on delete cascade,
    -- How much of it readers are given first: none, so many messages, or those of so many days.
    history text not null default 'messages',
    history_size integer not null default 50,
    -- Of its newest message. Raised under this row's lock, so that all readers see one order.
    last_number bigint not null default 0,
    last_at timestamptz,
    constraint channels_node foreign key (node_id, kind) references nodes (id, kind) on delete cascade,
    constraint channels_beside_once unique (beside_id),
    constraint channels_history_known check (history in ('none', 'messages', 'days')),
    constraint channels_history_size check (history_size between 1 and 366)
);

-- What a channel is has changed, and not merely how far it is.
create function channels_touch() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update nodes set updated_at = clock_timestamp()
     where id in (select n.node_id from new_rows n join old_rows o using (node_id)
                   where (n.beside_id, n.history, n.history_size) is distinct from (o.beside_id, o.history, o.history_size))
       and xmin <> pg_current_xact_id()::xid;
    return null;
end $$;
create trigger channels_touch_insert after insert on channels
    referencing new table as new_rows for each statement execute function touch_node();
create trigger channels_touch_update after update on channels
    referencing old table as old_rows new table as new_rows for each statement execute function channels_touch();

-- Made for many: each key begins with or holds the channel, so that it can be partitioned by it as it is.
create table messages (
    node_id uuid not null,
    kind text not null default 'message' check (kind = 'message'),
    channel_id uuid not null,
    -- What it answers; the channel itself for one that stands for itself.
    thread_id uuid not null,
    -- From 1 without gaps, within its thread: a message that is deleted keeps its place.
    number bigint not null,
    -- Its author's name as it was; who they are is `created_by` of the node.
    author_title text,
    edited_at timestamptz,
    deleted_at timestamptz,
    pinned_at timestamptz,
    pinned_by uuid,
    -- Since when it is on the timeline of what the channel is beside.
    promoted_at timestamptz,
    replies integer not null default 0,
    last_reply_at timestamptz,
    -- Nodes that its text names, as far as its author could see them.
    mentions uuid[] not null default '{}',
    constraint messages_pkey primary key (channel_id, thread_id, number),
    constraint messages_node_once unique (node_id, channel_id),
    constraint messages_node foreign key (node_id, kind) references nodes (id, kind) on delete cascade,
    constraint messages_number_positive check (number > 0),
    constraint messages_mentions_bounded check (cardinality(mentions) <= 50)
);
create index messages_pinned on messages (channel_id, pinned_at) where pinned_at is not null;
create trigger messages_touch_insert after insert on messages
    referencing new table as new_rows for each statement execute function touch_node();
create trigger messages_touch_update after update on messages
    referencing new table as new_rows for each statement execute function touch_node();

-- What a message said before it was edited.
create table message_edits (
    id uuid primary key,
    message_id uuid not null references nodes on delete cascade,
    -- When it was replaced.
    at timestamptz not null default clock_timestamp(),
    body text not null
);
create index message_edits_by_time on message_edits (message_id, at desc, id desc);

create table message_reactions (
    message_id uuid not null references nodes on delete cascade,
    emoji text not null,
    person_id uuid not null references nodes on delete cascade,
    person_title text not null,
    at timestamptz not null default clock_timestamp(),
    primary key (message_id, emoji, person_id),
    constraint message_reactions_emoji_length check (octet_length(emoji) between 1 and 64)
);
create index message_reactions_by_person on message_reactions (person_id);

create function message_reactions_touch() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if tg_op = 'DELETE' then
        update nodes set updated_at = clock_timestamp()
         where id in (select message_id from old_rows) and xmin <> pg_current_xact_id()::xid;
    else
        update nodes set updated_at = clock_timestamp()
         where id in (select message_id from new_rows) and xmin <> pg_current_xact_id()::xid;
    end if;
    return null;
end $$;
create trigger message_reactions_touch_insert after insert on message_reactions
    referencing new table as new_rows for each statement execute function message_reactions_touch();
create trigger message_reactions_touch_delete after delete on message_reactions
    referencing old table as old_rows for each statement execute function message_reactions_touch();

-- How far somebody has read a channel, on whichever device.
create table channel_marks (
    person_id uuid not null references nodes on delete cascade,
    channel_id uuid not null references channels on delete cascade,
    read_number bigint not null default 0,
    -- What is new in it does not count as unread.
    muted boolean not null default false,
    primary key (person_id, channel_id)
);
create index channel_marks_by_channel on channel_marks (channel_id);
create trigger aa_log_insert after insert on channel_marks
    referencing new table as new_rows for each statement execute function log_inbox('channels');
create trigger aa_log_update after update on channel_marks
    referencing new table as new_rows for each statement execute function log_inbox('channels');

-- What is sent along with messages. What a file holds is on disk, by the digest of its content.
create table files (
    id uuid primary key,
    channel_id uuid not null references channels on delete cascade,
    -- Null until it is sent along with one.
    message_id uuid references nodes on delete cascade,
    -- SHA-256, in hexadecimal digits.
    digest text not null,
    size_bytes bigint not null,
    media_type text not null,
    name text not null,
    created_by uuid,
    created_at timestamptz not null default clock_timestamp(),
    constraint files_digest_form check (digest ~ '^[0-9a-f]{64}$'),
    constraint files_name_length check (char_length(name) between 1 and 200),
    constraint files_size_positive check (size_bytes > 0)
);
create index files_by_message on files (message_id) where message_id is not null;
create index files_of_channel on files (channel_id, created_at desc, id desc);
create index files_by_digest on files (digest);
create index files_unsent on files (created_at) where message_id is null;

-- What a message has besides its node, with its reactions and files.
create function message_facet(id uuid) returns jsonb
language sql stable as $$
    select to_jsonb(m) || jsonb_build_object(
             'reactions', coalesce((select jsonb_agg(jsonb_build_object('emoji', r.emoji, 'person_id', r.person_id,
                                                                        'person_title', r.person_title) order by r.at, r.person_id)
                                      from message_reactions r where r.message_id = m.node_id), '[]'),
             'files', coalesce((select jsonb_agg(jsonb_build_object('id', f.id, 'name', f.name, 'media_type', f.media_type,
                                                                    'size_bytes', f.size_bytes) order by f.created_at, f.id)
                                  from files f where f.message_id = m.node_id), '[]'))
      from messages m where m.node_id = message_facet.id
$$;

do $$
declare
    talked text;
    trigger_name text;
begin
    foreach talked in array array['channels', 'messages', 'message_reactions', 'channel_marks'] loop
        execute format('create trigger refuse_truncate before truncate on %I for each statement execute function refuse_truncate()', talked);
    end loop;
    for talked, trigger_name in
        select c.relname, t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid
         where not t.tgisinternal and c.relnamespace = 'public'::regnamespace
           and c.relname in ('channels', 'messages', 'message_reactions', 'channel_marks')
    loop
        execute format('alter table %I enable always trigger %I', talked, trigger_name);
    end loop;
end $$;

-- Most nodes are messages by and by. Whoever looks at nodes of all kinds does not go through them.
create index nodes_but_messages on nodes (scope_id) where kind <> 'message';
create index audit_log_but_messages on audit_log (at desc, id desc) where summary ->> 'kind' is distinct from 'message';

-- A channel has a hundred thousand messages, nearly all else has few parts. The mean of both has the planner read whole
-- tables to place one new message (60 ms instead of 3), so it is told what is usual.
alter table edges alter column target_id set (n_distinct = -0.2);
