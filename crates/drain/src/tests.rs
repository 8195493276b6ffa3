#![expect(clippy::disallowed_methods, reason = "tasks of a test, awaited in it")]

use super::*;
use std::sync::atomic::AtomicUsize;

const SHORT: Duration = Duration::from_secs(5);
const LONG: Duration = Duration::from_secs(60);

/// Work that a test counts.
#[derive(Clone, Default)]
struct Busy(Arc<AtomicUsize>);

impl Busy {
    fn with(count: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(count)))
    }

    fn join(&self, drain: &Drain, name: &'static str, class: Class) -> Participant {
        let count = Arc::clone(&self.0);
        drain.register(name, class, SHORT, move || InFlight::of(count.load(SeqCst)))
    }
}

/// Paused time goes on by so much, and whoever waits for less of it runs.
async fn pass(span: Duration) {
    let nothing = std::future::pending::<()>();
    assert!(tokio::time::timeout(span, nothing).await.is_err());
}

fn stopped(late: &[&'static str]) -> Ended {
    Ended::Stopped { late: late.to_vec() }
}

#[tokio::test(start_paused = true)]
async fn phases_go_forward_and_back_only_before_the_end() {
    let drain = Drain::new();
    assert!(!drain.abort(), "nothing was begun");
    assert!(drain.announce() && !drain.announce() && drain.phase().takes_work());
    assert!(drain.close() && !drain.announce() && !drain.phase().takes_work());
    assert!(drain.abort() && drain.phase() == Phase::Running);
    assert!(drain.extend(Instant::now() + SHORT));
    assert_eq!(drain.drain(Instant::now() + SHORT).await, stopped(&[]));
    assert_eq!(drain.phase(), Phase::Stopped);
    assert!(!drain.abort() && !drain.close() && !drain.extend(Instant::now() + LONG));
}

/// Jobs first, then the others; each is told to end when its turn comes.
#[tokio::test(start_paused = true)]
async fn requests_are_served_while_jobs_finish() {
    let (drain, busy, began) = (Drain::new(), Busy::with(2), Instant::now());
    let (job, request) = (busy.join(&drain, "jobs", Class::Job), Busy::with(1).join(&drain, "http", Class::Request));
    let session = Busy::with(1).join(&drain, "sockets", Class::Session);
    let (draining, counted) = (drain.clone(), busy.0.clone());
    let all = tokio::spawn(async move { draining.drain(Instant::now() + LONG).await });
    pass(SHORT).await;
    assert_eq!(drain.phase(), Phase::Draining);
    assert!(!job.end().is_cancelled() && !request.end().is_cancelled());
    counted.store(0, SeqCst);
    job.changed();
    job.end().cancelled().await;
    assert!(began.elapsed() < LONG, "finished, it is not waited for until the deadline");
    assert!(!request.end().is_cancelled() && !session.end().is_cancelled());
    drop(job);
    request.end().cancelled().await;
    session.end().cancelled().await;
    drop((request, session));
    assert_eq!(all.await.unwrap(), stopped(&[]));
}

#[tokio::test(start_paused = true)]
async fn whoever_is_late_is_named_and_nobody_is_waited_for_beyond_a_bound() {
    let (drain, began) = (Drain::new(), Instant::now());
    let stuck = Busy::with(1).join(&drain, "jobs", Class::Job);
    let slow = Busy::with(1).join(&drain, "http", Class::Request);
    let good = Busy::with(1).join(&drain, "sockets", Class::Session);
    let ends = good.end().clone();
    let leaving = tokio::spawn(async move {
        ends.cancelled().await;
        drop(good);
    });
    assert_eq!(drain.drain(began + LONG).await, stopped(&["jobs", "http"]));
    assert_eq!(began.elapsed().as_secs(), (LONG + SHORT + SHORT).as_secs());
    leaving.await.unwrap();
    let late: Vec<_> = drain.standings().into_iter().filter(|one| one.is_late).map(|one| one.name).collect();
    assert_eq!(late, ["jobs"], "the other's bound is just over");
    assert!(stuck.end().is_cancelled() && slow.end().is_cancelled());
    let too_late = Busy::with(1).join(&drain, "late", Class::Job);
    assert!(too_late.end().is_cancelled(), "whoever comes afterwards ends at once");
}

#[tokio::test(start_paused = true)]
async fn the_deadline_moves_both_ways() {
    let (drain, busy, began) = (Drain::new(), Busy::with(1), Instant::now());
    let job = busy.join(&drain, "jobs", Class::Job);
    let leads = drain.clone();
    let all = tokio::spawn(async move { leads.drain(began + SHORT).await });
    pass(SHORT / 2).await;
    assert!(drain.extend(began + 3 * LONG));
    pass(LONG).await;
    assert!(!job.end().is_cancelled(), "there is more time now");
    assert!(drain.extend(began + LONG + SHORT));
    job.end().cancelled().await;
    assert_eq!(began.elapsed().as_secs(), (LONG + SHORT).as_secs());
    drop(job);
    assert_eq!(all.await.unwrap(), stopped(&[]));
}

#[tokio::test(start_paused = true)]
async fn whoever_is_told_to_end_does_so_whatever_others_allow() {
    let (drain, busy, began) = (Drain::new(), Busy::with(1), Instant::now());
    let job = busy.join(&drain, "jobs", Class::Job);
    let leads = drain.clone();
    let all = tokio::spawn(async move { leads.drain(began + LONG).await });
    pass(SHORT / 2).await;
    drain.no_later_than(began + SHORT);
    assert!(drain.extend(began + 3 * LONG));
    job.end().cancelled().await;
    assert_eq!(began.elapsed().as_secs(), SHORT.as_secs());
    drop(job);
    assert_eq!(all.await.unwrap(), stopped(&[]));
}

#[tokio::test(start_paused = true)]
async fn only_an_announcement_is_recalled() {
    let drain = Drain::new();
    assert!(!drain.recall());
    assert!(drain.announce() && drain.recall() && drain.phase() == Phase::Running);
    assert!(drain.close() && !drain.recall() && drain.phase() == Phase::Closing);
}

#[tokio::test(start_paused = true)]
async fn an_abort_leads_back_and_the_next_drain_works() {
    let (drain, busy) = (Drain::new(), Busy::with(1));
    let job = busy.join(&drain, "jobs", Class::Job);
    let mut phases = job.phases();
    let leads = drain.clone();
    let all = tokio::spawn(async move { leads.drain(Instant::now() + LONG).await });
    phases.wait_for(|phase| *phase == Phase::Draining).await.unwrap();
    // Another stop begins before the first one has noticed that it was called off.
    assert!(drain.abort() && drain.close());
    assert_eq!(all.await.unwrap(), Ended::Aborted);
    assert!(drain.abort());
    assert!(drain.phase().takes_work() && !job.end().is_cancelled() && drain.deadline().is_none());
    busy.0.store(0, SeqCst);
    let end = job.end().clone();
    let leaving = tokio::spawn(async move {
        end.cancelled().await;
        drop(job);
    });
    assert_eq!(drain.drain(Instant::now() + LONG).await, stopped(&[]));
    leaving.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn stop_now_waits_for_nobody() {
    let (drain, began) = (Drain::new(), Instant::now());
    let job = Busy::with(1).join(&drain, "jobs", Class::Job);
    let leads = drain.clone();
    let all = tokio::spawn(async move { leads.drain(Instant::now() + LONG).await });
    pass(SHORT).await;
    drain.stop_now();
    assert_eq!(all.await.unwrap(), stopped(&["jobs"]));
    assert!(began.elapsed() < 2 * SHORT && job.end().is_cancelled());
}
