//! What people of the demonstration say, plan and write down.

use super::content::{CLOSED, FLAKY, KARI, OLA, OPERATIONS, id};
use domain::board::Place;
use domain::channel::ChannelPatch;
use domain::intention::Intention;
use domain::node::NodeKind;
use domain::{Actor, Visibility};
use serde_json::Map;
use uuid::Uuid;

const CHANNEL: Uuid = id(0x60);
const BESIDE: Uuid = id(0x61);
const BOARD: Uuid = id(0x62);
const NOTE: Uuid = id(0x63);
const QUESTION: Uuid = id(0x70);

/// Who does what, and which id it makes.
pub(super) fn acts() -> Vec<(Uuid, Actor, Intention)> {
    let (kari, ola) = (|| person(KARI, "Kari Nordmann"), || person(OLA, "Ola Hansen"));
    let columns = [id(0x80), id(0x81), id(0x82)];
    let mut acts = vec![
        (CHANNEL, Actor::Server, channel(CHANNEL, OPERATIONS, Some("On call"), "Who is at what, and what to mind tonight.")),
        (BESIDE, Actor::Server, channel(BESIDE, FLAKY, None, "")),
        says(
            QUESTION,
            kari(),
            CHANNEL,
            None,
            &format!("[Weather station](node:{FLAKY}) comes and goes again. Has anybody looked at the radio?"),
        ),
        says(id(0x71), ola(), CHANNEL, Some(QUESTION), "I was there this morning: the plug was wet. It is dry **now**."),
        says(id(0x72), kari(), CHANNEL, Some(QUESTION), "Thank you! I keep an eye on it."),
        says(
            id(0x73),
            ola(),
            CHANNEL,
            None,
            &format!(
                "The [old gateway](node:{CLOSED}) can go, I think:\n\n1. nobody asks it any more\n2. its disks are wiped\n3. see [Kari](node:{KARI})'s list"
            ),
        ),
        says(id(0x74), kari(), BESIDE, None, "It answers now and then, so it is not down. Readings from before six are wrong."),
        (
            BOARD,
            Actor::Server,
            node(
                BOARD,
                NodeKind::Board,
                "Before winter",
                "What has to be done before the first snow.",
                Some(Visibility::SignedIn),
            ),
        ),
    ];
    for (column, title) in columns.into_iter().zip(["To do", "Doing", "Done"]) {
        acts.push((
            column,
            kari(),
            Intention::CreateColumn { id: Some(column), board_id: BOARD, title: title.to_owned(), place: Place::default() },
        ));
    }
    for (n, column, title, body) in [
        (0x90, columns[0], "Fuel for the generator", "200 l, and a new filter.".to_owned()),
        (0x91, columns[0], "Take the old gateway down", format!("[Decommissioned gateway](node:{CLOSED})")),
        (0x92, columns[1], "A dry box for the radio", format!("For the [weather station](node:{FLAKY}).")),
        (0x93, columns[2], "Keys for the new shed", String::new()),
    ] {
        let card =
            Intention::CreateCard { id: Some(id(n)), column_id: column, title: title.to_owned(), body, place: Place::default() };
        acts.push((id(n), kari(), card));
    }
    let body = format!(
        "# When the mast is dark\n\n- Call the farm before you drive: the gate is locked.\n- [Weather station](node:{FLAKY}): the spare plug is in the blue box.\n- Back by four, it gets dark."
    );
    acts.push((NOTE, kari(), node(NOTE, NodeKind::Note, "Trips to the mast", &body, None)));
    acts
}

fn person(id: Uuid, title: &str) -> Actor {
    Actor::Person { id, title: title.to_owned(), may_write: true }
}

fn channel(id: Uuid, parent_id: Uuid, title: Option<&str>, body: &str) -> Intention {
    let (title, body) = (title.map(str::to_owned), body.to_owned());
    Intention::CreateChannel { id: Some(id), parent_id, title, body, channel: ChannelPatch::default(), scope: None }
}

fn says(id: Uuid, who: Actor, channel_id: Uuid, thread_id: Option<Uuid>, body: &str) -> (Uuid, Actor, Intention) {
    (id, who, Intention::SendMessage { id, channel_id, thread_id, body: body.to_owned(), file_ids: Vec::new() })
}

fn node(id: Uuid, kind: NodeKind, title: &str, body: &str, visibility: Option<Visibility>) -> Intention {
    Intention::CreateNode {
        id: Some(id),
        kind,
        parent_id: OPERATIONS,
        title: title.to_owned(),
        body: body.to_owned(),
        attrs: Map::new(),
        position: None,
        system: None,
        person: None,
        scope: visibility.map(|visibility| domain::intention::ScopePatch { visibility: Some(visibility), isolated: None }),
    }
}
