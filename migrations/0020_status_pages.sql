-- Status pages: what others see of some systems. A page is a publication of its own: whoever may read the page
-- reads what it says of systems that they could not see otherwise, and no more than that.

create table status_pages (
    node_id uuid primary key,
    kind text not null default 'status_page' check (kind = 'status_page'),
    -- Its address: /status/<slug>.
    slug text not null,
    headline text not null default '',
    show_history_days integer not null default 90,
    -- Until then nobody reads it but by its node.
    published boolean not null default false,
    constraint status_pages_node foreign key (node_id, kind) references nodes (id, kind) on delete cascade,
    constraint status_pages_slug_once unique (slug),
    constraint status_pages_slug_form check (slug ~ '^[a-z0-9-]{1,64}$'),
    constraint status_pages_headline_length check (char_length(headline) <= 300),
    constraint status_pages_history_range check (show_history_days between 0 and 90)
);

create trigger status_pages_touch_insert after insert on status_pages
    referencing new table as new_rows for each statement execute function touch_node();
create trigger status_pages_touch_update after update on status_pages
    referencing new table as new_rows for each statement execute function touch_node();

-- The systems a page shows, each with the entry it comes by: those it names, and those of a group it names.
-- Not what is within the group but for other readers: that has a scope of its own.
create function shown_systems(page_id uuid) returns table (entry_id uuid, system_id uuid)
language sql stable parallel safe as $$
    with recursive reached(entry_id, id, kind, scope_id) as (
        select e.id, n.id, n.kind, n.scope_id from edges e join nodes n on n.id = e.target_id
         where e.source_id = page_id and e.kind = 'shows' and n.kind in ('system', 'group')
        union
        select r.entry_id, n.id, n.kind, n.scope_id from reached r
          join edges e on e.target_id = r.id and e.kind = 'part_of'
          join nodes n on n.id = e.source_id and n.scope_id = r.scope_id
         where r.kind = 'group' and n.kind in ('system', 'group')
    )
    select r.entry_id, r.id from reached r where r.kind = 'system'
$$;

-- Who is told by mail what a page says. An address is theirs who has followed the link that was sent to it.
create table status_subscribers (
    id uuid primary key,
    page_id uuid not null references status_pages on delete cascade,
    email text not null,
    -- Of the link that confirms; null once it is used.
    token_hash bytea,
    token_expires_at timestamptz,
    confirmed_at timestamptz,
    -- Stands in every mail, and can do nothing but end them; so it is kept as it is.
    unsubscribe_token uuid not null default gen_random_uuid(),
    created_at timestamptz not null default clock_timestamp(),
    constraint status_subscribers_once unique (page_id, email),
    constraint status_subscribers_token_once unique (token_hash),
    constraint status_subscribers_unsubscribe_once unique (unsubscribe_token),
    constraint status_subscribers_email_length check (char_length(email) between 3 and 254)
);
-- A mail to one of them. With them goes what was written of them: unsubscribed is forgotten.
alter table deliveries add column status_subscriber_id uuid references status_subscribers on delete cascade;
create index deliveries_by_status_subscriber on deliveries (status_subscriber_id) where status_subscriber_id is not null;
create index status_subscribers_unconfirmed on status_subscribers (token_expires_at) where confirmed_at is null;

create trigger refuse_truncate before truncate on status_pages for each statement execute function refuse_truncate();
do $$
declare
    trigger_name text;
begin
    for trigger_name in select t.tgname from pg_trigger t where not t.tgisinternal and t.tgrelid = 'status_pages'::regclass loop
        execute format('alter table status_pages enable always trigger %I', trigger_name);
    end loop;
end $$;

-- Where an entry stands on its page; whatever somebody wrote there, a number.
create function entry_position(attrs jsonb) returns integer
language sql immutable parallel safe as $$
    select case when attrs ->> 'position' ~ '^[0-9]{1,6}$' then (attrs ->> 'position')::integer else 0 end
$$;
