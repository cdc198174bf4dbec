//! Configuration of `keywright serve`: the commented default file, then the operator's file, then the environment.
//!
//! OP-01: "Unknown configuration keys stop the start". Nothing here has a silent fallback: what cannot be used is
//! refused with a sentence that names the key and the fix (`refusal.rs`).

mod breached_passwords;
mod egress;
mod log;
mod mail;
mod master_key;
mod metrics;
mod proxies;
mod refusal;
mod scripts;
mod telemetry;
mod tls;
mod users_import;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use keywright_app::mail::Mailer;
use keywright_app::{BreachedPasswordSource, EgressOptions, MasterKeys};
use keywright_web::TrustedProxies;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::connections::Bounds;

pub(crate) use log::{LogFormat, LogSettings};
pub(crate) use metrics::Exposure;
pub(crate) use refusal::Refusal;
pub(crate) use scripts::Scripts;
pub(crate) use telemetry::TelemetrySettings;
pub(crate) use tls::Transport;

/// The commented default file *is* the default; `docs/reference/configuration.md` shows the same text.
pub(crate) const DEFAULT_FILE: &str = include_str!("../../../../config/keywright.toml");

/// Every key, with the name of its table in front. The environment variable of a key follows from it.
pub(crate) const KEYS: &[&str] = &[
    "listen",
    "database",
    "master_key",
    "master_key_file",
    "previous_master_keys",
    "previous_master_key_files",
    "trusted_proxies",
    "rate_limits",
    "connections.max",
    "connections.max_per_address",
    "connections.idle_timeout",
    "egress.allow",
    "egress.ca_certificates",
    "breached_passwords.range_url",
    "users_import.max_bytes",
    "scripts.timeout",
    "scripts.processor_time",
    "scripts.memory",
    "scripts.workers",
    "scripts.per_tenant",
    "scripts.requests",
    "mail.smtp_url",
    "mail.from",
    "tls.certificate",
    "tls.private_key",
    "log.format",
    "log.filter",
    "metrics.listen",
    "metrics.token",
    "telemetry.otlp_endpoint",
];

/// Prefix of the environment variables.
const PREFIX: &str = "KEYWRIGHT_";

/// The keys as they were written, before they are checked against each other.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    listen: String,
    database: SecretString,
    master_key: Option<SecretString>,
    master_key_file: Option<String>,
    previous_master_keys: master_key::Previous<SecretString>,
    previous_master_key_files: master_key::Previous<PathBuf>,
    #[serde(deserialize_with = "proxies::read")]
    trusted_proxies: TrustedProxies,
    rate_limits: bool,
    connections: Bounds,
    #[serde(default)]
    egress: egress::EgressSettings,
    breached_passwords: Option<breached_passwords::BreachedPasswordSettings>,
    users_import: users_import::UsersImportSettings,
    scripts: scripts::ScriptSettings,
    mail: Option<mail::MailSettings>,
    tls: Option<tls::TlsSettings>,
    log: LogSettings,
    metrics: Option<metrics::MetricsSettings>,
    #[serde(default)]
    telemetry: TelemetrySettings,
}

/// What every command that opens the database needs.
pub(crate) struct Storage {
    /// `sqlite:…` or `postgres://…`; may hold a password.
    pub(crate) database: SecretString,
    /// Seal the data keys in it.
    pub(crate) master_keys: MasterKeys,
}

/// What the server needs.
pub(crate) struct Serving {
    /// Where connections are accepted.
    pub(crate) listen: SocketAddr,
    /// The database.
    pub(crate) storage: Storage,
    /// TLS of our own, or a proxy's.
    pub(crate) transport: Transport,
    /// Peers whose forwarding headers are believed.
    pub(crate) trusted_proxies: TrustedProxies,
    /// Whether the rate limits of the tenants are applied.
    pub(crate) rate_limits: bool,
    /// Who may read metrics; `None` when there are none.
    pub(crate) metrics: Option<Exposure>,
    /// What requests to other servers may reach.
    pub(crate) egress: EgressOptions,
    /// Who knows which passwords are public.
    pub(crate) breached_passwords: Option<BreachedPasswordSource>,
    /// Bytes that a file of users may have.
    pub(crate) users_import_limit: usize,
    /// What scripts of tenants may use.
    pub(crate) scripts: Scripts,
    /// Who takes mails.
    pub(crate) mailer: Arc<dyn Mailer>,
    /// How many connections there may be.
    pub(crate) connections: Bounds,
}

