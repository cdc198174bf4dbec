//! A worker process, from the parent's side: how it is started, and the frames over its pipes.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use zeroize::Zeroizing;

use crate::protocol::{
    FromWorker, GREETING, Hardening, MAX_BYTES_OF_PASS, MAX_FRAME, MAX_FRAME_OF_WORKER, MAX_FRAMES_OF_PASS, ToWorker,
};

/// How long a worker has to be ready.
const START: Duration = Duration::from_secs(10);
/// What a program may write before the greeting, in bytes.
const BEFORE_GREETING: usize = 64 * 1024;

/// The program that is a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerProgram {
    /// Its file.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Its whole environment.
    pub environment: Vec<(OsString, OsString)>,
}

impl WorkerProgram {
    /// This program again, with arguments that make it a worker. On Linux it is the very file that runs, although another
    /// one may stand in its place by now.
    ///
    /// # Errors
    /// When the system does not say which file runs.
    pub fn this(arguments: impl IntoIterator<Item = &'static str>) -> std::io::Result<Self> {
        let program =
            if cfg!(target_os = "linux") { PathBuf::from("/proc/self/exe") } else { std::env::current_exe()? };
        let arguments = arguments.into_iter().map(OsString::from).collect();
        Ok(Self { program, arguments, environment: Vec::new() })
    }
}

/// Why a worker is of no use any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Broken {
    #[error("it cannot be started")]
    Start,
    #[error("it ended")]
    Ended,
    #[error("it sent what is no message")]
    Protocol,
}

/// A running worker. It is killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// A frame that is read in part: reading may be interrupted between any two bytes.
    partial: Vec<u8>,
    /// What the worker may send still in this pass: bytes, frames.
    allowance: (usize, usize),
    pub(crate) hardening: Hardening,
    pub(crate) runs: u32,
    pub(crate) idle_since: Instant,
}

impl Process {
    pub(crate) async fn start(program: &WorkerProgram) -> Result<Self, Broken> {
        tokio::time::timeout(START, Self::started(program)).await.map_err(|_| Broken::Start)?
    }

    async fn started(program: &WorkerProgram) -> Result<Self, Broken> {
        // Descriptors that this process inherited itself, or that a library opened, stay here.
        #[cfg(target_os = "linux")]
        close_fds::set_fds_cloexec_threadsafe(3, &[]);
        let mut child = Command::new(&program.program)
            .args(&program.arguments)
            .env_clear()
            .envs(program.environment.iter().map(|(name, value)| (name, value)))
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                tracing::error!(%error, "a worker for scripts cannot be started");
                Broken::Start
            })?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else { return Err(Broken::Start) };
        let mut process = Self {
            child,
            input,
            output: BufReader::new(output),
            partial: Vec::new(),
            allowance: (MAX_BYTES_OF_PASS, MAX_FRAMES_OF_PASS),
            hardening: Hardening::default(),
            runs: 0,
            idle_since: Instant::now(),
        };
        process.greeting().await?;
        match process.receive().await? {
            FromWorker::Ready(hardening) => process.hardening = hardening,
            _ => return Err(Broken::Protocol),
        }
        Ok(process)
    }

    async fn greeting(&mut self) -> Result<(), Broken> {
        let mut seen = Vec::new();
        while !seen.ends_with(GREETING) {
            if seen.len() > BEFORE_GREETING {
                return Err(Broken::Protocol);
            }
            seen.push(self.output.read_u8().await.map_err(|_| Broken::Start)?);
        }
        Ok(())
    }

    /// A worker that does not read is as good as none, so nobody waits for it beyond `until`.
    pub(crate) async fn send(&mut self, message: &ToWorker, until: Instant) -> Result<(), Broken> {
        let frame = Zeroizing::new(serde_json::to_vec(message).map_err(|_| Broken::Protocol)?);
        let length = u32::try_from(frame.len()).ok().filter(|_| frame.len() <= MAX_FRAME);
        let length = length.ok_or(Broken::Protocol)?;
        if matches!(message, ToWorker::Run(_)) {
            self.allowance = (MAX_BYTES_OF_PASS, MAX_FRAMES_OF_PASS);
        }
        let written = async {
            self.input.write_all(&length.to_be_bytes()).await?;
            self.input.write_all(&frame).await?;
            self.input.flush().await
        };
        tokio::time::timeout_at(until.into(), written).await.map_err(|_| Broken::Ended)?.map_err(|_| Broken::Ended)
    }

    /// The next message. May be dropped and called again: what was read is kept.
    pub(crate) async fn receive(&mut self) -> Result<FromWorker, Broken> {
        loop {
            if let Some((length, rest)) = self.partial.split_first_chunk::<4>() {
                let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
                if length > MAX_FRAME_OF_WORKER {
                    return Err(Broken::Protocol);
                }
                if let Some(frame) = rest.get(..length) {
                    let (bytes, frames) = self.allowance;
                    let left = (bytes.checked_sub(length), frames.checked_sub(1));
                    let (Some(bytes), Some(frames)) = left else { return Err(Broken::Protocol) };
                    self.allowance = (bytes, frames);
                    let message = serde_json::from_slice(frame).map_err(|_| Broken::Protocol)?;
                    self.partial.drain(..length.saturating_add(4));
                    return Ok(message);
                }
            }
            match self.output.read_buf(&mut self.partial).await {
                Ok(0) | Err(_) => return Err(Broken::Ended),
                Ok(_) => {}
            }
        }
    }

    /// Ends it at once and waits until it is gone.
    pub(crate) async fn kill(mut self) {
        let _ = self.child.kill().await;
    }

    /// Whether the system ended it for the processor time it took. Called after its end was seen; waits until it is gone.
    #[cfg(unix)]
    pub(crate) async fn took_too_much_processor_time(&mut self) -> bool {
        use std::os::unix::process::ExitStatusExt as _;
        // It closed its pipes, which only its end does; what pretends to have ended is killed.
        let _ = tokio::time::timeout(Duration::from_millis(100), self.child.wait()).await;
        let _ = self.child.kill().await;
        let status = self.child.try_wait().ok().flatten();
        status.and_then(|status| status.signal()) == Some(rustix::process::Signal::XCPU.as_raw())
    }

    #[cfg(not(unix))]
    pub(crate) async fn took_too_much_processor_time(&mut self) -> bool {
        let _ = self.child.kill().await;
        false
    }

    /// Whether it ended by itself.
    pub(crate) fn ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
}
