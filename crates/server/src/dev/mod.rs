//! `keywright dev`: an Auth0 for the laptop and for CI, in one command.

mod authority;
mod clock;
mod data_directory;
mod inbox;
mod seeds;
mod summary;
mod trust;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use keywright_app::mail::Inbox;
use keywright_app::{Clock, EgressOptions, Exceptions, MasterKeys};
use keywright_jose::{MasterKey, Random};
use keywright_web::TrustedProxies;
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};

use crate::cli::DevServer;
use crate::config::Storage;
use crate::listener::{Listener, is_loopback, stop_signal};
use crate::routes::{self, Surroundings};
use crate::{Failure, instance, scripts};

use authority::Authority;
pub(crate) use authority::AuthorityError;
use data_directory::DataDirectory;
pub(crate) use data_directory::DataError;
pub(crate) use seeds::SeedError;

/// File with the master key of the data directory.
const MASTER_KEY: &str = "master-key";
/// File with the database.
const DATABASE: &str = "keywright.db";

/// Starts the server and ends it with the signal.
pub(crate) async fn run(options: DevServer) -> Result<(), Failure> {
    // OP-05: "Test-only features … cannot be enabled on a listener that is not loopback".
    if let Some(address) = options.listen.filter(|address| options.test_controls && !is_loopback(*address)) {
        return Err(Failure::TestControls(address));
    }
    let stop = stop_signal().map_err(Failure::Io)?;
    tokio::pin!(stop);
    let directory = if options.ephemeral { DataDirectory::ephemeral()? } else { DataDirectory::open(&options.data)? };
    let ended = tokio::select! {
        started = Development::start(&options, &directory) => match started {
            Ok(development) => development.serve(&options, stop.as_mut()).await,
            Err(cause) => Err(cause),
        },
        () = &mut stop => Ok(()),
    };
    directory.close()?;
    ended
}

/// `keywright dev ca`.
pub(crate) fn show_authority(data: &Path) -> Result<(), Failure> {
    let directory = DataDirectory::open(data)?;
    let authority = Authority::open(&directory, Clock::system().now())?;
    print!("{}", trust::text(&authority.certificate().display().to_string()));
    Ok(())
}

/// The database of a development server, for a command beside it.
pub(crate) fn storage(data: &Path) -> Result<Storage, Failure> {
    if !data.join(DATABASE).exists() {
        return Err(Failure::NoDevelopmentServer(data.display().to_string()));
    }
    storage_in(&DataDirectory::open(data)?, None)
}

fn storage_in(directory: &DataDirectory, database: Option<&str>) -> Result<Storage, Failure> {
    let master_key = directory.read_or_create(MASTER_KEY, || {
        Ok::<_, std::convert::Infallible>(MasterKey::generate(&Random::system()).to_base64().expose_secret().to_owned())
    })?;
    let own = || format!("sqlite:{}", directory.path().join(DATABASE).display());
    Ok(Storage {
        database: SecretString::from(database.map_or_else(own, str::to_owned)),
        master_keys: MasterKeys::only(MasterKey::from_base64(&master_key.text).map_err(Failure::MasterKey)?),
    })
}

/// A server with everything in place.
struct Development {
    app: keywright_app::App,
    listener: Listener,
    tls: Arc<ServerConfig>,
    announcement: String,
}

impl Development {
    async fn start(options: &DevServer, directory: &DataDirectory) -> Result<Self, Failure> {
        let listener = match options.listen {
            Some(address) => Listener::bind(SocketAddr::new(address, options.port)),
            None => Listener::bind_loopback(options.port),
        }
        .map_err(|cause| Failure::Listen { port: options.port, cause })?;
        let clock = Clock::system();
        let authority = Authority::open(directory, clock.now())?;
        let tls = authority.server_config(&options.domain, clock.now())?;
        let storage = storage_in(directory, options.database.as_deref())?;
        let app = instance::open_serving(storage, clock, options.limits, egress(&authority)?).await?;
        scripts::run(&app, scripts::of_development()).map_err(Failure::Io)?;
        let domain = match listener.port() {
            443 => options.domain.clone(),
            port => format!("{}:{port}", options.domain),
        };
        if let Some(tenant) = app.tenant_by_domain(&domain).await? {
            instance::check_master_key(&app, &tenant.id).await?;
        }
        let seeds = seeds::plant(&app, &domain).await?;
        let announcement = if options.json {
            format!("{}\n", summary::json(&seeds, authority.certificate())?)
        } else {
            summary::table(&seeds, authority.certificate(), &trust_hint(options))
        };
        Ok(Self { app, listener, tls, announcement })
    }

    async fn serve(self, options: &DevServer, stop: impl Future<Output = ()>) -> Result<(), Failure> {
        let inbox = Inbox::default();
        self.app.send_mails_with(Arc::new(inbox.clone()));
        let surroundings = Surroundings {
            script_time: Duration::from_secs(20),
            trusted_proxies: TrustedProxies::default(),
            behind_proxy_only: false,
            test_controls: options.test_controls.then(clock::router),
            inbox: Some(inbox::router(inbox)),
            metrics: None,
        };
        let router = routes::router(&self.app, surroundings);
        let announced = async {
            // The sockets are bound: a client that reads this line is answered.
            announce(&self.announcement);
            std::future::pending::<()>().await;
        };
        let served = tokio::select! {
            served = instance::serve(&self.app, self.listener, Some(self.tls), router, stop) => served,
            () = announced => Ok(()),
        };
        served.map_err(Failure::Io)
    }
}

/// On a laptop the applications that hear of a logout are on this machine, often with certificates of our authority.
fn egress(authority: &Authority) -> Result<EgressOptions, Failure> {
    let roots = CertificateDer::pem_file_iter(authority.certificate()).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let roots = roots.map_err(|cause| Failure::Io(std::io::Error::other(cause.to_string())))?;
    Ok(EgressOptions { exceptions: Exceptions::loopback(), roots, ..EgressOptions::default() })
}

/// The command that says how to trust the authority, unless it is gone before anybody trusts it.
fn trust_hint(options: &DevServer) -> String {
    if options.ephemeral {
        return String::new();
    }
    format!("\n                  how to trust it: keywright dev ca --data \"{}\"", options.data.display())
}

/// Standard output may be closed by a program that has seen enough; that ends nothing.
fn announce(text: &str) {
    use std::io::Write;
    let mut output = std::io::stdout().lock();
    let _ = output.write_all(text.as_bytes()).and_then(|()| output.flush());
}
