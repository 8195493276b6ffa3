//! The machine: the port, the disk.

use super::Finding;
use crate::config::Config;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const ANSWER_MAX: Duration = Duration::from_secs(3);
pub(super) const FREE_WARN_BYTES: u64 = 2 << 30;
pub(super) const FREE_FAIL_BYTES: u64 = 256 << 20;

/// The address to listen on: free, or taken by a server of ours.
pub(super) async fn listen(config: &Config) -> Finding {
    let name = "listen address";
    let address = config.listen;
    match TcpListener::bind(address).await {
        Ok(_) => Finding::ok(name, format!("{address} is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => match tokio::time::timeout(ANSWER_MAX, is_ours(address)).await {
            Ok(Ok(true)) => Finding::ok(name, format!("a Synops runs on {address}")),
            _ => Finding::fail(
                name,
                format!("{address} is taken by another program"),
                format!(
                    "End that program (`ss -ltnp sport = :{}` names it), or set SYNOPS_LISTEN to another address.",
                    address.port()
                ),
            ),
        },
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Finding::fail(
            name,
            format!("{address}: {error}"),
            "Ports below 1024 need CAP_NET_BIND_SERVICE; choose a higher one in SYNOPS_LISTEN and put a reverse proxy in front.",
        ),
        Err(error) => Finding::fail(
            name,
            format!("{address}: {error}"),
            "Set SYNOPS_LISTEN to an address that this machine has, like 127.0.0.1:7171.",
        ),
    }
}

/// Asks whoever listens there.
async fn is_ours(mut address: SocketAddr) -> std::io::Result<bool> {
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() });
    }
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(format!("GET /healthz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").as_bytes()).await?;
    let mut answer = Vec::new();
    (&mut stream).take(8192).read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer).to_ascii_lowercase();
    Ok(answer.starts_with("http/1.1 200") && answer.contains("\r\nx-request-id:"))
}

/// Whether the data directory can be written, and how full its disk is.
pub(super) fn data_dir(config: &Config) -> Finding {
    let name = "data directory";
    // Before the first start: the directory it will be made in.
    let Some(there) = nearest(&config.data_dir) else {
        return Finding::fail(
            name,
            format!("{} can't be found", config.data_dir.display()),
            "Set SYNOPS_DATA_DIR to a directory of this machine.",
        );
    };
    let shown = there.display();
    if config.database_url.is_none()
        && let Err(error) = rustix::fs::access(&there, rustix::fs::Access::WRITE_OK)
    {
        return Finding::fail(
            name,
            format!("{shown} can't be written: {error}"),
            "Make it this user's own, or set SYNOPS_DATA_DIR to another.",
        );
    }
    let stat = match rustix::fs::statvfs(&there) {
        Ok(stat) => stat,
        Err(error) => return Finding::warn(name, format!("{shown}: {error}"), "Look at the disk by hand: `df -h`."),
    };
    let (free, total) = (stat.f_bavail * stat.f_frsize, stat.f_blocks * stat.f_frsize);
    let detail = format!("{shown}: {} of {} free", gib(free), gib(total));
    let advice = "Free some space, or move the data to a larger disk. A full disk stops every write; nothing committed is lost.";
    if free < FREE_FAIL_BYTES {
        Finding::fail(name, detail, advice)
    } else if free < FREE_WARN_BYTES || free < total / 20 {
        Finding::warn(name, detail, advice)
    } else {
        Finding::ok(name, detail)
    }
}

/// A directory, or the one that it will be made in.
pub(super) fn nearest(dir: &Path) -> Option<PathBuf> {
    std::path::absolute(dir).ok().and_then(|dir| dir.ancestors().find(|d| d.exists()).map(Path::to_owned))
}

#[expect(clippy::cast_precision_loss, reason = "for the eye")]
pub(super) fn gib(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / (1_u64 << 30) as f64)
}
