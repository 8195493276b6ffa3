//! The rival in fan-out: nginx with the module nchan, as Debian has it.

use super::program::Program;
use crate::load::Http;
use anyhow::{Context as _, bail};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

const MODULE: &str = "/usr/lib/nginx/modules/ngx_nchan_module.so";
const READY_MAX: Duration = Duration::from_secs(10);
/// Where one publishes, and where one subscribes.
pub(crate) const PUBLISH_PATH: &str = "/publish";
pub(crate) const SUBSCRIBE_PATH: &str = "/subscribe";

pub(crate) struct Nchan {
    program: Program,
    pub(crate) address: SocketAddr,
}

impl Nchan {
    /// Starts it with so many workers; returns when it answers.
    pub(crate) async fn start(scratch: &Path, workers: u32) -> anyhow::Result<Self> {
        if !Path::new(MODULE).is_file() {
            bail!("{MODULE} is missing: install Debian's nginx and libnginx-mod-nchan");
        }
        let dir = scratch.join(format!("nchan-{workers}"));
        std::fs::create_dir(&dir)?;
        let address = free_address()?;
        let file = write_config(&dir, workers, address)?;
        let mut command = Program::command("nginx");
        command.arg("-c").arg(&file).arg("-p").arg(&dir).stdout(Stdio::null());
        let program = Program::start(command, &dir.join("stderr.log"))?;
        let nchan = Self { program, address };
        let until = Instant::now() + READY_MAX;
        while Http::connect(address, None).await.is_err() {
            if Instant::now() > until {
                bail!("nginx does not start: {}", nchan.program.log_tail());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(nchan)
    }

    /// Of the process that keeps the workers.
    pub(crate) fn pid(&self) -> u32 {
        self.program.pid()
    }
}

pub(crate) fn free_address() -> anyhow::Result<SocketAddr> {
    let free = TcpListener::bind(("127.0.0.1", 0)).context("a free port")?;
    Ok(free.local_addr()?)
}

fn write_config(dir: &Path, workers: u32, address: SocketAddr) -> anyhow::Result<PathBuf> {
    let at = dir.display();
    // As root the workers run as somebody else.
    let user = if rustix::process::geteuid().is_root() { "user www-data;" } else { "" };
    let text = format!(
        "load_module {MODULE};
daemon off;
{user}
worker_processes {workers};
worker_rlimit_nofile 16384;
pid {at}/nginx.pid;
error_log stderr error;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    client_body_temp_path {at}/body;
    proxy_temp_path {at}/proxy;
    fastcgi_temp_path {at}/fastcgi;
    uwsgi_temp_path {at}/uwsgi;
    scgi_temp_path {at}/scgi;
    tcp_nodelay on;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    nchan_shared_memory_size 256M;
    server {{
        listen {address};
        location {PUBLISH_PATH} {{
            nchan_publisher http;
            nchan_channel_id feed;
            nchan_message_buffer_length 1000;
            nchan_message_timeout 1m;
        }}
        location {SUBSCRIBE_PATH} {{
            nchan_subscriber websocket;
            nchan_channel_id feed;
            nchan_subscriber_first_message newest;
        }}
    }}
}}
"
    );
    let path = dir.join("nginx.conf");
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}
