-- People, and the ways they prove who they are. Tokens are stored hashed (SHA-256 of 32 random
-- bytes), passwords with argon2id.

create table people (
    node_id uuid primary key,
    kind text not null default 'person' check (kind = 'person'),
    login text not null,
    email text,
    disabled boolean not null default false,
    constraint people_node foreign key (node_id, kind) references nodes (id, kind) on delete cascade,
    constraint people_login_once unique (login),
    constraint people_login_form check (login ~ '^[a-z0-9][a-z0-9._@+-]{0,63}$'),
    constraint people_email_form check (email is null or (email ~ '^[^@\s]+@[^@\s]+$' and char_length(email) <= 254))
);
create trigger people_touch_insert after insert on people
    referencing new table as new_rows for each statement execute function touch_node();
create trigger people_touch_update after update on people
    referencing new table as new_rows for each statement execute function touch_node();

-- What only the person and the server know of an account.
create table accounts (
    person_id uuid primary key references people on delete cascade,
    password_hash text,
    preferences jsonb not null default '{}',
    constraint accounts_preferences_object check (jsonb_typeof(preferences) = 'object' and octet_length(preferences::text) <= 4096)
);

create table sessions (
    id uuid primary key,
    token_hash bytea not null unique,
    person_id uuid not null references people on delete cascade,
    user_agent text not null default '',
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null
);
create index sessions_by_person on sessions (person_id);
create index sessions_by_expiry on sessions (expires_at);

create table api_tokens (
    id uuid primary key,
    token_hash bytea not null unique,
    person_id uuid not null references people on delete cascade,
    name text not null,
    access text not null,
    created_at timestamptz not null default clock_timestamp(),
    last_used_at timestamptz,
    expires_at timestamptz,
    constraint api_tokens_name_length check (char_length(name) between 1 and 100),
    constraint api_tokens_access_known check (access in ('read', 'write'))
);
create index api_tokens_by_person on api_tokens (person_id);

create table sign_in_links (
    token_hash bytea primary key,
    person_id uuid not null references people on delete cascade,
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null
);
create index sign_in_links_by_person on sign_in_links (person_id);
create index sign_in_links_by_expiry on sign_in_links (expires_at);

-- A disabled person is signed out everywhere, in the same transaction.
create function people_disabled() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    delete from sessions where person_id = new.node_id;
    delete from api_tokens where person_id = new.node_id;
    delete from sign_in_links where person_id = new.node_id;
    return null;
end $$;
create trigger people_disabled after update on people for each row
    when (new.disabled and not old.disabled) execute function people_disabled();
