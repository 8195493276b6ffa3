//! The one TLS provider of the process.

/// Makes ring what rustls works with. Before anything that speaks TLS; harmless when done twice.
pub fn install_provider() {
    // The error only says that one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
