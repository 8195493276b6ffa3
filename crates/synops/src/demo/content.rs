//! What the demonstration holds. Ids are fixed, so that a second start finds the first one's.

use domain::check::CheckSpec;
use domain::node::{INSTANCE_ID, NodeKind};
use domain::{EdgeKind, Visibility};
use uuid::Uuid;

/// The id of the n-th thing of the demonstration.
pub(super) const fn id(n: u64) -> Uuid {
    Uuid::from_u128(0x0000_0000_0000_7000_8000_00de_0000_0000 | n as u128)
}

pub(super) const OPERATIONS: Uuid = id(0x10);
const PUBLIC: Uuid = id(0x11);
pub(super) const FLEET: Uuid = id(0x12);
const GROUP_SYNOPS: Uuid = id(0x20);
const GROUP_PLATFORM: Uuid = id(0x21);
const GROUP_EDGE: Uuid = id(0x22);
const TEAM: Uuid = id(0x30);
pub(super) const KARI: Uuid = id(0x31);
pub(super) const OLA: Uuid = id(0x32);
const HEALTH: Uuid = id(0x40);
const READY: Uuid = id(0x41);
const API: Uuid = id(0x42);
const PORT: Uuid = id(0x43);
const DATABASE: Uuid = id(0x44);
const RESOLVER: Uuid = id(0x45);
const RADIO: Uuid = id(0x46);
pub(super) const FLAKY: Uuid = id(0x47);
pub(super) const CLOSED: Uuid = id(0x48);
const PAPER: Uuid = id(0x49);
const STATUS: Uuid = id(0x50);

/// Where the things to be checked are.
#[derive(Clone)]
pub(crate) struct Places {
    /// The server itself, as it reaches itself: `127.0.0.1:7171`.
    pub(crate) own_address: String,
    /// Without a password.
    pub(crate) database_url: String,
    pub(crate) database_password: Option<String>,
    /// Answers well only now and then: see `flaky`.
    pub(crate) flaky_address: String,
    /// Nothing listens there.
    pub(crate) closed_address: String,
}

pub(super) struct Thing {
    pub(super) id: Uuid,
    pub(super) kind: NodeKind,
    pub(super) parent_id: Uuid,
    pub(super) title: &'static str,
    pub(super) body: &'static str,
    pub(super) visibility: Option<Visibility>,
    /// Of a person.
    pub(super) login: Option<&'static str>,
    /// Of a system.
    pub(super) check: Option<Check>,
}

/// So often that something happens while one looks.
const INTERVAL_S: i32 = 10;

pub(super) struct Check {
    pub(super) spec: CheckSpec,
    pub(super) password: Option<String>,
    pub(super) failures_to_down: i16,
    pub(super) interval_s: i32,
}

fn thing(id: Uuid, kind: NodeKind, parent_id: Uuid, title: &'static str, body: &'static str) -> Thing {
    Thing { id, kind, parent_id, title, body, visibility: None, login: None, check: None }
}

fn person(id: Uuid, title: &'static str, login: &'static str) -> Thing {
    Thing { login: Some(login), ..thing(id, NodeKind::Person, INSTANCE_ID, title, "") }
}

fn workspace(id: Uuid, title: &'static str, body: &'static str, visibility: Visibility) -> Thing {
    Thing { visibility: Some(visibility), ..thing(id, NodeKind::Workspace, INSTANCE_ID, title, body) }
}

fn system(id: Uuid, parent_id: Uuid, title: &'static str, body: &'static str, spec: CheckSpec) -> Thing {
    let check = Check { spec, password: None, failures_to_down: 3, interval_s: INTERVAL_S };
    Thing { check: Some(check), ..thing(id, NodeKind::System, parent_id, title, body) }
}

fn http(address: &str, path: &str, expect_text: Option<&str>) -> CheckSpec {
    CheckSpec::Http { url: format!("http://{address}{path}"), expect_status: None, expect_text: expect_text.map(str::to_owned) }
}

fn tcp(address: &str) -> CheckSpec {
    CheckSpec::Tcp { address: address.to_owned() }
}

