//! What a change makes untrue.

use super::{Beside, Module, Reads, entry, page, sight};
use ::cache::Stale;
use domain::{EdgeKind, NodeKind};
use feed::{Batch, Caches, Change, Control, ListPart};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::collections::{BTreeSet, HashSet};
use uuid::Uuid;

/// What to drop, gathered over a batch.
#[derive(Debug, Default, PartialEq)]
struct Untrue {
    /// Everybody's credentials: few end, and which they are is not known here by what they are kept under.
    callers: bool,
    sights: People,
    nodes: BTreeSet<(Module, Uuid)>,
    pages: BTreeSet<Module>,
    own: People,
    beside: HashSet<Beside>,
    around: Places,
    /// Of these what affects them.
    affected: HashSet<Uuid>,
}

/// Of which systems the groups around them are others now.
#[derive(Debug, Default, PartialEq)]
enum Places {
    #[default]
    None,
    Of(HashSet<Uuid>),
    All,
}

/// Whose.
#[derive(Debug, Default, PartialEq)]
enum People {
    #[default]
    None,
    Of(HashSet<Uuid>),
    All,
}

impl People {
    fn add(&mut self, people: impl Iterator<Item = Uuid>) {
        let added: HashSet<Uuid> = people.collect();
        match self {
            Self::All => {}
            Self::Of(of) => of.extend(added),
            Self::None if added.is_empty() => {}
            Self::None => *self = Self::Of(added),
        }
    }

    /// What of a scope is theirs, by the beginning of its keys.
    fn stale(self, of: impl Fn(Uuid) -> Stale) -> Vec<Stale> {
        match self {
            Self::None => Vec::new(),
            Self::Of(people) => people.into_iter().map(of).collect(),
            Self::All => vec![Stale::prefix("")],
        }
    }
}

impl Untrue {
    fn of(batch: &Batch) -> Self {
        let mut untrue = Self::default();
        untrue.add_control(&batch.control);
        batch.events.iter().for_each(|event| untrue.add(&event.change));
        untrue
    }

    fn add_control(&mut self, control: &Control) {
        self.callers |= !control.ended.is_empty();
        if !control.scopes.is_empty() {
            (self.sights, self.own) = (People::All, People::All);
        }
        let people = || control.access.iter().map(|change| change.person_id);
        self.sights.add(people());
        // What one may do somewhere decides too what some of one's lists show.
        self.own.add(people().chain(control.inbox.iter().map(|change| change.person_id)));
        self.own.add(control.lists.iter().filter(|change| change.what == ListPart::Preferences).map(|change| change.of));
        self.beside.extend(control.lists.iter().filter_map(|change| Beside::of(*change)));
    }

    fn add(&mut self, change: &Change) {
        match change {
            Change::Node { node, .. } => self.add_node(node.id, Some(node.kind)),
            Change::NodeGone { id, kind, .. } => self.add_node(*id, *kind),
            Change::Edge { edge, ends, .. } => {
                let source = ends.iter().find(|end| end.id == edge.source_id);
                // What stays where it was made is news of itself alone; and messages are many.
                if edge.kind == EdgeKind::PartOf && source.is_some_and(|source| source.kind.stays()) {
                    return;
                }
                self.add_edge(Some(edge.kind), edge.source_id, edge.target_id);
                // A group takes its systems along. (One that has no parent any more is gone, with its systems.)
                if edge.kind == EdgeKind::PartOf && source.is_none_or(|source| source.kind == NodeKind::Group) {
                    self.around = Places::All;
                }
            }
            Change::EdgeGone { kind, source_id, target_id, .. } => self.add_edge(*kind, *source_id, *target_id),
        }
    }

    fn add_node(&mut self, id: Uuid, kind: Option<NodeKind>) {
        // Who is called what, and who may sign in.
        self.callers |= kind.is_none_or(|kind| kind == NodeKind::Person);
        if kind.is_none_or(|kind| matches!(kind, NodeKind::Announcement | NodeKind::Connection)) {
            self.own = People::All;
        }
        for module in kind.map_or(Module::ALL.to_vec(), |kind| vec![Module::of(kind)]) {
            self.nodes.insert((module, id));
            self.pages.insert(module);
        }
    }