impl Document {
    /// Whether mails have somewhere to go.
    pub(crate) fn has_mail_server(&self) -> bool {
        self.mail.as_ref().is_some_and(mail::MailSettings::names_a_server)
    }

    /// Reads the default file, `file` if there is one, the [`environment`], and at last `database` from the command line.
    pub(crate) fn load(file: Option<&Path>, environment: Env, database: Option<&str>) -> Result<Self, Refusal> {
        let mut figment = Figment::from(Toml::string(DEFAULT_FILE));
        if let Some(path) = file {
            let text = std::fs::read_to_string(path).map_err(|cause| {
                Refusal::one(format!("the configuration file {} cannot be read: {cause}", path.display()))
            })?;
            // Read by hand, because figment takes a file that does not exist for an empty one.
            figment = figment.merge(refusal::Named { path, provider: Toml::string(&text) });
        }
        figment = figment.merge(environment);
        if let Some(url) = database {
            figment = figment.merge(Serialized::default("database", url));
        }
        figment.extract().map_err(Refusal::from)
    }

    /// How to log, also for what is said about the rest.
    pub(crate) fn log(&self) -> &LogSettings {
        &self.log
    }

    /// Where traces go.
    pub(crate) fn telemetry(&self) -> &TelemetrySettings {
        &self.telemetry
    }

    /// Files with secrets that the configuration names, and the key that names each.
    pub(crate) fn files(&self) -> Vec<(&'static str, PathBuf)> {
        let key = self.master_key_file.as_ref().map(|path| ("`master_key_file`", PathBuf::from(path)));
        let tls = self.tls.as_ref().and_then(|tls| tls.private_key.clone()).map(|path| ("`tls.private_key`", path));
        let previous = self.previous_master_key_files.iter().map(|path| ("`previous_master_key_files`", path.clone()));
        key.into_iter().chain(previous).chain(tls).filter(|(_, path)| !path.as_os_str().is_empty()).collect()
    }

    /// The certificate of the listener.
    pub(crate) fn certificate(&self) -> Option<PathBuf> {
        self.tls.as_ref().and_then(|tls| tls.certificate.clone())
    }

    /// Checks what is needed to open the database.
    pub(crate) fn storage(&self) -> Result<Storage, Refusal> {
        let database = check_database(&self.database);
        let master_keys = master_key::resolve_all(
            self.master_key.as_ref(),
            self.master_key_file.as_deref(),
            &self.previous_master_keys,
            &self.previous_master_key_files,
        );
        match (database, master_keys) {
            (Ok(database), Ok(master_keys)) => Ok(Storage { database, master_keys }),
            (database, master_keys) => Err(Refusal::all([database.err(), master_keys.err()])),
        }
    }

    /// Checks everything that the server needs, and names all that is wrong at once.
    pub(crate) fn serving(self) -> Result<Serving, Refusal> {
        let listen = self.listen.parse().map_err(|_| {
            format!(
                "`listen` is \"{}\": write an address and a port, such as \"0.0.0.0:8443\" or \"[::]:8443\"",
                self.listen
            )
        });
        let transport = tls::resolve(self.tls.as_ref(), &self.trusted_proxies);
        let metrics = metrics::resolve(self.metrics.as_ref());
        let (egress, mailer) = (self.egress.resolve(), mail::resolve(self.mail.as_ref()));
        let source = breached_passwords::resolve(self.breached_passwords.as_ref());
        let (import, scripts) = (users_import::resolve(self.users_import), self.scripts.resolve());
        match (listen, self.storage(), transport, metrics, egress, mailer, source, import, scripts) {
            (
                Ok(listen),
                Ok(storage),
                Ok(transport),
                Ok(metrics),
                Ok(egress),
                Ok(mailer),
                Ok(breached_passwords),
                Ok(users_import_limit),
                Ok(scripts),
            ) => {
                let Self { trusted_proxies, rate_limits, connections, .. } = self;
                Ok(Serving {
                    listen,
                    storage,
                    transport,
                    trusted_proxies,
                    rate_limits,
                    metrics,
                    egress,
                    breached_passwords,
                    users_import_limit,
                    scripts,
                    mailer,
                    connections,
                })
            }
            (listen, storage, transport, metrics, egress, mailer, source, import, scripts) => {
                let own = [
                    listen.err(),
                    transport.err(),
                    metrics.err(),
                    egress.err(),
                    mailer.err(),
                    source.err(),
                    import.err(),
                    scripts.err(),
                ];
                Err(Refusal::all(own).and(storage.err()))
            }
        }
    }
}

