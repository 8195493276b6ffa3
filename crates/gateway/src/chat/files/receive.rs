//! From a body to a file on the disk, chunk by chunk: within its bounds, and of a kind that is taken. Whatever ends it
//! before its end, the draft is deleted as it is dropped.

use bytes::Bytes;
use content::{Folder, Whole};
use domain::Refusal;
use domain::file::judge_type;
use domain::limits::{FILE_HEAD_BYTES, UPLOAD_IDLE_MAX, UPLOAD_REST_MAX, UPLOAD_REST_MAX_BYTES};
use futures_util::{Stream, StreamExt};
use tokio::time::timeout;

/// What holds for each file here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds<'a> {
    max_bytes: u64,
    types: &'a [String],
}

impl<'a> Bounds<'a> {
    pub(super) fn new(max_bytes: u64, types: &'a [String]) -> Self {
        Self { max_bytes, types }
    }

    /// Refuses what has more bytes than that.
    pub(super) fn check(&self, size_bytes: u64) -> Result<(), Refusal> {
        if size_bytes <= self.max_bytes {
            return Ok(());
        }
        let most = match self.max_bytes >> 20 {
            0 => format!("{} bytes", self.max_bytes),
            mebibytes => format!("{mebibytes} MiB"),
        };
        Err(Refusal::TooLarge { detail: format!("a file holds at most {most} here") })
    }
}

/// The file, on the disk, and of which kind it is.
pub(super) async fn receive<E>(
    folder: &Folder,
    body: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin),
    said: Option<&str>,
    bounds: &Bounds<'_>,
) -> Result<(Whole, String), Refusal> {
    let mut draft = folder.begin().await.map_err(unkept)?;
    let (mut head, mut kind) = (Vec::new(), None);
    while let Some(bytes) = next(body).await? {
        bounds.check(draft.size_bytes().saturating_add(bytes.len() as u64))?;
        if kind.is_none() {
            head.extend_from_slice(&bytes[..bytes.len().min(FILE_HEAD_BYTES - head.len())]);
            if head.len() == FILE_HEAD_BYTES {
                kind = Some(judge_type(said, &head, bounds.types)?);
            }
        }
        draft.write(&bytes).await.map_err(unkept)?;
    }
    if draft.size_bytes() == 0 {
        return Err(Refusal::invalid("body", "a file that holds something"));
    }
    let kind = match kind {
        Some(kind) => kind,
        None => judge_type(said, &head, bounds.types)?,
    };
    Ok((draft.finish().await.map_err(unkept)?, kind))
}

async fn next<E>(body: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin)) -> Result<Option<Bytes>, Refusal> {
    match timeout(UPLOAD_IDLE_MAX, body.next()).await {
        Ok(None) => Ok(None),
        Ok(Some(Ok(bytes))) => Ok(Some(bytes)),
        Ok(Some(Err(_))) => Err(Refusal::invalid("body", "a whole body: it broke off")),
        Err(_) => Err(Refusal::invalid("body", format!("a whole body: nothing has come for {} s", UPLOAD_IDLE_MAX.as_secs()))),
    }
}

/// What the disk said goes to the log alone.
fn unkept(error: content::Error) -> Refusal {
    Refusal::Unavailable {
        detail: "the server can't keep files now; nothing was changed, try again",
        source: Some(Box::new(error)),
    }
}

/// Reads what still comes of a body that was refused: a connection that is closed on somebody who sends is reset, and
/// they never read why.
pub(super) async fn throw_away<E>(mut body: impl Stream<Item = Result<Bytes, E>> + Unpin) {
    let reading = async {
        let mut rest_bytes = 0;
        while let Some(Ok(bytes)) = body.next().await {
            rest_bytes += bytes.len() as u64;
            if rest_bytes > UPLOAD_REST_MAX_BYTES {
                return;
            }
        }
    };
    // In any case the connection is closed behind it.
    let _ = timeout(UPLOAD_REST_MAX, reading).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use std::convert::Infallible;
    use std::io;
    use std::path::Path;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

    fn types() -> Vec<String> {
        ["image/png", "text/plain"].map(str::to_owned).to_vec()
    }

    /// All that lies in the folder, but for who owns it.
    fn left(dir: &Path) -> usize {
        let of = |dir: std::path::PathBuf| std::fs::read_dir(dir).map_or(0, Iterator::count);
        let there = std::fs::read_dir(dir).map_or_else(|_| Vec::new(), |all| all.map(|entry| entry.unwrap().path()).collect());
        there.into_iter().filter(|path| path.is_dir()).map(of).sum()
    }

    async fn check(said: &str, chunks: Vec<Result<&'static [u8], io::Error>>, then: Then, expect: Result<&str, &str>) {
        let (dir, types) = (tempfile::tempdir().unwrap(), types());
        let folder = Folder::new(dir.path(), "test");
        let chunks = stream::iter(chunks).map(|chunk| chunk.map(Bytes::from_static));
        let mut body = match then {
            Then::Ends => chunks.boxed(),
            Then::Waits => chunks.chain(stream::pending()).boxed(),
        };
        let received = receive(&folder, &mut body, Some(said), &Bounds::new(10_000, &types)).await;
        let got = match received {
            Ok((whole, kind)) => {
                drop(whole);
                Ok(kind)
            }
            Err(Refusal::Invalid { field, .. }) => Err(field),
            Err(Refusal::TooLarge { .. }) => Err("too large".to_owned()),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(got.as_deref().map_err(String::as_str), expect);
        assert_eq!(left(dir.path()), 0, "nothing is left of what is not kept: {expect:?}");
    }

    #[derive(Clone, Copy)]
    enum Then {
        Ends,
        Waits,
    }

    #[tokio::test]
    async fn a_file_comes_in_chunks() {
        let byte_by_byte = PNG.chunks(1).map(Ok).collect();
        check("image/png", byte_by_byte, Then::Ends, Ok("image/png")).await;
        check("text/plain", vec![Ok(b"a"), Ok(b""), Ok(&[b'b'; 9_999])], Then::Ends, Ok("text/plain")).await;
        check("text/plain", vec![Ok(b"a"), Ok(&[b'b'; 10_000])], Then::Ends, Err("too large")).await;
        check("text/plain", vec![], Then::Ends, Err("body")).await;
        check("image/png", vec![Ok(b"<html>")], Then::Ends, Err("Content-Type")).await;
        check("text/plain", vec![Ok(b"a"), Err(io::ErrorKind::ConnectionReset.into())], Then::Ends, Err("body")).await;
    }

    #[tokio::test(start_paused = true)]
    async fn who_sends_nothing_more_is_not_waited_for() {
        check("text/plain", vec![Ok(b"a")], Then::Waits, Err("body")).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_wrong_kind_is_known_before_the_end() {
        check("image/png", vec![Ok(&[b'a'; FILE_HEAD_BYTES])], Then::Waits, Err("Content-Type")).await;
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_thrown_away_has_an_end() {
        let ticks = stream::unfold((), async |()| {
            tokio::time::advance(UPLOAD_REST_MAX / 10).await;
            Some((Ok::<_, Infallible>(Bytes::from_static(b"x")), ()))
        });
        throw_away(ticks.boxed()).await;
        throw_away(stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from_static(&[0; 65_536])))).await;
        throw_away(stream::pending::<Result<Bytes, Infallible>>()).await;
    }
}
