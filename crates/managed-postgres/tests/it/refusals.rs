use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use managed_postgres::{Cluster, Error};

use crate::support::{config, is_root, open_dir, query};

#[tokio::test]
async fn a_second_owner_is_refused_with_the_pid_of_the_first() {
    let dir = open_dir();
    let cluster = Cluster::start(config(dir.path())).await.unwrap();
    match Cluster::start(config(dir.path())).await {
        Err(error @ Error::InUse { holder, .. }) => {
            assert_eq!(holder, Some(std::process::id()));
            assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(query(&cluster, "select 1"), "1", "the first is not disturbed");
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn data_of_another_version_is_refused_and_kept() {
    let dir = open_dir();
    let cluster = Cluster::start(config(dir.path())).await.unwrap();
    query(&cluster, "create table kept as select 42 as answer");
    let file = cluster.data_dir().join("PG_VERSION");
    cluster.stop().await.unwrap();
    let version = fs::read_to_string(&file).unwrap();

    fs::write(&file, "99\n").unwrap();
    match Cluster::start(config(dir.path())).await {
        Err(error @ Error::VersionMismatch { data_major: 99, .. }) => {
            let text = error.to_string();
            assert!(text.contains("apt-get install postgresql-99"), "{text}");
            assert!(text.contains("data is safe"), "{text}");
        }
        other => panic!("{other:?}"),
    }
    fs::write(&file, version).unwrap();
    let cluster = Cluster::start(config(dir.path())).await.unwrap();
    assert_eq!(query(&cluster, "select answer from kept"), "42");
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_directory_without_binaries_is_named() {
    let (dir, empty) = (open_dir(), open_dir());
    let mut config = config(dir.path());
    config.binaries = Some(empty.path().to_owned());
    let error = Cluster::start(config).await.unwrap_err();
    assert!(matches!(&error, Error::UnusableBinaries { dir, .. } if dir == empty.path()));
    assert!(error.to_string().contains("no `initdb`"), "{error}");
    assert!(!dir.path().join("postgres").exists());
}

#[tokio::test]
async fn files_that_are_no_cluster_are_not_touched() {
    let dir = open_dir();
    let data = dir.path().join("postgres");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("photo.jpg"), "precious").unwrap();
    if is_root() {
        let refused = Cluster::start(config(dir.path())).await;
        assert!(matches!(refused, Err(Error::WrongOwner { owner: 0, .. })), "{refused:?}");
        std::os::unix::fs::chown(&data, Some(65533), Some(65533)).unwrap();
    }
    let refused = Cluster::start(config(dir.path())).await;
    assert!(matches!(refused, Err(Error::NotACluster { .. })), "{refused:?}");
    assert_eq!(fs::read_to_string(data.join("photo.jpg")).unwrap(), "precious");
}

#[tokio::test]
async fn a_setting_that_would_open_the_cluster_is_refused_before_anything_is_made() {
    let parent = open_dir();
    let dir = parent.path().join("new");
    let refused = Cluster::start(config(&dir).setting("listen_addresses", "*")).await;
    assert!(matches!(refused, Err(Error::Setting { .. })), "{refused:?}");
    assert!(!dir.exists());
}

#[tokio::test]
async fn an_unreachable_parent_is_named_and_not_changed() {
    if !is_root() {
        return; // Without root nobody else has to reach it.
    }
    let parent = open_dir();
    fs::set_permissions(parent.path(), Permissions::from_mode(0o700)).unwrap();
    let before = fs::metadata(parent.path()).unwrap().permissions();
    assert_eq!(before.mode() & 0o7777, 0o700);
    let dir = parent.path().join("new");
    match Cluster::start(config(&dir)).await {
        Err(error @ Error::Unreachable { .. }) => {
            let text = error.to_string();
            let advice = format!("chmod o+x {}`", parent.path().display());
            assert!(text.contains(&advice), "{text}");
        }
        other => panic!("{other:?}"),
    }
    assert!(!dir.exists(), "nothing is made");
    assert_eq!(fs::metadata(parent.path()).unwrap().permissions(), before);

    fs::set_permissions(parent.path(), Permissions::from_mode(0o711)).unwrap();
    let cluster = Cluster::start(config(&dir)).await.unwrap();
    assert_eq!(query(&cluster, "select 1"), "1");
    cluster.stop().await.unwrap();
}
