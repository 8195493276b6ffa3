//! `synops connections`: its arguments.

use super::Json;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum ConnectionsVerb {
    /// Seal all secrets with the newest key (secrets.key), opening them with older ones (secrets.old_keys).
    ///
    /// May be broken off and repeated. Afterwards the older keys are needed no more.
    #[command(
        after_help = "Example:\n  SYNOPS_SECRETS_KEY_FILE=new.key SYNOPS_SECRETS_OLD_KEYS_FILE=old.key synops connections rotate-key"
    )]
    RotateKey(Json),
    /// Print a new key.
    #[command(after_help = "Example:\n  umask 077; synops connections new-key > new.key")]
    NewKey,
}