    fn add_edge(&mut self, kind: Option<EdgeKind>, source_id: Uuid, target_id: Uuid) {
        match kind {
            None | Some(EdgeKind::PartOf) => {
                match &mut self.around {
                    Places::All => {}
                    Places::Of(systems) => drop(systems.insert(source_id)),
                    Places::None => self.around = Places::Of(HashSet::from([source_id])),
                }
                // What one was told of may have gone where one does not see it.
                self.own = People::All;
                // What affects a group affects what is part of it.
                self.pages.extend(Module::ALL);
            }
            Some(EdgeKind::Affects) => self.pages.extend([Module::Maintenances, Module::Incidents]),
            Some(_) => self.pages.extend([Module::Catalog]),
        }
        if kind.is_none_or(|kind| kind == EdgeKind::Affects) {
            self.affected.insert(target_id);
        }
    }
}

fn stale(ids: impl IntoIterator<Item = Uuid>) -> Vec<Stale> {
    ids.into_iter().map(|id| Stale::Key(entry::key(&id))).collect()
}

impl Caches for Reads {
    fn apply<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, ()> {
        async {
            let untrue = Untrue::of(batch);
            let all = [Stale::prefix("")];
            if untrue.callers {
                self.callers.invalidate(&all).await;
            }
            if untrue.pages.is_empty() {
                let beside: Vec<Stale> = untrue.beside.into_iter().map(|rows| Stale::prefix(rows.prefix())).collect();
                self.any.invalidate(&beside).await;
            } else {
                self.any.invalidate(&all).await;
            }
            if untrue.pages.iter().any(|module| *module != Module::Chat) || untrue.sights == People::All {
                self.status.invalidate(&all).await;
            }
            self.sights.invalidate(&untrue.sights.stale(|person| Stale::Key(sight::key(Some(person))))).await;
            self.own_pages.invalidate(&untrue.own.stale(|person| Stale::prefix(page::of_own(Some(person))))).await;
            match untrue.around {
                Places::None => {}
                Places::Of(systems) => self.around.invalidate(&stale(systems)).await,
                Places::All => self.around.invalidate(&all).await,
            }
            self.affecting.invalidate(&stale(untrue.affected)).await;
            for module in Module::ALL {
                let of_module = |(of, _): &&(Module, Uuid)| *of == module;
                let stale: Vec<Stale> = untrue.nodes.iter().filter(of_module).map(|(_, id)| Stale::Key(entry::key(id))).collect();
                self.kept(module).nodes.invalidate(&stale).await;
                if untrue.pages.contains(&module) {
                    self.kept(module).pages.invalidate(&all).await;
                }
            }
        }
        .boxed()
    }

