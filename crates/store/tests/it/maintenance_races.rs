//! A cancel, and two clocks that would start: every order of their steps ends in one of the two, once.

use domain::lifecycle::Stops;
use domain::maintenance::{Maintenance, MaintenanceState, Outcome, Verification};
use domain::node::Facet;
use domain::timeline::{Audience, StateChange};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sqlx::{PgConnection, PgPool};
use std::ops::Range;
use std::time::Duration;
use store::timeline::NewUpdateRow;
use testkit::TestDb;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use uuid::Uuid;

const INTERLEAVINGS: u64 = 1_000;
const STEPS: usize = 4;
/// Between two looks whether a step waits for somebody's lock.
const LOOK: Duration = Duration::from_millis(1);
const SOON: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wants {
    Start,
    Cancel,
}

/// Takes its steps when told to; tells each one done, and at the end what it achieved.
struct Contender {
    go: mpsc::Sender<()>,
    done: mpsc::Receiver<Option<bool>>,
    pid: i32,
    left: usize,
    /// It was told to go and has not told that it is done.
    waits: bool,
    achieved: bool,
}

/// The steps of one transaction, as the clock and the intention take them. Without `locks` nothing
/// but the condition of the update keeps them apart.
async fn contend(
    mut db: sqlx::pool::PoolConnection<sqlx::Postgres>,
    id: Uuid,
    wants: Wants,
    locks: bool,
    mut go: mpsc::Receiver<()>,
    done: mpsc::Sender<Option<bool>>,
) {
    let mut read: Option<Maintenance> = None;
    let mut achieved = false;
    for step in 0..STEPS {
        go.recv().await.unwrap();
        match step {
            0 => {
                sqlx::query("begin").execute(&mut *db).await.unwrap();
                if locks {
                    store::node::lock_node(&mut *db, id).await.unwrap().unwrap();
                }
            }
            1 if locks => read = store::maintenance::lock_maintenance(&mut *db, id).await.unwrap(),
            1 => read = found(&mut db, id).await,
            2 => achieved = act(&mut db, id, wants, read.as_ref().unwrap()).await,
            _ => {
                sqlx::query("commit").execute(&mut *db).await.unwrap();
            }
        }
        done.send((step + 1 == STEPS).then_some(achieved)).await.unwrap();
    }
}

async fn found(db: &mut PgConnection, id: Uuid) -> Option<Maintenance> {
    match store::node::find_node(db, id).await.unwrap().unwrap().facet {
        Some(Facet::Maintenance(maintenance)) => Some(maintenance),
        _ => None,
    }
}

async fn act(db: &mut PgConnection, id: Uuid, wants: Wants, read: &Maintenance) -> bool {
    let now = store::database::now(&mut *db).await.unwrap();
    let (to, outcome) = match wants {
        Wants::Start => match read.due(now, Verification::default(), Stops::default()) {
            Some(due) if due.to == MaintenanceState::InProgress => (due.to, due.outcome),
            _ => return false,
        },
        Wants::Cancel if read.state == MaintenanceState::Scheduled => (MaintenanceState::Cancelled, Some(Outcome::Cancelled)),
        Wants::Cancel => return false,
    };
    if !store::maintenance::move_maintenance(&mut *db, id, read, to, outcome).await.unwrap() {
        return false;
    }
    let said = NewUpdateRow {
        node_id: id,
        by: None,
        message: "Moved.",
        audience: Audience::Public,
        state_change: Some(StateChange::Maintenance(to)),
    };
    store::timeline::insert_update(&mut *db, said).await.unwrap();
    true
}

impl Contender {
    /// Waits until the step is done, or waits for somebody's lock.
    async fn settle(&mut self, watcher: &PgPool) {
        while self.waits {
            match timeout(LOOK, self.done.recv()).await {
                Ok(told) => {
                    self.achieved |= told.expect("it lives").unwrap_or(false);
                    self.waits = false;
                    self.left -= 1;
                }
                Err(_) if blocked(watcher, self.pid).await => return,
                Err(_) => {}
            }
        }
    }
}

async fn blocked(watcher: &PgPool, pid: i32) -> bool {
    let statement = "select cardinality(pg_blocking_pids($1)) > 0";
    sqlx::query_scalar(statement).bind(pid).fetch_one(watcher).await.unwrap()
}

/// Lets them go on in an order that the seed draws; answers who achieved something.
async fn race(db: &TestDb, id: Uuid, seed: u64) -> Vec<Wants> {
    let mut random = StdRng::seed_from_u64(seed);
    let all = [Wants::Start, Wants::Cancel, Wants::Start];
    let locks = seed.is_multiple_of(2);
    let mut tasks = JoinSet::new();
    let mut contenders = Vec::new();
    for wants in all {
        let mut connection = db.pool().acquire().await.unwrap();
        let pid = crate::pid(&mut connection).await;
        let (go, gone) = mpsc::channel(1);
        let (told, done) = mpsc::channel(1);
        tasks.spawn(contend(connection, id, wants, locks, gone, told));
        contenders.push(Contender { go, done, pid, left: STEPS, waits: false, achieved: false });
    }
    while contenders.iter().any(|contender| contender.left > 0) {
        let next = random.random_range(0..contenders.len());
        let contender = &mut contenders[next];
        if contender.left > 0 {
            if !contender.waits {
                contender.go.send(()).await.unwrap();
                contender.waits = true;
            }
            contender.settle(db.superuser_pool()).await;
        }
    }
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
    all.into_iter().zip(&contenders).filter(|(_, contender)| contender.achieved).map(|(wants, _)| wants).collect()
}

/// Answers how many were started, and how many cancelled.
async fn lane(db: &TestDb, seeds: Range<u64>) -> (u64, u64) {
    let shop = db.workspace("Shop").await;
    let (mut started, mut cancelled) = (0, 0);
    for seed in seeds {
        let id = db.maintenance("Raced", shop, (-1.0, 3_600.0), &[]).await;
        let achieved = timeout(SOON, race(db, id, seed)).await.unwrap_or_else(|_| panic!("seed {seed}: it hangs"));
        let mut reader = db.pool().acquire().await.unwrap();
        let after = found(&mut reader, id).await.unwrap();
        let told = store::timeline::list_updates(&mut *reader, id, Audience::ALL, None, 10).await.unwrap();
        let told: Vec<_> = told.into_iter().map(|update| update.state_change).collect();
        assert_eq!(told, [Some(StateChange::Maintenance(after.state))], "seed {seed}: told once, and what is so");
        assert_eq!(achieved.len(), 1, "seed {seed}: {} believe that they did it", achieved.len());
        match (achieved[0] == Wants::Start, after.state) {
            (true, MaintenanceState::InProgress) => started += 1,
            (false, MaintenanceState::Cancelled) => cancelled += 1,
            (_, state) => panic!("seed {seed}: it is {state}"),
        }
    }
    (started, cancelled)
}

#[tokio::test]
async fn a_cancel_and_a_start_end_in_one_of_the_two() {
    let db = TestDb::new().await;
    // Two at a time, which share nothing but the database.
    let half = INTERLEAVINGS / 2;
    let ((a, b), (c, d)) = tokio::join!(lane(&db, 0..half), lane(&db, half..INTERLEAVINGS));
    let (started, cancelled) = (a + c, b + d);
    assert!(started > INTERLEAVINGS / 10 && cancelled > INTERLEAVINGS / 10, "both happen: {started} and {cancelled}");
}
