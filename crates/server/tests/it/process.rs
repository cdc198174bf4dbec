//! Starting the binary, and asking it with curl.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::Value;
use tempfile::TempDir;

/// The binary with none of the surrounding configuration.
pub(crate) fn keywright() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keywright"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("KEYWRIGHT_") || name == "RUST_LOG" {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// Runs a command to its end and gives its status, standard output and standard error.
pub(crate) fn run(command: &mut Command) -> (ExitStatus, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status, String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// A running `keywright`.
pub(crate) struct Process {
    child: Child,
    /// Lines of standard output after the first.
    output: Option<BufReader<std::process::ChildStdout>>,
    log: Arc<Mutex<String>>,
    logging: Option<JoinHandle<()>>,
}

impl Process {
    /// Starts `command`; its log is collected.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let output = child.stdout.take().map(BufReader::new);
        let log = Arc::new(Mutex::new(String::new()));
        let (lines, collected) = (BufReader::new(child.stderr.take().unwrap()), log.clone());
        let logging = std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let mut log = collected.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
        Self { child, output, log, logging: Some(logging) }
    }

    /// The next line of standard output; panics with the log when the process ended instead.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.as_mut().unwrap().read_line(&mut line).unwrap();
        assert!(line.ends_with('\n'), "no line, but {:?}\n{}", self.child.wait(), self.log());
        line
    }

    /// What was logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until a line of the log contains `text` and gives the line.
    pub(crate) fn wait_for_log(&mut self, text: &str) -> String {
        loop {
            if let Some(line) = self.log().lines().find(|line| line.contains(text)) {
                return line.to_owned();
            }
            assert!(self.child.try_wait().unwrap().is_none(), "ended without \"{text}\":\n{}", self.log());
            std::thread::yield_now();
        }
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for the end; gives the status, the rest of standard output and the whole log.
    pub(crate) fn end(mut self) -> (ExitStatus, String, String) {
        let mut rest = String::new();
        self.output.take().unwrap().read_to_string(&mut rest).unwrap();
        let status = self.child.wait().unwrap();
        self.logging.take().unwrap().join().unwrap();
        (status, rest, self.log())
    }

    /// Asks the process to end and expects that it does so without an error.
    pub(crate) fn stop(self) -> (String, String) {
        self.signal("TERM");
        let (status, rest, log) = self.end();
        assert!(status.success(), "{status}\n{log}");
        (rest, log)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Only what a failed test left behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A development server with its announcement.
pub(crate) struct Development {
    pub(crate) process: Process,
    pub(crate) line: String,
    pub(crate) announcement: Value,
    directory: Arc<TempDir>,
}

impl Development {
    /// On a free port, in a directory of its own.
    pub(crate) fn start(options: &[&str]) -> Self {
        Self::start_in(Arc::new(tempfile::tempdir().unwrap()), &[&["--port", "0"], options].concat())
    }

    /// In a working directory that is shared with another start.
    pub(crate) fn start_in(directory: Arc<TempDir>, options: &[&str]) -> Self {
        let mut command = keywright();
        command.args(["dev", "--json"]).args(options).current_dir(directory.path());
        // A server that a failed test kills cannot tidy up; what it keeps for its own life goes with the directory.
        let mut process = Process::start(command.env("TMPDIR", directory.path()));
        let line = process.line();
        let announcement = serde_json::from_str(&line).unwrap();
        Self { process, line, announcement, directory }
    }

    /// The working directory.
    pub(crate) fn directory(&self) -> Arc<TempDir> {
        self.directory.clone()
    }

    /// A member of the announcement that is text.
    pub(crate) fn text(&self, pointer: &str) -> String {
        self.announcement.pointer(pointer).and_then(Value::as_str).unwrap().to_owned()
    }

    /// The port it took.
    pub(crate) fn port(&self) -> String {
        self.text("/domain").rsplit_once(':').unwrap().1.to_owned()
    }

    /// The certificate authority.
    pub(crate) fn authority(&self) -> PathBuf {
        self.text("/ca_cert").into()
    }

    /// curl on a path of the server, trusting its authority: the status and the body.
    pub(crate) fn curl(&self, path: &str, options: &[&str]) -> (u16, String) {
        curl(&format!("{}{path}", self.text("/base_url")), Some(&self.authority()), options)
    }
}

/// Status and body of one request.
pub(crate) fn curl(url: &str, authority: Option<&Path>, options: &[&str]) -> (u16, String) {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--write-out", "\n%{http_code}"]).args(options).arg(url);
    command.env_remove("CURL_CA_BUNDLE").env_remove("SSL_CERT_FILE").env("no_proxy", "*");
    if let Some(authority) = authority {
        command.arg("--cacert").arg(authority);
    }
    let (status, output, error) = run(&mut command);
    assert!(status.success(), "curl {url}: {status} {error}");
    let (body, code) = output.rsplit_once('\n').unwrap();
    (code.parse().unwrap(), body.to_owned())
}