/// Everything with a name, parents first.
pub(super) fn things(places: &Places) -> Vec<Thing> {
    let own = places.own_address.as_str();
    let mut all = vec![
        workspace(OPERATIONS, "Operations", "What we run ourselves, checked for real.", Visibility::SignedIn),
        workspace(PUBLIC, "Public services", "Everybody may read this workspace, signed in or not.", Visibility::Public),
        workspace(FLEET, "Fleet", "Vehicles that tell where they are. None of them is real.", Visibility::SignedIn),
        thing(GROUP_SYNOPS, NodeKind::Group, OPERATIONS, "Synops", "This very server."),
        thing(GROUP_PLATFORM, NodeKind::Group, OPERATIONS, "Platform", "What others build on."),
        thing(GROUP_EDGE, NodeKind::Group, OPERATIONS, "Field", "What is far away, and fails."),
        thing(TEAM, NodeKind::Team, OPERATIONS, "On call", "Who gets up at night."),
        person(KARI, "Kari Nordmann", "kari"),
        person(OLA, "Ola Hansen", "ola"),
        system(HEALTH, GROUP_SYNOPS, "Health endpoint", "Says that the process lives.", http(own, "/healthz", None)),
        system(
            READY,
            GROUP_SYNOPS,
            "Readiness endpoint",
            "Says that database and change feed are fine.",
            http(own, "/readyz", None),
        ),
        system(
            API,
            GROUP_SYNOPS,
            "API description",
            "The OpenAPI document must name its title.",
            http(own, "/api/v1/openapi.json", Some("Synops")),
        ),
        system(PORT, GROUP_SYNOPS, "Listener", "The port answers at all.", tcp(own)),
        database(places),
        system(
            RESOLVER,
            GROUP_PLATFORM,
            "Loopback by name",
            "Needs name resolution.",
            tcp(&own.replace("127.0.0.1", "localhost")),
        ),
        system(
            RADIO,
            GROUP_EDGE,
            "Weather station's port",
            "Open, although what answers there mostly fails.",
            tcp(&places.flaky_address),
        ),
        flaky(places),
        closed(places),
        thing(PAPER, NodeKind::System, GROUP_EDGE, "Backup generator", "Not checked: its state is not known."),
    ];
    all.push(system(STATUS, PUBLIC, "Website", "What visitors see.", http(own, "/", None)));
    all
}

fn database(places: &Places) -> Thing {
    let spec = CheckSpec::Postgres { url: places.database_url.clone() };
    let check = Check { spec, password: places.database_password.clone(), failures_to_down: 3, interval_s: INTERVAL_S };
    Thing { check: Some(check), ..thing(DATABASE, NodeKind::System, GROUP_PLATFORM, "PostgreSQL", "Where all of this is kept.") }
}

fn flaky(places: &Places) -> Thing {
    let spec = http(&places.flaky_address, "/", None);
    let check =
        Check { spec, password: None, failures_to_down: super::flaky::FAILURES_TO_DOWN, interval_s: super::flaky::INTERVAL_S };
    let body = "Fails on purpose, most of the time: a small listener of the demonstration that answers 503, and well just often enough not to be called down.";
    Thing { check: Some(check), ..thing(FLAKY, NodeKind::System, GROUP_EDGE, "Weather station", body) }
}

fn closed(places: &Places) -> Thing {
    let check = Check { spec: tcp(&places.closed_address), password: None, failures_to_down: 1, interval_s: INTERVAL_S };
    let body = "Fails on purpose: nothing listens there.";
    Thing { check: Some(check), ..thing(CLOSED, NodeKind::System, GROUP_EDGE, "Decommissioned gateway", body) }
}

/// Relations besides containment: (id, kind, source, target).
pub(super) const EDGES: &[(Uuid, EdgeKind, Uuid, Uuid)] = &[
    (id(0x100), EdgeKind::MemberOf, KARI, TEAM),
    (id(0x101), EdgeKind::MemberOf, OLA, TEAM),
    (id(0x102), EdgeKind::MemberOf, TEAM, OPERATIONS),
    (id(0x103), EdgeKind::Admin, KARI, OPERATIONS),
    (id(0x110), EdgeKind::DependsOn, READY, DATABASE),
    (id(0x111), EdgeKind::DependsOn, API, PORT),
    (id(0x112), EdgeKind::DependsOn, HEALTH, PORT),
    (id(0x113), EdgeKind::DependsOn, READY, PORT),
    (id(0x114), EdgeKind::DependsOn, STATUS, PORT),
    (id(0x115), EdgeKind::DependsOn, FLAKY, RADIO),
    (id(0x116), EdgeKind::RelatesTo, FLAKY, CLOSED),
];
