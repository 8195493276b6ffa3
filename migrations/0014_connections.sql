-- Connections: how messages leave Synops. What is secret of one is sealed, and lies apart.

create table connections (
    node_id uuid primary key,
    kind text not null default 'connection' check (kind = 'connection'),
    channel text not null,
    enabled boolean not null default true,
    -- Where it leads, for people.
    host text not null,
    -- Of a mail server.
    port integer,
    security text,
    username text,
    sender text,
    -- Of ntfy.
    server text,
    -- The names of those that are sealed.
    secrets text[] not null default '{}',
    tested_at timestamptz,
    test_error text,
    constraint connections_node foreign key (node_id, kind) references nodes (id, kind) on delete cascade,
    constraint connections_channel_known check (channel in ('smtp', 'webhook', 'slack', 'ntfy')),
    constraint connections_security_known check (security in ('tls', 'starttls', 'none')),
    constraint connections_port_range check (port between 1 and 65535),
    constraint connections_texts_length check (
        octet_length(host) between 1 and 253 and octet_length(coalesce(username, '')) <= 253
        and octet_length(coalesce(sender, '')) <= 254 and octet_length(coalesce(server, '')) <= 2048
        and octet_length(coalesce(test_error, '')) <= 2048),
    constraint connections_mail_whole check ((channel = 'smtp') = (port is not null and security is not null and sender is not null)),
    constraint connections_ntfy_whole check ((channel = 'ntfy') = (server is not null))
);
create index connections_by_channel on connections (channel) where enabled;

-- Sealed for their node: in another row they do not open.
create table connection_secrets (
    node_id uuid primary key references connections on delete cascade,
    key_id text not null,
    nonce bytea not null,
    ciphertext bytea not null,
    constraint connection_secrets_length check (octet_length(key_id) <= 64 and octet_length(nonce) <= 32 and octet_length(ciphertext) <= 16384)
);
create index connection_secrets_by_key on connection_secrets (key_id, node_id);

-- A connection's own words.
create table connection_templates (
    node_id uuid not null references connections on delete cascade,
    notice text not null,
    subject text not null,
    body text not null,
    html text,
    primary key (node_id, notice),
    constraint connection_templates_length check (
        octet_length(subject) <= 8192 and octet_length(body) <= 8192 and octet_length(coalesce(html, '')) <= 8192)
);

create trigger connections_touch_insert after insert on connections
    referencing new table as new_rows for each statement execute function touch_node();
create trigger connections_touch_update after update on connections
    referencing new table as new_rows for each statement execute function touch_node();
create trigger refuse_truncate before truncate on connections for each statement execute function refuse_truncate();
do $$
declare
    trigger_name text;
begin
    for trigger_name in
        select t.tgname from pg_trigger t where not t.tgisinternal and t.tgrelid = 'connections'::regclass
    loop
        execute format('alter table connections enable always trigger %I', trigger_name);
    end loop;
end $$;