    fn renew(&self) -> BoxFuture<'_, ()> {
        async {
            self.own.renew().await;
            self.shared.renew().await;
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Visibility;
    use feed::{AccessChange, Credential, InboxChange, InboxPart, ListChange, ScopeChange};

    fn gone(kind: Option<EdgeKind>) -> Change {
        let (id, end) = (Uuid::from_u128(1), Uuid::from_u128(2));
        Change::EdgeGone { id, kind, version: 2, source_id: end, target_id: end, old_scopes: Vec::new() }
    }

    fn node_gone(kind: Option<NodeKind>) -> Change {
        Change::NodeGone { id: Uuid::from_u128(7), kind, version: 2, old_scopes: Vec::new() }
    }

    #[test]
    fn a_change_drops_what_shows_it_and_nothing_else() {
        use Module::{Announcements, Catalog, Incidents, Maintenances};
        let end = Uuid::from_u128(2);
        let check = |change: Change, nodes: &[Module], pages: &[Module], callers: bool| {
            let mut untrue = Untrue::default();
            let kind = match &change {
                Change::EdgeGone { kind, .. } => Some(*kind),
                _ => None,
            };
            let is = |wanted| kind.is_some_and(|kind| kind.is_none_or(|kind| kind == wanted));
            untrue.add(&change);
            let own = is(EdgeKind::PartOf)
                || matches!(&change, Change::NodeGone { kind, .. } if kind.is_none_or(|kind| kind == NodeKind::Announcement));
            let expect = Untrue {
                callers,
                own: if own { People::All } else { People::None },
                nodes: nodes.iter().map(|module| (*module, Uuid::from_u128(7))).collect(),
                pages: pages.iter().copied().collect(),
                around: if is(EdgeKind::PartOf) { Places::Of(HashSet::from([end])) } else { Places::None },
                affected: if is(EdgeKind::Affects) { HashSet::from([end]) } else { HashSet::new() },
                ..Untrue::default()
            };
            assert_eq!(untrue, expect, "{change:?}");
        };
        check(node_gone(Some(NodeKind::System)), &[Catalog], &[Catalog], false);
        check(node_gone(Some(NodeKind::Person)), &[Catalog], &[Catalog], true);
        check(node_gone(Some(NodeKind::Maintenance)), &[Maintenances], &[Maintenances], false);
        check(node_gone(Some(NodeKind::Incident)), &[Incidents], &[Incidents], false);
        check(node_gone(Some(NodeKind::Announcement)), &[Announcements], &[Announcements], false);
        check(node_gone(None), &Module::ALL, &Module::ALL, true);
        check(gone(Some(EdgeKind::Affects)), &[], &[Maintenances, Incidents], false);
        check(gone(Some(EdgeKind::PartOf)), &[], &Module::ALL, false);
        check(gone(Some(EdgeKind::RunsIn)), &[], &[Catalog], false);
        check(gone(None), &[], &Module::ALL, false);
    }

    #[test]
    fn a_change_of_access_drops_what_was_seen() {
        let person = Uuid::from_u128(3);
        let access = AccessChange { scope_id: Uuid::from_u128(4), person_id: person, level: None, xids: Vec::new() };
        let scope = ScopeChange { scope_id: Uuid::from_u128(4), visibility: Some(Visibility::Members), xids: Vec::new() };
        let check = |control: Control, sights: People, callers: bool| {
            let mut untrue = Untrue::default();
            untrue.add_control(&control);
            assert_eq!((&untrue.sights, untrue.callers), (&sights, callers), "{control:?}");
            assert_eq!(untrue.own, sights, "what one may do somewhere decides what one's own lists show: {control:?}");
        };
        check(Control { access: vec![access.clone()], ..Control::default() }, People::Of(HashSet::from([person])), false);
        check(Control { access: vec![access], scopes: vec![scope], ..Control::default() }, People::All, false);
        check(Control { ended: vec![Credential::Session(person)], ..Control::default() }, People::None, true);
    }

    #[test]
    fn what_comes_into_an_inbox_drops_the_lists_of_whose_it_is() {
        let person_id = Uuid::from_u128(3);
        let inbox = [InboxPart::Notifications, InboxPart::Dismissals].map(|what| InboxChange { person_id, what });
        let mut untrue = Untrue::default();
        untrue.add_control(&Control { inbox: inbox.to_vec(), ..Control::default() });
        assert_eq!(untrue, Untrue { own: People::Of(HashSet::from([person_id])), ..Untrue::default() });
    }

    #[test]
    fn a_row_beside_the_graph_drops_the_lists_of_its_like_and_whose_it_is() {
        let of = Uuid::from_u128(3);
        let check = |what: ListPart, beside: Option<Beside>, own: People| {
            let mut untrue = Untrue::default();
            untrue.add_control(&Control { lists: vec![ListChange { of, what }], ..Control::default() });
            assert_eq!(untrue, Untrue { beside: beside.into_iter().collect(), own, ..Untrue::default() });
        };
        check(ListPart::Series, Some(Beside::Series), People::None);
        check(ListPart::Subscriptions, Some(Beside::Subscriptions(of)), People::None);
        check(ListPart::Followers, Some(Beside::Followers(of)), People::None);
        check(ListPart::Templates, Some(Beside::Templates(of)), People::None);
        check(ListPart::Preferences, None, People::Of(HashSet::from([of])));
    }
}
