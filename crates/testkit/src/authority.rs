//! Certificates that a test makes by itself.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Without the extensions that the machine's own file would add.
const CONFIG: &str = "[req]\ndistinguished_name = dn\n[dn]\n";

/// An authority, in a directory; made by the machine's own OpenSSL.
pub struct Authority {
    dir: PathBuf,
}

/// A server's certificate and its key, as files.
#[derive(Clone, Debug)]
pub struct Certified {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Authority {
    /// A new one.
    pub fn new(dir: &Path) -> Self {
        std::fs::write(dir.join("openssl.cnf"), CONFIG).expect("its directory");
        let authority = Self { dir: dir.to_owned() };
        let usage = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"];
        authority.make("authority", &usage, false);
        authority
    }

    /// One that was made there before.
    pub fn at(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// What is to be trusted.
    pub fn certificate(&self) -> PathBuf {
        self.dir.join("authority.pem")
    }

    /// For a server at this IP address.
    pub fn certify(&self, address: &str) -> Certified {
        let name = format!("at-{address}");
        let names = format!("subjectAltName=IP:{address}");
        self.make(&name, &["basicConstraints=critical,CA:FALSE", &names], true);
        Certified { certificate: self.dir.join(format!("{name}.pem")), key: self.dir.join(format!("{name}.key")) }
    }

    fn make(&self, name: &str, extensions: &[&str], is_signed: bool) {
        let mut openssl = Command::new("openssl");
        openssl.current_dir(&self.dir).stdin(Stdio::null());
        openssl.args(["req", "-x509", "-config", "openssl.cnf", "-nodes", "-days", "2", "-newkey", "ec"]);
        openssl.args(["-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", &format!("/CN={name}")]);
        openssl.args(["-out", &format!("{name}.pem"), "-keyout", &format!("{name}.key")]);
        for extension in extensions {
            openssl.args(["-addext", extension]);
        }
        if is_signed {
            openssl.args(["-CA", "authority.pem", "-CAkey", "authority.key"]);
        }
        let made = openssl.output().expect("openssl; ./dev test installs it");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
}
