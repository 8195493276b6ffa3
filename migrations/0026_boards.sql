-- Boards: columns with cards in an order of their own; and notes, whose versions are kept.

create table board_columns (
    node_id uuid primary key,
    kind text not null default 'column' check (kind = 'column'),
    board_id uuid not null references nodes on delete cascade,
    -- Sorts by its bytes; between two there is always room for a third. See domain/src/board/order.rs.
    order_key text collate "C" not null,
    constraint board_columns_node foreign key (node_id, kind) references nodes (id, kind) on delete cascade,
    constraint board_columns_order_once unique (board_id, order_key) deferrable initially deferred,
    constraint board_columns_key_form check (order_key ~ '^[0-9A-Za-z]{1,200}$')
);

create table cards (
    node_id uuid primary key,
    kind text not null default 'card' check (kind = 'card'),
    board_id uuid not null references nodes on delete cascade,
    column_id uuid not null,
    order_key text collate "C" not null,
    constraint cards_node foreign key (node_id, kind) references nodes (id, kind) on delete cascade,
    -- Late, because a board goes with its columns and cards at once, in no order.
    constraint cards_column foreign key (column_id) references board_columns (node_id) deferrable initially deferred,
    constraint cards_order_once unique (column_id, order_key) deferrable initially deferred,
    constraint cards_key_form check (order_key ~ '^[0-9A-Za-z]{1,200}$')
);
create index cards_of_board on cards (board_id);

create trigger board_columns_touch_insert after insert on board_columns
    referencing new table as new_rows for each statement execute function touch_node();
create trigger board_columns_touch_update after update on board_columns
    referencing new table as new_rows for each statement execute function touch_node();
create trigger cards_touch_insert after insert on cards
    referencing new table as new_rows for each statement execute function touch_node();
create trigger cards_touch_update after update on cards
    referencing new table as new_rows for each statement execute function touch_node();

-- What a note said in versions of before.
create table note_versions (
    note_id uuid not null references nodes on delete cascade,
    version bigint not null,
    -- When it was replaced, and by whom; null: the server itself, or somebody with psql.
    at timestamptz not null default clock_timestamp(),
    by_id uuid,
    by_title text,
    title text not null,
    body text not null,
    primary key (note_id, version)
);

do $$
declare
    logged text;
    trigger_name text;
begin
    foreach logged in array array['board_columns', 'cards'] loop
        execute format('create trigger refuse_truncate before truncate on %I for each statement execute function refuse_truncate()', logged);
    end loop;
    for logged, trigger_name in
        select c.relname, t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid
         where not t.tgisinternal and c.relnamespace = 'public'::regnamespace and c.relname in ('board_columns', 'cards')
    loop
        execute format('alter table %I enable always trigger %I', logged, trigger_name);
    end loop;
end $$;
