//! Boards: columns with cards, in an order that people give them.

mod order;

pub use order::{between, in_order};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a node of kind `column` has besides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub board_id: Uuid,
    /// Where it stands: smaller keys first, compared byte by byte.
    pub order_key: String,
}

/// What a node of kind `card` has besides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    pub board_id: Uuid,
    pub column_id: Uuid,
    /// Where it stands in its column.
    pub order_key: String,
}

/// Where something is put among its neighbours. Both are only wishes: whoever moves sees the board as it was a
/// moment ago, and a neighbour may have gone elsewhere meanwhile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Behind this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub after_id: Option<Uuid>,
    /// Before this one; counts when the other is not there. Without either: at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub before_id: Option<Uuid>,
}

impl Place {
    /// Between which keys of these (in order, without what is moved) that is.
    pub fn among<'a>(&self, there: &'a [(Uuid, String)]) -> (Option<&'a str>, Option<&'a str>) {
        let at = |id: Option<Uuid>| id.and_then(|id| there.iter().position(|(other, _)| *other == id));
        let key = |at: usize| there.get(at).map(|(_, key)| key.as_str());
        match (at(self.after_id), at(self.before_id)) {
            (Some(after), _) => (key(after), key(after + 1)),
            (None, Some(0)) => (None, key(0)),
            (None, Some(before)) => (key(before - 1), key(before)),
            (None, None) => (there.last().map(|(_, key)| key.as_str()), None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_though_a_neighbour_has_gone() {
        let id = Uuid::from_u128;
        let there: Vec<(Uuid, String)> = [(1, "a"), (2, "b"), (3, "c")].map(|(n, key)| (id(n), key.to_owned())).into();
        let check = |after: Option<u128>, before: Option<u128>, expect: (Option<&str>, Option<&str>)| {
            let place = Place { after_id: after.map(id), before_id: before.map(id) };
            assert_eq!(place.among(&there), expect, "{after:?} {before:?}");
        };
        check(Some(1), None, (Some("a"), Some("b")));
        check(Some(3), None, (Some("c"), None));
        check(None, Some(1), (None, Some("a")));
        check(None, Some(3), (Some("b"), Some("c")));
        // They stand elsewhere by now: where the one before is counts.
        check(Some(1), Some(3), (Some("a"), Some("b")));
        check(Some(9), Some(2), (Some("a"), Some("b")));
        check(Some(9), Some(8), (Some("c"), None));
        check(None, None, (Some("c"), None));
        assert_eq!(Place::default().among(&[]), (None, None));
    }
}