/// The environment variables that are configuration.
pub(crate) fn environment() -> Env {
    Env::prefixed(PREFIX)
        .filter(|name| !is_foreign(name.as_str()))
        // `tls_certificate` becomes `tls.certificate`; what is not a key stays as it is and is refused by its name.
        .map(|name| {
            let name = name.as_str().to_ascii_lowercase();
            KEYS.iter().find(|key| key.replace('.', "_") == name).map_or(name.clone(), |key| (*key).to_owned()).into()
        })
        .lowercase(false)
}

/// Variables with our prefix that are not configuration keys: the option `--config`, and what Kubernetes and Docker
/// links set by themselves for a service that is called "keywright".
fn is_foreign(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "config" || name == "port" || name.starts_with("port_") || name.starts_with("service_")
}

/// The name of the environment variable of `key`.
pub(crate) fn environment_variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "_").to_ascii_uppercase())
}

/// Refuses an address of another kind of database, without repeating it: it may hold a password.
fn check_database(url: &SecretString) -> Result<SecretString, String> {
    let known = ["sqlite:", "postgres://", "postgresql://"];
    if known.iter().any(|scheme| url.expose_secret().starts_with(scheme)) {
        return Ok(url.clone());
    }
    Err("`database` must begin with \"sqlite:\" (a file) or \"postgres://\", as in \"sqlite:/var/lib/keywright/keywright.db\" \
         or \"postgres://keywright:PASSWORD@db.internal/keywright\""
        .to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_file_is_the_default() {
        let document: Document = Figment::from(Toml::string(DEFAULT_FILE)).extract().unwrap();
        assert_eq!(document.listen, "0.0.0.0:8443");
        assert_eq!(document.database.expose_secret(), "sqlite:keywright.db");
        assert!(document.master_key.is_none() && document.master_key_file.is_none() && document.tls.is_none());
        assert!(document.trusted_proxies.is_empty() && document.rate_limits);
        assert_eq!(document.connections, Bounds::default());
        assert_eq!(document.log, LogSettings { format: LogFormat::Text, filter: "info".to_owned() });
    }

    /// An operator uncomments a line and it works; a key that is documented nowhere cannot exist.
    #[test]
    fn the_default_file_shows_every_key() {
        let uncommented: Vec<&str> = DEFAULT_FILE
            .lines()
            .map(|line| {
                line.strip_prefix('#').filter(|rest| !rest.is_empty() && !rest.starts_with(' ')).unwrap_or(line)
            })
            .collect();
        let uncommented = uncommented.join("\n");
        let tables: figment::value::Dict = Figment::from(Toml::string(&uncommented)).extract().unwrap();
        let mut shown: Vec<String> = tables
            .into_iter()
            .flat_map(|(key, value)| match value {
                figment::value::Value::Dict(_, table) => {
                    table.into_keys().map(|inner| format!("{key}.{inner}")).collect()
                }
                _ => vec![key],
            })
            .collect();
        let mut known = KEYS.to_vec();
        known.sort_unstable();
        shown.sort_unstable();
        assert_eq!(shown, known);
    }

    #[test]
    fn variables_of_the_platform_are_not_configuration() {
        for name in ["PORT", "PORT_8443_TCP_ADDR", "SERVICE_HOST", "CONFIG"] {
            assert!(is_foreign(name), "{name}");
        }
        for key in KEYS {
            assert!(!is_foreign(&key.replace('.', "_")), "{key}");
        }
        assert_eq!(environment_variable("tls.private_key"), "KEYWRIGHT_TLS_PRIVATE_KEY");
    }

    #[test]
    fn the_reference_shows_the_default_file_and_every_variable() {
        let page = include_str!("../../../../docs/reference/configuration.md");
        assert!(page.contains(&format!("```toml\n{DEFAULT_FILE}```\n")), "copy config/keywright.toml into the page");
        for key in KEYS {
            assert!(page.contains(&format!("| `{key}` | `{}` |", environment_variable(key))), "{key}");
        }
    }
}
