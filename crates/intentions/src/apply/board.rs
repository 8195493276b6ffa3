//! Columns and cards: made, and moved about; and what texts of cards and notes link to.

use super::{Touched, Work, node_subject};
use crate::authorise::End;
use crate::carry_out::Stop;
use domain::access::Level;
use domain::board::{Place, between, in_order};
use domain::intention::Intention;
use domain::limits::{CARDS_PER_BOARD_MAX, COLUMNS_PER_BOARD_MAX, ORDER_KEY_MAX_BYTES};
use domain::message::nodes_named;
use domain::node::NodeKind;
use domain::{Actor, EdgeKind, Refusal};
use serde_json::{Map, Value, json};
use uuid::Uuid;

const NO_COLUMN: Refusal = Refusal::NotFound { what: "column" };

impl Work<'_> {
    pub(super) async fn create_column(&mut self, intention: &Intention) -> Result<(), Stop> {
        let Intention::CreateColumn { id, board_id, title, place } = intention else { return Ok(()) };
        let id = id.unwrap_or_else(Uuid::now_v7);
        let board = self.board(*board_id).await?;
        let there = store::board::list_columns(&mut *self.db, *board_id).await?;
        if i64::try_from(there.len()).is_ok_and(|count| count >= COLUMNS_PER_BOARD_MAX) {
            return Err(enough(format!("{COLUMNS_PER_BOARD_MAX} columns are enough")));
        }
        self.insert_placed(id, NodeKind::Column, board, (title, "", &Map::new())).await?;
        let (key, rest) = put(id, *place, there);
        store::board::insert_column(&mut *self.db, id, *board_id, &key).await?;
        self.put_columns_in_order(rest).await?;
        self.touched.push(Touched::Node(id));
        self.record("create_column", node_subject(id, *board_id, NodeKind::Column, title), json!({ "parent_id": board_id })).await
    }

    pub(super) async fn move_column(&mut self, id: Uuid, place: Place) -> Result<(), Stop> {
        // The board is held first, as by those who make columns.
        let board_id = store::board::find_board(&mut *self.db, id).await?.ok_or(NO_COLUMN)?;
        self.board(board_id).await?;
        let node = self.locked(id, Level::Member).await?;
        let mut there = store::board::list_columns(&mut *self.db, board_id).await?;
        there.retain(|(other, _)| *other != id);
        let (key, rest) = put(id, place, there);
        store::board::update_columns(&mut *self.db, &[id], &[key]).await?;
        self.put_columns_in_order(rest).await?;
        self.touched.push(Touched::Node(id));
        self.record("move_column", node_subject(id, board_id, node.kind, &node.title), json!({})).await
    }

    async fn put_columns_in_order(&mut self, rest: Vec<(Uuid, String)>) -> Result<(), Stop> {
        let (ids, keys): (Vec<Uuid>, Vec<String>) = rest.into_iter().unzip();
        if ids.is_empty() { Ok(()) } else { Ok(store::board::update_columns(&mut *self.db, &ids, &keys).await?) }
    }

    pub(super) async fn create_card(&mut self, intention: &Intention) -> Result<(), Stop> {
        let Intention::CreateCard { id, column_id, title, body, place } = intention else { return Ok(()) };
        let id = id.unwrap_or_else(Uuid::now_v7);
        // The board is held first, as by all who add to it: so there are never too many.
        let board_id = store::board::find_board(&mut *self.db, *column_id).await?.ok_or(NO_COLUMN)?;
        let board = self.board(board_id).await?;
        store::board::lock_column(&mut *self.db, *column_id).await?.ok_or(NO_COLUMN)?;
        if store::board::count_cards(&mut *self.db, board_id).await? >= CARDS_PER_BOARD_MAX {
            return Err(enough(format!("{CARDS_PER_BOARD_MAX} cards are enough: delete some first")));
        }
        self.insert_placed(id, NodeKind::Card, board, (title, body, &Map::new())).await?;
        let there = store::board::list_cards(&mut *self.db, *column_id).await?;
        let (key, rest) = put(id, *place, there);
        store::board::insert_card(&mut *self.db, id, board_id, *column_id, &key).await?;
        self.put_cards_in_order(*column_id, rest).await?;
        self.link_by_text(id, NodeKind::Card, body).await?;
        self.touched.push(Touched::Node(id));
        let summary = json!({ "parent_id": board_id, "column_id": column_id });
        self.record("create_card", node_subject(id, board_id, NodeKind::Card, title), summary).await
    }

    /// Where it goes is decided here, under the lock of the column it goes to: two who move at once come one after the
    /// other, and everybody is told the same.
    pub(super) async fn move_card(&mut self, id: Uuid, column_id: Uuid, place: Place) -> Result<(), Stop> {
        let node = self.locked(id, Level::Reader).await?;
        let no_card = Refusal::NotFound { what: "card" };
        let (board_id, column_before) = store::board::find_card(&mut *self.db, id).await?.ok_or(no_card)?;
        self.rights(node.scope_id).await?.need(Level::Member, "card")?;
        let board_of_column = store::board::lock_column(&mut *self.db, column_id).await?;
        if board_of_column != Some(board_id) {
            return Err(NO_COLUMN.into());
        }
        let mut there = store::board::list_cards(&mut *self.db, column_id).await?;
        there.retain(|(other, _)| *other != id);
        let (key, rest) = put(id, place, there);
        store::board::update_cards(&mut *self.db, column_id, &[id], &[key]).await?;
        self.put_cards_in_order(column_id, rest).await?;
        self.touched.push(Touched::Node(id));
        let summary = json!({ "column_id": column_id, "column_before": column_before });
        self.record("move_card", node_subject(id, board_id, node.kind, &node.title), summary).await
    }

    async fn put_cards_in_order(&mut self, column_id: Uuid, rest: Vec<(Uuid, String)>) -> Result<(), Stop> {
        let (ids, keys): (Vec<Uuid>, Vec<String>) = rest.into_iter().unzip();
        if ids.is_empty() { Ok(()) } else { Ok(store::board::update_cards(&mut *self.db, column_id, &ids, &keys).await?) }
    }

    /// The board, held against others who give its columns an order.
    async fn board(&mut self, id: Uuid) -> Result<End, Stop> {
        let node = store::node::lock_node(&mut *self.db, id).await?.ok_or(Refusal::NotFound { what: "board" })?;
        let rights = self.rights(node.scope_id).await?;
        rights.need(Level::Reader, "board")?;
        if node.kind != NodeKind::Board {
            return Err(Refusal::NotFound { what: "board" }.into());
        }
        rights.need(Level::Member, "board")?;
        Ok(End { id, kind: node.kind, scope_id: node.scope_id })
    }

    /// Makes the nodes that a card's or note's text names what it relates to, so that they show it, too. Links that
    /// were made by hand stay.
    pub(super) async fn link_by_text(&mut self, id: Uuid, kind: NodeKind, body: &str) -> Result<(), Stop> {
        if !kind.links_by_text() {
            return Ok(());
        }
        let mut named = nodes_named(body);
        named.retain(|named| *named != id);
        let there = store::edge::list_relations_from(&mut *self.db, id).await?;
        for (edge_id, target_id, attrs) in &there {
            if is_by_text(attrs) && !named.contains(target_id) {
                store::edge::delete_edge(&mut *self.db, *edge_id).await?;
            }
        }
        let reader = self.actor.person_id();
        let added: Vec<Uuid> = named.into_iter().filter(|id| !there.iter().any(|(_, target, _)| target == id)).collect();
        if added.is_empty() {
            return Ok(());
        }
        let reader = if *self.actor == Actor::Server { None } else { reader };
        let found = store::message::list_nameable(&mut *self.db, reader, &added).await?;
        for (target_id, _) in found {
            let attrs = Map::from_iter([(BY_TEXT.to_owned(), Value::Bool(true))]);
            self.insert_edge(Uuid::now_v7(), EdgeKind::RelatesTo, id, target_id, &attrs).await?;
        }
        Ok(())
    }
}

