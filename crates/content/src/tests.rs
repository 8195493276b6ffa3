//! What is put is there, whole and once; what is not is nowhere.

use super::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

const OLD: Duration = Duration::from_secs(3600);

fn folder() -> (TempDir, Folder) {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path().join("files"), "one");
    (dir, folder)
}

async fn whole(folder: &Folder, parts: &[&[u8]]) -> Whole {
    let mut draft = folder.begin().await.unwrap();
    for part in parts {
        draft.write(part).await.unwrap();
    }
    draft.finish().await.unwrap()
}

async fn put(folder: &Folder, bytes: &[u8]) -> Digest {
    let mut whole = whole(folder, &[bytes]).await;
    whole.put().await.unwrap();
    whole.digest()
}

/// All files but the one that says whose they are.
fn files(folder: &Folder) -> Vec<PathBuf> {
    fn below(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() { below(&entry.path(), found) } else { found.push(entry.path()) }
        }
    }
    let mut found = Vec::new();
    below(folder.root(), &mut found);
    found.retain(|path| !path.ends_with("owner"));
    found
}

fn at(folder: &Folder, digest: &Digest) -> PathBuf {
    folder.path_of(digest)
}

#[tokio::test]
async fn a_content_is_known_by_its_digest_and_there_once() {
    let (_dir, folder) = folder();
    let mut first = whole(&folder, &[b"a", b"", b"bc"]).await;
    assert_eq!(first.digest().to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(first.size_bytes(), 3);
    first.put().await.unwrap();
    first.put().await.unwrap();
    let second = put(&folder, b"abc").await;
    drop(first);
    assert_eq!(files(&folder), [at(&folder, &second)]);
    assert_eq!(fs::read(at(&folder, &second)).unwrap(), b"abc");
    assert_eq!(folder.list(0xba, 9).await.unwrap(), [second]);
    assert_eq!(folder.list(0xbb, 9).await.unwrap(), []);
}

#[tokio::test]
async fn what_is_not_put_leaves_nothing() {
    let (_dir, folder) = folder();
    let mut draft = folder.begin().await.unwrap();
    draft.write(&[7; 100_000]).await.unwrap();
    assert_eq!(files(&folder).len(), 1);
    drop(draft);
    assert!(files(&folder).is_empty(), "{:?}", files(&folder));
    drop(whole(&folder, &[b"abc"]).await);
    assert!(files(&folder).is_empty(), "{:?}", files(&folder));
}

#[tokio::test]
async fn what_is_cut_short_is_replaced() {
    let (_dir, folder) = folder();
    let digest = put(&folder, b"abc").await;
    fs::write(at(&folder, &digest), b"a").unwrap();
    put(&folder, b"abc").await;
    assert_eq!(fs::read(at(&folder, &digest)).unwrap(), b"abc");
}

#[tokio::test]
async fn what_was_put_and_is_gone_can_not_be_put_again() {
    let (_dir, folder) = folder();
    let mut whole = whole(&folder, &[b"abc"]).await;
    whole.put().await.unwrap();
    fs::remove_file(at(&folder, &whole.digest())).unwrap();
    assert!(matches!(whole.put().await, Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::NotFound));
}

#[tokio::test]
async fn only_what_is_proved_to_be_unnamed_is_deleted() {
    let (_dir, folder) = folder();
    let digest = put(&folder, b"abc").await;
    let aside = folder.set_aside(&digest).await.unwrap().unwrap();
    assert!(!at(&folder, &digest).exists());
    assert!(folder.set_aside(&digest).await.unwrap().is_none());
    drop(aside);
    assert_eq!(files(&folder), [at(&folder, &digest)]);
    folder.set_aside(&digest).await.unwrap().unwrap().discard().await.unwrap();
    assert!(files(&folder).is_empty(), "{:?}", files(&folder));
}

#[tokio::test]
async fn what_is_put_meanwhile_stays() {
    let (_dir, folder) = folder();
    let digest = put(&folder, b"abc").await;
    let first = folder.set_aside(&digest).await.unwrap().unwrap();
    put(&folder, b"abc").await;
    first.discard().await.unwrap();
    assert_eq!(files(&folder), [at(&folder, &digest)]);
    let second = folder.set_aside(&digest).await.unwrap().unwrap();
    put(&folder, b"abc").await;
    drop(second);
    assert_eq!(files(&folder), [at(&folder, &digest)]);
}

#[tokio::test]
async fn what_a_crash_leaves_is_put_right() {
    let (_dir, folder) = folder();
    assert_eq!(folder.mend(OLD).await.unwrap(), Mended::default());
    let digest = put(&folder, b"abc").await;
    // As a process does that is killed.
    std::mem::forget(folder.set_aside(&digest).await.unwrap());
    let (old, new) = (folder.begin().await.unwrap(), folder.begin().await.unwrap());
    let tmp = folder.root().join("tmp");
    let drafts: Vec<PathBuf> = fs::read_dir(&tmp).unwrap().map(|entry| entry.unwrap().path()).collect();
    let long_ago = fs::metadata(&drafts[0]).unwrap().modified().unwrap() - OLD - Duration::from_secs(60);
    age(&drafts[0], long_ago);
    assert_eq!(folder.mend(OLD).await.unwrap(), Mended { swept: 1, put_back: 1 });
    assert_eq!(fs::read(at(&folder, &digest)).unwrap(), b"abc");
    assert_eq!(files(&folder).len(), 2, "the content, and the draft that somebody writes");
    assert!(!drafts[0].exists());
    drop((old, new));
    assert_eq!(files(&folder), [at(&folder, &digest)]);
}

fn age(path: &Path, to: SystemTime) {
    fs::File::options().append(true).open(path).unwrap().set_modified(to).unwrap();
}

#[tokio::test]
async fn who_does_not_own_a_folder_deletes_nothing_there() {
    let (_dir, folder) = folder();
    let other = Folder::new(folder.root(), "two");
    assert!(!folder.is_own().await.unwrap(), "nobody's yet");
    let digest = put(&folder, b"abc").await;
    assert!(folder.is_own().await.unwrap());
    put(&other, b"abd").await;
    assert!(matches!(other.is_own().await, Err(Error::Foreign(path)) if path.ends_with("owner")));
    assert!(matches!(other.set_aside(&digest).await, Err(Error::Foreign(_))));
    assert_eq!(files(&folder).len(), 2);
    assert!(folder.is_own().await.unwrap());
}

#[tokio::test]
async fn what_is_no_content_is_left_alone() {
    let (_dir, folder) = folder();
    let digest = put(&folder, b"abc").await;
    let dir = folder.root().join("ba");
    fs::write(dir.join("notes.txt"), "").unwrap();
    // In a place where none of ours would be.
    fs::write(dir.join("0".repeat(64)), "").unwrap();
    assert_eq!(folder.list(0xba, 9).await.unwrap(), [digest]);
}
