use std::fs;
use std::process::{Command, Stdio};

use managed_postgres::{Cluster, Error};

use crate::support::{as_owner, config, kill, mark, open_dir, processes_of, psql, query, wait_until, within};

#[tokio::test]
async fn data_survives_the_postmasters_violent_end() {
    let dir = open_dir();
    let cluster = Cluster::start(config(dir.path())).await.unwrap();
    query(&cluster, "create table kept as select 42 as answer");
    kill("-KILL", cluster.pid().unwrap());
    within("the exit is seen", cluster.exited()).await;
    assert!(cluster.data_dir().join("postmaster.pid").exists(), "as a crash leaves it");
    drop(cluster);

    let cluster = Cluster::start(config(dir.path())).await.unwrap();
    assert_eq!(query(&cluster, "select answer from kept"), "42");
    cluster.stop().await.unwrap();
}

/// PostgreSQL itself refuses to start while such a backend holds the old shared
/// memory, which a loop like this one does to its end.
#[tokio::test]
async fn an_orphaned_backend_does_not_stand_in_the_way() {
    let dir = open_dir();
    let mut cluster = Cluster::start(config(dir.path())).await.unwrap();
    let mark = mark(&cluster);
    let url = cluster.connection_url("postgres", "postgres");
    // Bounded, so that it does not run on when this test fails.
    let busy = "do $$ begin while clock_timestamp() < now() + interval '2 min' loop end loop; end $$";
    let mut busy = Command::new(cluster.binaries_dir().join("psql"))
        .args(["-X", "-d", &url, "-c", busy])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let active = "select count(*) from pg_stat_activity where query like 'do %'";
    wait_until("the loop runs", || query(&cluster, active) == "1").await;

    kill("-KILL", cluster.pid().unwrap());
    within("the exit is seen", cluster.exited()).await;
    assert!(!processes_of(&[&mark]).is_empty(), "the backend goes on");
    cluster.restart().await.unwrap();
    assert_eq!(query(&cluster, "select 1"), "1");
    wait_until("the client is told", || busy.try_wait().unwrap().is_some()).await;
    cluster.stop().await.unwrap();
    assert_eq!(processes_of(&[&mark]), []);
}

/// The pid in a stale file often belongs to another process after a container's
/// restart; PostgreSQL by itself then refuses to start.
#[tokio::test]
async fn a_stale_pid_file_may_name_any_process() {
    let dir = open_dir();
    let cluster = Cluster::start(config(dir.path())).await.unwrap();
    let data = cluster.data_dir().to_owned();
    let socket_lock = cluster.socket_dir().join(".s.PGSQL.5432.lock");
    let stale = fs::read_to_string(data.join("postmaster.pid")).unwrap();
    let own = cluster.pid().unwrap().to_string();
    kill("-KILL", cluster.pid().unwrap());
    within("the exit is seen", cluster.exited()).await;
    drop(cluster);

    // A bystander of the database's own user: of others PostgreSQL takes no notice.
    let mut bystander = as_owner(&data, "sleep").arg("600").spawn().unwrap();
    let stale = stale.replacen(&own, &bystander.id().to_string(), 1);
    fs::write(data.join("postmaster.pid"), &stale).unwrap();
    fs::write(&socket_lock, &stale).unwrap();

    let started = Cluster::start(config(dir.path())).await;
    let unharmed = bystander.try_wait().unwrap().is_none();
    bystander.kill().unwrap();
    bystander.wait().unwrap();
    assert!(unharmed, "a stranger is never signalled");
    started.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn a_postmaster_of_someone_else_is_left_alone() {
    let dir = open_dir();
    let cluster = Cluster::start(config(dir.path())).await.unwrap();
    let data = cluster.data_dir().to_owned();
    let binaries = cluster.binaries_dir().to_owned();
    cluster.stop().await.unwrap();

    let mut foreign = as_owner(&data, binaries.join("postgres"));
    foreign.arg("-D").arg(&data).args(["-c", "listen_addresses=", "-k"]).arg(&data);
    let mut foreign = foreign.stderr(Stdio::null()).spawn().unwrap();
    let pid_file = data.join("postmaster.pid");
    wait_until("it runs", || fs::read_to_string(&pid_file).is_ok_and(|t| t.contains("ready"))).await;

    let refused = Cluster::start(config(dir.path())).await;
    let unharmed = foreign.try_wait().unwrap().is_none();
    kill("-INT", foreign.id());
    foreign.wait().unwrap();
    assert!(unharmed);
    match refused {
        Err(Error::ForeignPostmaster { pid, .. }) => assert_eq!(pid, foreign.id()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_start_that_fails_tells_why_and_leaves_no_process() {
    let dir = open_dir();
    let cluster = Cluster::start(config(dir.path())).await.unwrap();
    query(&cluster, "create table kept as select 42 as answer");
    let mark = mark(&cluster);
    cluster.stop().await.unwrap();

    let wrong = config(dir.path()).setting("work_mem", "plenty");
    match Cluster::start(wrong).await {
        Err(error @ Error::Exited { .. }) => {
            let text = error.to_string();
            assert!(text.contains("work_mem") && text.contains("plenty"), "{text}");
        }
        other => panic!("{other:?}"),
    }
    let mut hasty = config(dir.path());
    hasty.start_timeout = std::time::Duration::ZERO;
    let refused = Cluster::start(hasty).await;
    assert!(matches!(refused, Err(Error::StartTimeout { .. })), "{refused:?}");
    assert_eq!(processes_of(&[&mark]), []);

    let cluster = Cluster::start(config(dir.path())).await.unwrap();
    assert_eq!(query(&cluster, "select answer from kept"), "42");
    assert!(!psql(&cluster, "select nonsense").status.success());
    cluster.stop().await.unwrap();
}