/// Of an edge that a text made.
const BY_TEXT: &str = "by_text";

fn is_by_text(attrs: &Map<String, Value>) -> bool {
    attrs.get(BY_TEXT) == Some(&Value::Bool(true))
}

fn enough(detail: String) -> Stop {
    Refusal::Limit { detail, retry_after_s: None }.into()
}

/// The key for something at this place among what is there (without it); and, where keys have grown too long, new
/// keys for the others.
fn put(id: Uuid, place: Place, there: Vec<(Uuid, String)>) -> (String, Vec<(Uuid, String)>) {
    let (after, before) = place.among(&there);
    if let Some(key) = between(after, before).filter(|key| key.len() <= ORDER_KEY_MAX_BYTES) {
        return (key, Vec::new());
    }
    let at = before.map_or(there.len(), |before| there.iter().position(|(_, key)| key == before).unwrap_or(there.len()));
    let mut ids: Vec<Uuid> = there.into_iter().map(|(id, _)| id).collect();
    ids.insert(at, id);
    let keys = in_order(ids.len());
    let own = keys[at].clone();
    (own, ids.into_iter().zip(keys).filter(|(other, _)| *other != id).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_have_grown_are_made_anew() {
        let id = Uuid::from_u128;
        let first = between(None, None).unwrap();
        let mut there = vec![(id(1), first.clone()), (id(2), between(Some(&first), None).unwrap())];
        let mut rounds = 0;
        // Always between the first and the one that came last.
        for n in 3..20_000 {
            let (key, rest) = put(id(n), Place { after_id: Some(id(1)), before_id: None }, there.clone());
            rounds += usize::from(!rest.is_empty());
            for (other, key) in rest {
                there.iter_mut().find(|(id, _)| *id == other).unwrap().1 = key;
            }
            assert!(there[0].1 < key && key < there[1].1, "{n}: {there:?} {key}");
            assert!(key.len() <= ORDER_KEY_MAX_BYTES, "{n}");
            there[1] = (id(n), key);
        }
        assert!(rounds > 0, "or this shows nothing");
    }
}
