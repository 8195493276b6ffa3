//! Installs what is missing on a Debian machine; elsewhere it says what to install.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::{programs, repo};

mod cargo_tools;

pub(crate) use cargo_tools::{CARGO_DENY, CARGO_NEXTEST, ensure_cargo_tool};

/// A program of the machine that we need, and where it comes from.
struct Need {
    name: &'static str,
    minimum: u32,
    packages: &'static [&'static str],
    found: fn() -> Option<u32>,
    /// What to do where the package manager can't help.
    hint: &'static str,
}

const POSTGRES: Need = Need {
    name: "PostgreSQL",
    minimum: 15,
    packages: &["postgresql"],
    found: postgres_version,
    hint: "packages for older systems are at https://www.postgresql.org/download/",
};
const NODE: Need = Need {
    name: "Node.js",
    minimum: 20,
    packages: &["nodejs"],
    found: || programs::find(&["node", "nodejs"]).and_then(|node| programs::major_version(&node, &["--version"])),
    hint: "Debian 13 has 20; for older systems see https://nodejs.org/en/download",
};
const NPM: Need = Need {
    name: "npm",
    minimum: 9,
    packages: &["npm"],
    found: || programs::major_version(Path::new("npm"), &["--version"]),
    hint: "it comes with Node.js from https://nodejs.org/en/download",
};
const REDIS: Need = Need {
    name: "Redis",
    minimum: 6,
    packages: &["redis-server"],
    found: || programs::major_version(Path::new("redis-server"), &["--version"]),
    hint: "see https://redis.io/docs/latest/operate/oss_and_stack/install/",
};
const CHROMIUM: Need = Need {
    name: "Chromium",
    minimum: 100,
    packages: &["chromium"],
    found: || chromium().and_then(|path| programs::major_version(&path, &["--version"])),
    hint: "any Chromium or Chrome on the PATH will do",
};
/// Takes the mail that tests send.
const SMTP_SERVER: Need = Need {
    name: "aiosmtpd",
    minimum: 1,
    packages: &["python3-aiosmtpd"],
    found: || programs::major_version(Path::new("aiosmtpd"), &["--version"]),
    hint: "it is a package of Debian and Ubuntu, and of pip",
};
/// Makes the certificates of servers that tests talk to.
const OPENSSL: Need = Need {
    name: "OpenSSL",
    minimum: 3,
    packages: &["openssl"],
    found: || programs::major_version(Path::new("openssl"), &["version"]),
    hint: "see https://www.openssl.org",
};
/// For schemathesis, which gets an environment of its own.
const PYTHON: Need = Need {
    name: "Python",
    minimum: 3,
    packages: &["python3", "python3-venv"],
    // Debian's Python comes without what makes environments. Below 3.10 it is too old for schemathesis.
    found: || {
        programs::major_version(
            Path::new("python3"),
            &["-c", "import ensurepip, sys, venv; print(3 * (sys.version_info >= (3, 10)))"],
        )
    },
    hint: "3.10 or newer, with its modules venv and ensurepip",
};
/// The rival in the benchmark of the feed.
const NCHAN: Need = Need {
    name: "nginx with the module nchan",
    minimum: 1,
    packages: &["nginx", "libnginx-mod-nchan"],
    // It tells its version elsewhere than other programs; any version will do.
    found: || Path::new(NCHAN_MODULE).is_file().then_some(1),
    hint: "it is a package of Debian and Ubuntu",
};
const NCHAN_MODULE: &str = "/usr/lib/nginx/modules/ngx_nchan_module.so";

/// What `./dev up` needs.
pub(crate) fn for_running() -> anyhow::Result<()> {
    // npm last: some packages of Node.js bring it, Debian's own doesn't.
    ensure(&[POSTGRES, NODE])?;
    ensure(&[NPM])
}

/// What `./dev test` needs besides.
pub(crate) fn for_testing() -> anyhow::Result<()> {
    ensure(&[POSTGRES, NODE, REDIS, CHROMIUM, PYTHON, SMTP_SERVER, OPENSSL])?;
    ensure(&[NPM])?;
    for (component, arguments) in [("rustfmt", ["fmt", "--version"]), ("clippy", ["clippy", "--version"])] {
        if !programs::runs("cargo", &arguments) {
            bail!("cargo {} is missing: rustup component add {component}", arguments[0]);
        }
    }
    Ok(())
}

