//! The command line. `docs/reference/command-line.md` is generated from it.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// A self-hosted identity provider that speaks Auth0's wire protocol.
#[derive(Debug, Parser)]
#[command(name = "keywright", version, propagate_version = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a development server with everything in place: HTTPS, applications, an API and a user.
    #[command(args_conflicts_with_subcommands = true)]
    Dev {
        #[command(flatten)]
        server: DevServer,
        #[command(subcommand)]
        command: Option<DevCommand>,
    },
    /// Start the server for production, from a configuration file and the environment.
    Serve {
        #[command(flatten)]
        configuration: ConfigurationFile,
    },
    /// Manage tenants.
    Tenant {
        #[command(subcommand)]
        command: TenantCommand,
    },
    /// Read and check the log of a tenant.
    Log {
        #[command(subcommand)]
        command: LogCommand,
    },
    /// Make a tenant what files say: a tree of auth0-deploy-cli, or a file of users.
    ///
    /// What is not in the files stays, unless --delete is given. The exit status is 1 when something was refused.
    Import {
        #[command(flatten)]
        options: ImportOptions,
    },
    /// Write the configuration of a tenant into files, as auth0-deploy-cli does. Secrets are not in them.
    Export {
        #[command(flatten)]
        options: ExportOptions,
    },
    /// Check an installation: configuration, database, keys, certificate, disk, clock. Changes nothing.
    ///
    /// Each check says OK, WARN or FAIL and what to do. The exit status is 1 when one failed.
    Doctor {
        #[command(flatten)]
        options: DoctorOptions,
    },
    /// List, rotate and revoke the keys that a tenant signs tokens with.
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// List and rotate the keys that seal what is secret in the database.
    DataKey {
        #[command(subcommand)]
        command: DataKeyCommand,
    },
    /// Print a new master key for the configuration.
    MasterKey,
    /// Run Rules outside of a login.
    Rule {
        #[command(subcommand)]
        command: RuleCommand,
    },
    /// Run Actions outside of a login.
    Action {
        #[command(subcommand)]
        command: ActionCommand,
    },
    /// The process that scripts run in; started by the server.
    #[command(name = crate::scripts::WORKER, hide = true)]
    ScriptWorker,
}

