//! What depends on what: how hard a failure hits, and which way a circle would run.

use crate::refusal::Refusal;
use crate::system::State;
use crate::text::text_enum;
use serde_json::{Map, Value};
use std::collections::{HashMap, VecDeque};
use uuid::Uuid;

/// Where an edge `depends_on` has its impact.
const IMPACT_ATTR: &str = "impact";

text_enum! {
    /// How hard the failure of a system hits one that depends on it.
    Impact {
        /// Not at all: it is only good to know.
        Informational = "informational",
        /// It is degraded, at worst.
        Degraded = "degraded",
        /// It is as bad off.
        Critical = "critical",
    }
}

impl Impact {
    /// As it is when nobody said.
    pub const DEFAULT: Self = Self::Degraded;

    /// Of an edge `depends_on`; refused where it is something else than an impact.
    pub fn of_attrs(attrs: &Map<String, Value>) -> Result<Self, Refusal> {
        let known: Vec<&str> = Self::ALL.iter().map(|impact| impact.as_str()).collect();
        match attrs.get(IMPACT_ATTR) {
            None => Ok(Self::DEFAULT),
            Some(value) => value
                .as_str()
                .and_then(Self::parse)
                .ok_or_else(|| Refusal::invalid(format!("attrs.{IMPACT_ATTR}"), format!("one of {}", known.join(", ")))),
        }
    }

    pub fn into_attrs(self) -> Map<String, Value> {
        Map::from_iter([(IMPACT_ATTR.to_owned(), Value::from(self.as_str()))])
    }

    /// What the state of a system makes of one that depends on it; `None`: nothing. `passed_on` in the
    /// migrations says the same; a test compares.
    pub const fn passes_on(self, state: State) -> Option<State> {
        match (self, state) {
            (Self::Critical, State::Down) => Some(State::Down),
            (Self::Critical | Self::Degraded, State::Down | State::Degraded) => Some(State::Degraded),
            _ => None,
        }
    }
}

/// Where it began that a system is not well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    Seen {
        id: Uuid,
        title: String,
    },
    /// Something that the reader may not see.
    Hidden,
}

/// The shortest way from one system to another along what depends on what, both ends included; `None` when
/// there is none. `edges` are pairs of a system and what it depends on.
pub fn way(edges: &[(Uuid, Uuid)], from: Uuid, to: Uuid) -> Option<Vec<Uuid>> {
    let mut next: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for (source, target) in edges {
        next.entry(*source).or_default().push(*target);
    }
    let mut came_from = HashMap::from([(from, from)]);
    let mut open = VecDeque::from([from]);
    while let Some(at) = open.pop_front() {
        if at == to {
            let mut path = vec![to];
            let mut back = to;
            while back != from {
                back = came_from.get(&back).copied()?;
                path.push(back);
            }
            path.reverse();
            return Some(path);
        }
        for target in next.get(&at).into_iter().flatten() {
            if !came_from.contains_key(target) {
                came_from.insert(*target, at);
                open.push_back(*target);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_hard_a_failure_hits() {
        let check = |impact: Impact, state, expect| assert_eq!(impact.passes_on(state), expect, "{impact} {state}");
        check(Impact::Critical, State::Down, Some(State::Down));
        check(Impact::Critical, State::Degraded, Some(State::Degraded));
        check(Impact::Degraded, State::Down, Some(State::Degraded));
        check(Impact::Degraded, State::Degraded, Some(State::Degraded));
        for state in State::ALL {
            check(Impact::Informational, *state, None);
        }
        for impact in Impact::ALL {
            check(*impact, State::Up, None);
            check(*impact, State::Unknown, None);
        }
    }

    #[test]
    fn an_impact_is_one_of_three() {
        let check = |json: &str, expect: Option<Impact>| {
            let attrs: Map<String, Value> = serde_json::from_str(json).unwrap();
            assert_eq!(Impact::of_attrs(&attrs).ok(), expect, "{json}");
        };
        check("{}", Some(Impact::Degraded));
        check(r#"{"note":"x"}"#, Some(Impact::Degraded));
        for impact in Impact::ALL {
            assert_eq!(Impact::of_attrs(&impact.into_attrs()).unwrap(), *impact);
        }
        for bad in [r#"{"impact":"fatal"}"#, r#"{"impact":null}"#, r#"{"impact":1}"#, r#"{"impact":""}"#] {
            check(bad, None);
        }
    }

    #[test]
    fn the_shortest_way_is_told() {
        let id = |n: u128| Uuid::from_u128(n);
        let edges = [(id(1), id(2)), (id(2), id(3)), (id(1), id(4)), (id(4), id(5)), (id(5), id(3)), (id(3), id(1))];
        let check = |from: u128, to: u128, expect: Option<&[u128]>| {
            let expect = expect.map(|path| path.iter().map(|n| id(*n)).collect::<Vec<_>>());
            assert_eq!(way(&edges, id(from), id(to)), expect, "{from} {to}");
        };
        check(1, 3, Some(&[1, 2, 3]));
        check(1, 1, Some(&[1]));
        check(2, 5, Some(&[2, 3, 1, 4, 5]));
        check(2, 6, None);
        check(6, 1, None);
    }
}
