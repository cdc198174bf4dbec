//! TLS to PostgreSQL: the server proves its name by an authority that was named, or nothing is sent (decision 0009).

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use keywright_store::{Store, StoreError, config, params};
use postgres::{Client, NoTls};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

use crate::cluster::Cluster;
use crate::database::{Database, on_postgres, postgres_is_left_out};
use crate::rows::{acme, populate};

const PASSWORD: &str = "Correct-Horse";

/// An authority, its certificate as PEM, and one that it issued for `db.example.com`.
struct Authority {
    pem: String,
    certificate: String,
    key: String,
}

impl Authority {
    fn make() -> Self {
        let authority_key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&authority_key).unwrap().pem();
        let issuer = Issuer::new(params, authority_key);
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec!["db.example.com".to_owned()]).unwrap();
        let certificate = leaf.signed_by(&key, &issuer).unwrap().pem();
        Self { pem, certificate, key: key.serialize_pem() }
    }
}

/// A server with TLS, and files with its authority and with another one.
struct Secured {
    cluster: Cluster,
    folder: TempDir,
}

impl Secured {
    fn start() -> Self {
        let (authority, other) = (Authority::make(), Authority::make());
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("authority.pem"), &authority.pem).unwrap();
        fs::write(folder.path().join("other.pem"), &other.pem).unwrap();
        let cluster = Cluster::start_with_tls(&authority.certificate, &authority.key);
        let mut client = Client::connect(&cluster.url(), NoTls).unwrap();
        client.batch_execute(&format!("CREATE ROLE secured LOGIN PASSWORD '{PASSWORD}'")).unwrap();
        client.batch_execute("CREATE DATABASE secured OWNER secured").unwrap();
        Self { cluster, folder }
    }

    /// The server under `name`, which is not looked up.
    fn url(&self, credentials: &str, name: &str, parameters: &str) -> String {
        let (user, _) = credentials.split_once(':').unwrap();
        let port = self.cluster.port();
        format!("postgres://{credentials}@{name}:{port}/{user}?hostaddr=127.0.0.1&{parameters}")
    }

    fn roots(&self, file: &str) -> String {
        format!("sslrootcert={}", self.folder.path().join(file).display())
    }
}

async fn is_encrypted(store: &Store) -> bool {
    let row =
        store.read(|tx| tx.query_opt("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", params![])).await;
    row.unwrap().unwrap().get(0).unwrap()
}

async fn refusal(url: &str) -> String {
    let error = Store::open(url).await.err().expect("the connection must be refused");
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains(PASSWORD), "{shown}");
    assert!(matches!(error, StoreError::Unavailable(_) | StoreError::Engine(_)), "{shown}");
    shown
}

#[test]
fn postgresql_proves_its_name_over_tls() {
    if postgres_is_left_out() {
        return;
    }
    let secured = Secured::start();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let ours = secured.roots("authority.pem");
        for mode in ["&sslmode=require", "&sslmode=verify-ca", "&sslmode=verify-full", ""] {
            let store =
                Store::open(&secured.url("postgres:", "db.example.com", &format!("{ours}{mode}"))).await.unwrap();
            assert!(is_encrypted(&store).await, "{mode}");
        }
        for (name, roots, why) in [
            ("other.example.com", ours.clone(), "not valid for name"),
            // The address is not in the certificate either.
            ("127.0.0.1", ours.clone(), "not valid for name"),
            // An authority of the same name with another key.
            ("db.example.com", secured.roots("other.pem"), "BadSignature"),
            ("db.example.com", secured.roots("missing.pem"), "missing.pem"),
        ] {
            for mode in ["require", "verify-ca", "verify-full"] {
                let url = secured.url(&format!("secured:{PASSWORD}"), name, &format!("sslmode={mode}&{roots}"));
                let shown = refusal(&url).await;
                assert!(shown.contains(why), "{name} {roots} {mode}: {shown}");
            }
        }
        // Whatever this machine trusts, it is not this authority.
        refusal(&secured.url("postgres:", "db.example.com", "sslmode=verify-full")).await;

        // On the machine itself plain text is the default, also when the server has a certificate that nobody knows.
        for url in
            [secured.cluster.url(), secured.url("postgres:", "db.example.com", &format!("sslmode=disable&{ours}"))]
        {
            assert!(!is_encrypted(&Store::open(&url).await.unwrap()).await, "{url}");
        }
    });
}

#[test]
fn postgresql_over_tls_binds_the_password_to_the_channel_and_notifies() {
    if postgres_is_left_out() {
        return;
    }
    let secured = Secured::start();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let bound = format!("channel_binding=require&{}", secured.roots("authority.pem"));
        let url = secured.url(&format!("secured:{PASSWORD}"), "db.example.com", &bound);
        let (store, other) = (Store::open(&url).await.unwrap(), Store::open(&url).await.unwrap());
        assert!(is_encrypted(&store).await);
        populate(&store).await;
        let version = store.write(|tx| config::bump(tx, &acme())).await.unwrap();
        let mut seen = other.config_changes();
        let told = tokio::time::timeout(Duration::from_secs(9), seen.wait_for(|seen| *seen >= version)).await;
        assert!(told.is_ok());

        let wrong = secured.url("secured:Correct-Horse-not", "db.example.com", &bound);
        assert!(refusal(&wrong).await.contains("password authentication failed"));
        let plain = secured.url(&format!("secured:{PASSWORD}"), "db.example.com", "sslmode=disable");
        assert!(refusal(&plain).await.contains("refused by PostgreSQL"));
    });
}

/// A server that says it has no TLS is not believed.
#[test]
fn postgresql_without_tls_is_refused_when_tls_is_required() {
    on_postgres(|database: Arc<Database>| async move {
        let folder = tempfile::tempdir().unwrap();
        let roots = folder.path().join("authority.pem");
        fs::write(&roots, Authority::make().pem).unwrap();
        let mark = if database.url().contains('?') { '&' } else { '?' };
        let url = format!("{}{mark}sslmode=require&sslrootcert={}", database.url(), roots.display());
        assert!(refusal(&url).await.contains("does not support TLS"));
    });
}
