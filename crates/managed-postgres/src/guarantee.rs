//! Ties the postmaster's life to ours without code between `fork` and `exec`.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::account::Account;
use crate::command::{self, LOOKUP_TIMEOUT};

/// How the postmaster learns that its owner was killed. Either way it then
/// makes a fast shutdown by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guarantee {
    /// The kernel sends `SIGINT` when the owner dies (Linux, through util-linux's `setpriv`).
    Kernel,
    /// A shell waits on a pipe from the owner and sends `SIGINT` when it breaks.
    Watcher,
}

/// `$$` stays the postmaster's pid, since `exec` keeps it. The watcher is made
/// by a subshell that ends at once, so that it is no child of the postmaster,
/// which would not know it; and it is a program of its own, so that its arguments
/// do not look like the postmaster's. A line on the pipe, instead of its end, dismisses the
/// watcher: the postmaster is gone and its pid may belong to another soon.
const WATCHER: &str = r#"
exec 3<&0 </dev/null
( /bin/sh -c 'read -r _ <&3 || kill -INT "$0"' $$ >/dev/null 2>&1 & )
exec "$@" 3<&-
"#;

const SETPRIV: [&str; 3] = ["--pdeathsig", "INT", "--"];

impl Guarantee {
    /// The best that this machine offers. Tried, not looked up: other programs
    /// called `setpriv` lack the option.
    pub(crate) async fn find(account: &Account) -> Self {
        if !cfg!(target_os = "linux") {
            return Self::Watcher;
        }
        let mut probe = Command::new("setpriv");
        probe.args(SETPRIV).args(["/bin/sh", "-c", ":"]);
        match command::output(probe, account, LOOKUP_TIMEOUT).await {
            Ok(output) if output.status.success() => Self::Kernel,
            _ => Self::Watcher,
        }
    }

    /// A command that becomes `program`, keeping its pid. With the watcher, the
    /// child's standard input is the pipe to hold.
    pub(crate) fn command(self, program: &Path) -> Command {
        let mut command;
        match self {
            Self::Kernel => {
                command = Command::new("setpriv");
                command.args(SETPRIV).stdin(Stdio::null());
            }
            Self::Watcher => {
                command = Command::new("/bin/sh");
                command.args(["-c", WATCHER, "sh"]).stdin(Stdio::piped());
            }
        }
        command.arg(program);
        command
    }
}
