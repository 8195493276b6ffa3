//! Two channels that everybody may read: a long one, and one that is nearly empty.

use crate::feed::seed::{self, Shape};
use crate::machine::Postgres;
use store::bootstrap::DATABASE;
use uuid::Uuid;

/// Written in one statement.
const AT_ONCE: u32 = 10_000;
/// Of the channel that is nearly empty: what a reader of the other is given first, too.
const FEW: u32 = 50;

pub(crate) struct Channels {
    pub(crate) long: Uuid,
    pub(crate) short: Uuid,
}

pub(crate) async fn fill(postgres: &Postgres, readers: u32, messages: u32) -> anyhow::Result<Channels> {
    let shape = Shape { scopes: 20, people: readers };
    seed::fill(postgres, &shape).await?;
    let channels = Channels { long: Uuid::from_u128(0xC0), short: Uuid::from_u128(0xC1) };
    for channel in [channels.long, channels.short] {
        let public = shape.scopes + 1;
        let statement = format!(
            "begin;
             insert into nodes (id, kind, title) values ('{channel}', 'channel', 'Talk');
             insert into edges (id, kind, source_id, target_id)
               values (gen_random_uuid(), 'part_of', '{channel}', md5('workspace {public}')::uuid);
             insert into channels (node_id) values ('{channel}');
             update scopes set visibility = 'public' where node_id = '{channel}';
             commit;"
        );
        postgres.run(DATABASE, &statement).await?;
    }
    say(postgres, channels.short, 1, FEW).await?;
    for first in (1..=messages).step_by(AT_ONCE as usize) {
        say(postgres, channels.long, first, (first + AT_ONCE - 1).min(messages)).await?;
    }
    postgres.run(DATABASE, "vacuum analyze").await?;
    Ok(channels)
}

/// Messages of these numbers, as somebody with psql would write them.
async fn say(postgres: &Postgres, channel: Uuid, first: u32, last: u32) -> anyhow::Result<()> {
    let id = |n: &str| format!("md5('{channel} '||{n})::uuid");
    let statement = format!(
        "begin;
         insert into nodes (id, kind, title, body)
           select {}, 'message', 'Word '||n, 'Word '||n||rpad(' of the talk about the shelf. ', 160, 'It goes on and on. ')
             from generate_series({first}, {last}) n;
         insert into edges (id, kind, source_id, target_id)
           select gen_random_uuid(), 'part_of', {}, '{channel}' from generate_series({first}, {last}) n;
         insert into messages (node_id, channel_id, thread_id, number, author_title)
           select {}, '{channel}', '{channel}', n, 'Somebody' from generate_series({first}, {last}) n;
         update channels set last_number = {last}, last_at = clock_timestamp() where node_id = '{channel}';
         commit;",
        id("n"),
        id("n"),
        id("n")
    );
    postgres.run(DATABASE, &statement).await
}