/// Options of `keywright dev`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct DevServer {
    /// Port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 8443)]
    pub(crate) port: u16,

    /// Host name that clients use. Together with the port it is the tenant's domain: every pair has its own tenant.
    #[arg(long, default_value = "localhost", value_parser = host_name)]
    pub(crate) domain: String,

    /// Address to listen on, instead of the loopback addresses.
    ///
    /// Whoever can reach the address can reach the server.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<IpAddr>,

    /// Directory of the database, the certificate authority and the keys.
    #[arg(long, value_name = "DIR", default_value = "./.keywright")]
    pub(crate) data: PathBuf,

    /// Keep nothing: everything is in a temporary directory that is removed at the end.
    ///
    /// What `--database` names stays, but no later start can open the secrets in it: give each start a fresh one.
    #[arg(long, conflicts_with = "data")]
    pub(crate) ephemeral: bool,

    /// Database to use instead of the one in the data directory: `postgres://…` or `sqlite:PATH`.
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,

    /// Print one line of JSON on standard output when the server is ready, instead of the table.
    #[arg(long)]
    pub(crate) json: bool,

    /// Apply the rate limits of the tenant, which are off in development.
    #[arg(long)]
    pub(crate) limits: bool,

    /// Offer `POST /dev/clock`, which moves the server's clock. On loopback addresses only.
    #[arg(long)]
    pub(crate) test_controls: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DevCommand {
    /// Show where the certificate authority is and how to trust it.
    Ca {
        /// Data directory of the development server.
        #[arg(long, value_name = "DIR", default_value = "./.keywright")]
        data: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum TenantCommand {
    /// Create a tenant and print its first management credentials, once.
    Create {
        /// Domain of the tenant, with the port unless it is 443: `login.example.com`.
        #[arg(long, value_parser = tenant_domain)]
        domain: String,

        /// Name shown on login pages.
        #[arg(long)]
        name: Option<String>,

        /// Database, instead of the configured one.
        #[arg(long, value_name = "URL")]
        database: Option<String>,

        #[command(flatten)]
        configuration: ConfigurationFile,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum LogCommand {
    /// Print the entries, oldest first: one line of JSON each, as the Management API shows them.
    List {
        #[command(flatten)]
        source: TenantSource,

        /// Only entries after the one with this `log_id`.
        #[arg(long, value_name = "LOG_ID")]
        after: Option<String>,
    },
    /// Check every entry against the signed seals, and name what was altered, removed or added.
    Verify {
        #[command(flatten)]
        source: TenantSource,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Show the keys in every state, oldest first.
    List {
        #[command(flatten)]
        source: TenantSource,
    },
    /// Sign with the next key from now on and publish another next one; the key until now stays accepted.
    ///
    /// Refused within a minute after the last rotation, because verifiers may not know the next key yet.
    Rotate {
        #[command(flatten)]
        source: TenantSource,
    },
    /// Refuse a previous key, and every token that it signed.
    Revoke {
        /// Key identifier, as `keywright keys list` shows it. The RSA key and the P-256 key of a line go together.
        kid: String,

        /// Revoke the key whatever its state, because somebody else may have it. The current key is rotated away first.
        #[arg(long)]
        emergency: bool,

        #[command(flatten)]
        source: TenantSource,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum DataKeyCommand {
    /// Show all generations: which one seals, which are needed still, and for how long.
    List {
        #[command(flatten)]
        source: DatabaseSource,
    },
    /// Announce a new generation, which seals from a minute later on.
    ///
    /// Running servers follow by themselves, seal what is stored again, and erase the generation before when nothing needs it
    /// any more.
    Rotate {
        /// Somebody else may have a data key: wait for nothing that was sealed outside the database, and revoke every refresh
        /// token. Users log in again.
        #[arg(long)]
        emergency: bool,

        #[command(flatten)]
        source: DatabaseSource,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum RuleCommand {
    /// Run a Rule, or every case (*.case.json) in a directory, and print what comes out.
    ///
    /// The exit status is 1 when the Rule denies or fails, or a case does not come out as it says.
    Test {
        /// The script, or a directory of cases.
        path: PathBuf,

        /// JSON of `user`.
        #[arg(long, value_name = "FILE")]
        user: Option<PathBuf>,

        /// JSON of `context`.
        #[arg(long, value_name = "FILE")]
        context: Option<PathBuf>,

        /// JSON of `configuration`.
        #[arg(long, value_name = "FILE")]
        configuration: Option<PathBuf>,

        #[command(flatten)]
        options: ScriptTestOptions,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ActionCommand {
    /// Run an Action, or every case (*.case.json) in a directory, and print what comes out.
    ///
    /// The exit status is 1 when the Action denies or fails, or a case does not come out as it says.
    Test {
        /// The script, or a directory of cases.
        path: PathBuf,

        /// Where the Action runs.
        #[arg(long, default_value = "post-login", value_parser = crate::script_test::trigger)]
        trigger: keywright_rules::Trigger,

        /// JSON of `event`.
        #[arg(long, value_name = "FILE")]
        event: Option<PathBuf>,

        /// JSON of `event.secrets`.
        #[arg(long, value_name = "FILE")]
        secrets: Option<PathBuf>,

        /// Call the handler that goes on after a redirect or a challenge.
        #[arg(long)]
        resume: bool,

        /// `state` that the user came back with, for `api.redirect.validateToken`.
        #[arg(long, requires = "resume")]
        state: Option<String>,

        /// A package that the Action requires, in one file of CommonJS. May be repeated.
        #[arg(long = "module", value_name = "NAME=FILE", value_parser = crate::script_test::module)]
        modules: Vec<(String, PathBuf)>,

        #[command(flatten)]
        options: ScriptTestOptions,
    },
}

/// Options of `keywright rule test` and `keywright action test`.
#[derive(Debug, Args)]
pub(crate) struct ScriptTestOptions {
    /// Let the clock of the script stand at this time, such as 2026-01-01T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    pub(crate) now: Option<String>,

    /// Make random values the same every time.
    #[arg(long)]
    pub(crate) seed: Option<u64>,

    /// Let requests reach this address, range or host although it is not public. May be repeated.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) allow: Vec<String>,

    /// Print JSON: the report in one line, or one line for each case.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Where the data of all tenants is.
#[derive(Debug, Args)]
pub(crate) struct DatabaseSource {
    /// Data directory of a development server, instead of a configuration.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["database", "config"])]
    pub(crate) data: Option<PathBuf>,

    /// Database, instead of the configured one.
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,

    #[command(flatten)]
    pub(crate) configuration: ConfigurationFile,
}

/// Which tenant, and where its data is.
#[derive(Debug, Args)]
pub(crate) struct TenantSource {
    /// Domain of the tenant, with the port unless it is 443.
    #[arg(long, value_parser = tenant_domain)]
    pub(crate) domain: String,

    #[command(flatten)]
    pub(crate) database: DatabaseSource,
}

/// Options of `keywright import`.
#[derive(Debug, Args)]
pub(crate) struct ImportOptions {
    /// A `tenant.yaml`, or a folder with a folder for each type. `##NAME##` and `@@NAME@@` in them stand for variables of the
    /// environment.
    #[arg(value_name = "DIR|FILE", required_unless_present = "users", conflicts_with = "users")]
    pub(crate) path: Option<PathBuf>,

    /// Say what would be done, and check every entry, without changing anything.
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Delete what is not in the files, of the types that are. Applications with access to the Management API stay.
    #[arg(long, conflicts_with = "users")]
    pub(crate) delete: bool,

    /// Users to import instead: a JSON array, or one JSON object on each line.
    #[arg(long, value_name = "FILE", requires = "connection")]
    pub(crate) users: Option<PathBuf>,

    /// Database connection that the users are for.
    #[arg(long, value_name = "NAME", requires = "users")]
    pub(crate) connection: Option<String>,

    /// Change users who are there, instead of refusing them.
    #[arg(long, requires = "users")]
    pub(crate) upsert: bool,

    #[command(flatten)]
    pub(crate) source: TenantSource,
}

/// Options of `keywright export`.
#[derive(Debug, Args)]
pub(crate) struct ExportOptions {
    /// One file when the name ends with .yaml or .yml, else a folder.
    #[arg(value_name = "DIR|FILE", default_value = "tenant.yaml")]
    pub(crate) path: PathBuf,

    #[command(flatten)]
    pub(crate) source: TenantSource,
}

/// Options of `keywright doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorOptions {
    #[command(flatten)]
    pub(crate) configuration: ConfigurationFile,

    /// Base URL of a tenant, such as https://login.example.com: is it answered from here as its clients ask it?
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,

    /// Print one line of JSON instead of the table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Where the configuration is.
#[derive(Debug, Args)]
pub(crate) struct ConfigurationFile {
    /// Configuration file. Without it the defaults and the environment count.
    #[arg(long, value_name = "FILE", env = "KEYWRIGHT_CONFIG", hide_env_values = true)]
    pub(crate) config: Option<PathBuf>,
}

/// A host name or an address, in the form in which browsers send it.
fn host_name(text: &str) -> Result<String, String> {
    match url::Host::parse(text) {
        Ok(host) if !text.is_empty() => Ok(host.to_string()),
        _ => Err("write a host name such as localhost or login.example.test, without scheme, port and path".to_owned()),
    }
}

/// A host with an optional port; 443 is left out, as browsers leave it out.
fn tenant_domain(text: &str) -> Result<String, String> {
    let problem = || {
        "write a host name such as login.example.com, or with a port other than 443, without scheme and path".to_owned()
    };
    let url = url::Url::parse(&format!("https://{text}/")).map_err(|_| problem())?;
    let plain = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    let host = url.host().filter(|_| plain && !text.contains(['/', '@', '\\'])).ok_or_else(problem)?;
    Ok(url.port().map_or_else(|| host.to_string(), |port| format!("{host}:{port}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_consistent() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn domains_are_normalised_or_refused() {
        assert_eq!(tenant_domain("Login.Example.com:443").unwrap(), "login.example.com");
        assert_eq!(tenant_domain("localhost:8443").unwrap(), "localhost:8443");
        assert_eq!(tenant_domain("[::1]:8443").unwrap(), "[::1]:8443");
        for wrong in ["", "https://login.example.com", "a/b", "user@host", "host:99999", "a b", "host?x", "host\\x"] {
            assert!(tenant_domain(wrong).is_err(), "{wrong}");
        }
        assert_eq!(host_name("LOCALHOST").unwrap(), "localhost");
        for wrong in ["", "localhost:8443", "a/b", "https://x"] {
            assert!(host_name(wrong).is_err(), "{wrong}");
        }
    }

    /// Writes the page anew when `UPDATE_DOCS` is set.
    #[test]
    fn the_reference_is_up_to_date() {
        let page = reference();
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/command-line.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &page).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(kept, page, "run UPDATE_DOCS=1 cargo nextest run -p keywright-server the_reference_is_up_to_date");
    }

    /// The help of every command, as people see it.
    fn reference() -> String {
        let mut page = "# Command line\n\nGenerated from the program; `keywright help` shows the same.\n".to_owned();
        let mut root = <Cli as clap::CommandFactory>::command().term_width(100);
        root.build();
        let mut commands = vec![&mut root];
        while let Some(command) = commands.pop() {
            let name = command.get_bin_name().unwrap_or("keywright").to_owned();
            let help = command.render_long_help().to_string();
            let help: Vec<&str> = help.trim_end().lines().map(str::trim_end).collect();
            page = format!("{page}\n## `{name}`\n\n```text\n{}\n```\n", help.join("\n"));
            let inner: Vec<_> = command
                .get_subcommands_mut()
                .filter(|inner| inner.get_name() != "help" && !inner.is_hide_set())
                .collect();
            commands.extend(inner.into_iter().rev());
        }
        page
    }
}
