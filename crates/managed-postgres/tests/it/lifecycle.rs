use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use managed_postgres::Cluster;

use crate::support::{config, is_root, kill, mark, open_dir, processes_of, query, wait_until, within};

#[tokio::test]
async fn from_nothing_to_a_private_database_and_back_to_no_process() {
    let dir = open_dir();
    let cluster = Cluster::start(config(dir.path())).await.unwrap();
    let ask = |setting: &str| query(&cluster, &format!("show {setting}"));
    assert_eq!(ask("listen_addresses"), "");
    assert_eq!(ask("server_encoding"), "UTF8");
    assert_eq!(ask("data_checksums"), "on");
    assert_eq!(ask("fsync"), "off", "the caller's setting");
    assert_eq!(ask("synchronous_commit"), "on", "the crate's default");
    assert_eq!(ask("server_version_num")[..2], cluster.major_version().to_string());
    assert_eq!(query(&cluster, "select lower('ÆØÅ')"), "æøå");
    for private in [cluster.socket_dir(), cluster.data_dir()] {
        assert_eq!(fs::metadata(private).unwrap().mode() & 0o7777, 0o700, "{private:?}");
    }
    let log = fs::metadata(cluster.log_file()).unwrap();
    assert_eq!((log.mode() & 0o7777, log.len() > 0), (0o600, true));

    let (mark, socket_dir) = (mark(&cluster), cluster.socket_dir().to_owned());
    assert!(!processes_of(&[&mark]).is_empty());
    cluster.stop().await.unwrap();
    assert_eq!(processes_of(&[&mark]), []);
    assert_eq!(fs::read_dir(socket_dir).unwrap().count(), 0);
}

#[tokio::test]
async fn a_second_start_finds_the_data_and_takes_new_settings() {
    let dir = open_dir();
    let cluster = Cluster::start(config(dir.path())).await.unwrap();
    query(&cluster, "create table kept as select 42 as answer");
    query(&cluster, "alter system set listen_addresses = 'localhost'");
    cluster.stop().await.unwrap();

    let changed = config(dir.path()).setting("work_mem", "7MB");
    let cluster = Cluster::start(changed).await.unwrap();
    assert_eq!(query(&cluster, "select answer from kept"), "42");
    assert_eq!(query(&cluster, "show work_mem"), "7MB");
    assert_eq!(query(&cluster, "show listen_addresses"), "", "not even ALTER SYSTEM opens it");
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn odd_names_are_no_trouble() {
    let parent = open_dir();
    let dir = parent.path().join("it's a \"dir\" 50% +ø");
    let mut config = config(&dir);
    config.superuser = "o&m +50% ø".to_owned();
    let cluster = Cluster::start(config).await.unwrap();
    let url = cluster.connection_url("o&m +50% ø", "postgres");
    let output = std::process::Command::new(cluster.binaries_dir().join("psql"))
        .args(["-XAt", "-d", &url, "-c", "select current_user"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "o&m +50% ø\n", "{output:?}");
    assert_eq!(cluster.socket_dir().parent(), Some(&*dir.canonicalize().unwrap()));
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_moves_the_socket_alone() {
    let parent = open_dir();
    let dir = parent.path().join("d".repeat(120));
    let cluster = Cluster::start(config(&dir)).await.unwrap();
    let socket_dir = cluster.socket_dir().to_owned();
    assert!(!socket_dir.starts_with(parent.path()), "{socket_dir:?}");
    assert_eq!(fs::metadata(&socket_dir).unwrap().mode() & 0o7777, 0o700);
    assert_eq!(query(&cluster, "select 1"), "1");
    cluster.stop().await.unwrap();
    assert!(!socket_dir.exists());
}

#[tokio::test]
async fn dropping_a_cluster_leaves_no_process() {
    let dir = open_dir();
    let cluster = Cluster::start(config(dir.path())).await.unwrap();
    query(&cluster, "create table kept as select 42 as answer");
    let mark = mark(&cluster);
    drop(cluster);
    wait_until("no process is left", || processes_of(&[&mark]).is_empty()).await;

    let cluster = Cluster::start(config(dir.path())).await.unwrap();
    assert_eq!(query(&cluster, "select answer from kept"), "42");
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn an_exit_is_seen_and_a_restart_keeps_the_url() {
    let dir = open_dir();
    let mut cluster = Cluster::start(config(dir.path())).await.unwrap();
    let (url, pid) = (cluster.connection_url("postgres", "postgres"), cluster.pid());
    let exited = cluster.exited();
    kill("-KILL", pid.unwrap());
    let status = within("the exit is seen", exited).await;
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
    assert_eq!(cluster.pid(), None);

    cluster.restart().await.unwrap();
    assert_eq!(cluster.connection_url("postgres", "postgres"), url);
    assert!(cluster.pid().is_some() && cluster.pid() != pid);
    assert_eq!(query(&cluster, "select 1"), "1");
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn data_stays_with_its_owner_when_root_starts_it() {
    if !is_root() {
        return; // Only root chooses who runs it.
    }
    let dir = open_dir();
    let cluster = Cluster::start(config(dir.path())).await.unwrap();
    let owner = fs::metadata(cluster.data_dir()).unwrap().uid();
    assert_ne!(owner, 0);
    let status = fs::read_to_string(format!("/proc/{}/status", cluster.pid().unwrap())).unwrap();
    assert!(status.contains(&format!("Uid:\t{owner}\t{owner}")), "{status}");
    assert!(status.contains("Groups:\t \n"), "no supplementary groups: {status}");
    let data = cluster.data_dir().to_owned();
    cluster.stop().await.unwrap();

    // As after a package renumbered its user; 65533 has no line in passwd here.
    let chown = ["-R", "65533:65533"];
    for path in [&data, &dir.path().join("socket")] {
        let mut command = std::process::Command::new("chown");
        assert!(command.args(chown).arg(path).status().unwrap().success());
    }
    let cluster = Cluster::start(config(dir.path())).await.unwrap();
    assert_eq!(query(&cluster, "select 1"), "1");
    assert_eq!(fs::metadata(&data).unwrap().uid(), 65533);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn the_owners_other_files_stay_as_they_are() {
    let dir = open_dir();
    let other = dir.path().join("secret");
    fs::write(&other, "mine").unwrap();
    fs::set_permissions(&other, Permissions::from_mode(0o600)).unwrap();
    let before = fs::metadata(dir.path()).unwrap();
    Cluster::start(config(dir.path())).await.unwrap().stop().await.unwrap();
    let after = fs::metadata(dir.path()).unwrap();
    assert_eq!((before.mode(), before.uid()), (after.mode(), after.uid()));
    let other = fs::metadata(&other).unwrap();
    assert_eq!((other.mode() & 0o7777, other.uid()), (0o600, before.uid()));
}
