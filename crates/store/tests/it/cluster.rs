//! A PostgreSQL server of the test's own, for the tests that stop and kill it. With the durability of production, unlike the
//! server that all other tests share.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

pub(crate) struct Cluster {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
}

impl Cluster {
    /// Makes a cluster and starts it on a free port of the loopback address.
    pub(crate) fn start() -> Self {
        let cluster = Self::make();
        cluster.resume();
        cluster
    }

    /// As [`Cluster::start`], with TLS for whoever asks for it. The role `secured` must, and must know its password.
    pub(crate) fn start_with_tls(certificate: &str, key: &str) -> Self {
        let cluster = Self::make();
        let data = cluster.folder.path().join("data");
        let settings = fs::read_to_string(data.join("postgresql.conf")).unwrap();
        fs::write(data.join("postgresql.conf"), format!("{settings}\nssl = on\n")).unwrap();
        let rules = "hostssl all secured 127.0.0.1/32 scram-sha-256\nhost all postgres 127.0.0.1/32 trust\n";
        fs::write(data.join("pg_hba.conf"), rules).unwrap();
        fs::write(data.join("server.crt"), certificate).unwrap();
        fs::write(data.join("server.key"), key).unwrap();
        fs::set_permissions(data.join("server.key"), fs::Permissions::from_mode(0o600)).unwrap();
        if is_root() {
            let files = [data.join("server.crt"), data.join("server.key")];
            assert!(Command::new("chown").arg("postgres").args(files).status().unwrap().success());
        }
        cluster.resume();
        cluster
    }

    fn make() -> Self {
        let folder = tempfile::Builder::new().prefix("keywright-cluster").tempdir().unwrap();
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let cluster = Self { programs: programs(), folder, port };
        if is_root() {
            assert!(Command::new("chown").arg("postgres").arg(cluster.folder.path()).status().unwrap().success());
        }
        cluster.run("initdb", &["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        cluster
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Starts the server again.
    pub(crate) fn resume(&self) {
        let options = format!("-p {} -h 127.0.0.1 -k ''", self.port);
        let log = self.folder.path().join("log");
        self.run("pg_ctl", &["-w", "-l", log.to_str().unwrap(), "-o", &options, "start"]);
    }

    /// Stops the server as a crash would: without a checkpoint, connections cut.
    pub(crate) fn crash(&self) {
        self.run("pg_ctl", &["-w", "-m", "immediate", "stop"]);
    }

    /// Stops the server as an operator does: sessions are ended with a message, then a checkpoint.
    pub(crate) fn stop(&self) {
        self.run("pg_ctl", &["-w", "-m", "fast", "stop"]);
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let status = self.command(program).args(arguments).status().unwrap();
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        assert!(status.success(), "{program} failed\n{log}");
    }

    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let mut command = if is_root() {
            // PostgreSQL refuses to run as root; its packages bring this account.
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir("/").env("PGDATA", self.folder.path().join("data"));
        command.stdout(std::process::Stdio::null());
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.command("pg_ctl").args(["-w", "-m", "immediate", "stop"]).status();
    }
}

/// The newest installed version's programs, which packages keep out of the PATH.
fn programs() -> PathBuf {
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = installed
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin"))))
        .max();
    let in_path = || {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).find(|folder| folder.join("pg_ctl").exists())
    };
    newest.map(|(_, folder)| folder).or_else(in_path).expect("PostgreSQL's server programs are not installed")
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(Path::new("/proc/self")).is_ok_and(|process| process.uid() == 0)
}