/// What `./dev bench` needs besides.
pub(crate) fn for_benchmarks() -> anyhow::Result<()> {
    for_running()?;
    ensure(&[NCHAN])
}

/// The browser for the end-to-end tests.
pub(crate) fn chromium() -> Option<PathBuf> {
    programs::find(&["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"])
}

fn postgres_version() -> Option<u32> {
    // Debian keeps the server's programs off the PATH, one directory per version.
    let debian = std::fs::read_dir("/usr/lib/postgresql").ok().and_then(|versions| {
        versions
            .flatten()
            .filter(|version| version.path().join("bin/initdb").is_file())
            .filter_map(|version| version.file_name().to_string_lossy().parse().ok())
            .max()
    });
    debian.or_else(|| {
        let postgres = programs::find(&["postgres"])?;
        programs::major_version(&postgres, &["--version"])
    })
}

fn ensure(needs: &[Need]) -> anyhow::Result<()> {
    let missing: Vec<&Need> = needs.iter().filter(|need| (need.found)().is_none_or(|version| version < need.minimum)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if programs::find(&["apt-get"]).is_none() {
        bail!("please install:\n{}", list(&missing));
    }
    eprintln!("Installing what is missing:\n{}", list(&missing));
    apt(&["update"])?;
    for need in &missing {
        refuse_old_candidate(need)?;
    }
    let mut arguments = vec!["install"];
    arguments.extend(missing.iter().flat_map(|need| need.packages));
    apt(&arguments)?;
    for need in missing {
        let found = (need.found)();
        if found.is_none_or(|version| version < need.minimum) {
            bail!(
                "{} {} or newer is needed, found {}; {}",
                need.name,
                need.minimum,
                found.map_or_else(|| "none".to_owned(), |version| version.to_string()),
                need.hint
            );
        }
    }
    Ok(())
}

/// Stops before a version is installed that would be too old.
fn refuse_old_candidate(need: &Need) -> anyhow::Result<()> {
    let package = need.packages[0];
    let output = Command::new("apt-cache").args(["policy", package]).env("LC_ALL", "C").output().context("apt-cache")?;
    let Some(version) = candidate(&String::from_utf8_lossy(&output.stdout)) else {
        bail!("there is no package {package} here for {}; {}", need.name, need.hint);
    };
    if version < need.minimum {
        bail!(
            "the package {package} of this system is version {version}, {} {} or newer is needed; {}",
            need.name,
            need.minimum,
            need.hint
        );
    }
    Ok(())
}

/// The upstream major version of the candidate that `apt-cache policy` tells of.
fn candidate(policy: &str) -> Option<u32> {
    let line = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate: "))?;
    // An epoch stands before a colon: `5:7.0.15-1`.
    programs::first_number(line.split_once(':').map_or(line, |(_, version)| version))
}

fn list(needs: &[&Need]) -> String {
    needs
        .iter()
        .map(|need| format!("  {} {} or newer (Debian: {})", need.name, need.minimum, need.packages.join(" ")))
        .collect::<Vec<_>>()
        .join("\n")
}

/// In the foreground and with our input: `sudo` may ask for a password.
fn apt(arguments: &[&str]) -> anyhow::Result<()> {
    let status = Command::new("sh").arg(repo::root().join("crates/xtask/src/setup/apt.sh")).args(arguments).status()?;
    if !status.success() {
        bail!("apt-get {} failed; see above", arguments.join(" "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_candidate_of_a_package_is_read_without_its_epoch() {
        fn check(policy: &str, expect: Option<u32>) {
            assert_eq!(candidate(policy), expect, "{policy}");
        }
        check("nodejs:\n  Installed: (none)\n  Candidate: 18.20.4+dfsg-1~deb12u1\n", Some(18));
        check("redis-server:\n  Installed: (none)\n  Candidate: 5:7.0.15-1~deb12u10\n", Some(7));
        check("postgresql:\n  Candidate: 17+278\n", Some(17));
        check("x:\n  Candidate: (none)\n", None);
        check("", None);
    }
}
