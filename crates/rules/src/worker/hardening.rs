//! What the worker gives up before it sees a script (E §5.3; SB-01): limits of the process, and on Linux every system call
//! but those for its memory, its threads, the clock, chance, and the two pipes to its parent.
//!
//! Where the system has less to offer, the worker runs all the same, and says so to its parent: it is a process of its own
//! with an empty environment, and the engine gives scripts no way to a file or a socket.

use crate::protocol::Hardening;

/// Puts up the walls, each as far as the system has it.
pub(super) fn apply() -> Hardening {
    Hardening { resource_limits: resource_limits(), system_calls: system_calls() }
}

/// Address space that scripts, their JSON and the engine may take, in bytes, besides what the program has already.
#[cfg(unix)]
const ADDRESS_SPACE: u64 = 512 * 1024 * 1024;
/// Processor time of a worker's whole life, in seconds.
#[cfg(unix)]
const PROCESSOR: u64 = 3600;

#[cfg(unix)]
fn resource_limits() -> bool {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let limit = |value| Rlimit { current: Some(value), maximum: Some(value) };
    let mut limits = vec![(Resource::Core, 0), (Resource::Fsize, 0), (Resource::Nofile, 8), (Resource::Cpu, PROCESSOR)];
    if let Some(present) = address_space() {
        limits.push((Resource::As, present.saturating_add(ADDRESS_SPACE)));
    }
    #[cfg(target_os = "linux")]
    limits.push((Resource::Nproc, 0));
    // All of them, whichever fails.
    let missing = limits.into_iter().filter(|(resource, value)| setrlimit(*resource, limit(*value)).is_err()).count();
    missing == 0
}

#[cfg(not(unix))]
fn resource_limits() -> bool {
    false
}

/// Bounds the processor time of the pass that begins, in whole seconds and from the system's side: it ends what the engine
/// cannot interrupt. Where there is no such limit, the parent's clock ends it later.
#[cfg(unix)]
pub(super) fn bound_processor_time(milliseconds: u64) {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let used = u64::try_from(used.tv_sec).unwrap_or(0);
    let limit = used.saturating_add(milliseconds.div_ceil(1000)).saturating_add(1).min(PROCESSOR);
    let _ = setrlimit(Resource::Cpu, Rlimit { current: Some(limit), maximum: Some(PROCESSOR) });
}

#[cfg(not(unix))]
pub(super) fn bound_processor_time(_: u64) {}

/// Gives this thread what others leave over.
#[cfg(unix)]
pub(super) fn step_back() {
    let _ = rustix::process::setpriority_process(None, 19);
}

#[cfg(not(unix))]
pub(super) fn step_back() {}

/// Bytes of address space that the process has: allocators reserve more than they use.
#[cfg(target_os = "linux")]
fn address_space() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:"))?.trim().strip_suffix("kB")?;
    size.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(all(unix, not(target_os = "linux")))]
fn address_space() -> Option<u64> {
    None
}

#[cfg(target_os = "linux")]
fn system_calls() -> bool {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    // Nobody with the same user reads its memory.
    let undumpable = set_dumpable_behavior(DumpableBehavior::NotDumpable).is_ok();
    let unprivileged = rustix::thread::set_no_new_privs(true).is_ok();
    undumpable && unprivileged && filter().is_some()
}

#[cfg(not(target_os = "linux"))]
fn system_calls() -> bool {
    false
}

/// Every other call fails with `EPERM`, in both threads.
#[cfg(target_os = "linux")]
fn filter() -> Option<()> {
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    };
    const CALLS: [i64; 22] = [
        libc::SYS_brk,
        libc::SYS_mremap,
        libc::SYS_munmap,
        libc::SYS_madvise,
        libc::SYS_futex,
        libc::SYS_sched_yield,
        libc::SYS_clock_gettime,
        libc::SYS_clock_nanosleep,
        libc::SYS_nanosleep,
        libc::SYS_gettimeofday,
        libc::SYS_getrandom,
        libc::SYS_getcpu,
        libc::SYS_gettid,
        libc::SYS_getpid,
        libc::SYS_rt_sigreturn,
        libc::SYS_rt_sigprocmask,
        libc::SYS_sigaltstack,
        libc::SYS_restart_syscall,
        libc::SYS_membarrier,
        libc::SYS_exit,
        libc::SYS_exit_group,
        libc::SYS_sched_getaffinity,
    ];
    let when = |argument: u8, value: u64, operator: SeccompCmpOp| {
        SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value).ok()
    };
    let rule = |conditions: Vec<SeccompCondition>| SeccompRule::new(conditions).ok().map(|rule| vec![rule]);
    let only = |argument: u8, value: u64, operator: SeccompCmpOp| rule(vec![when(argument, value, operator)?]);
    let executable = u64::try_from(libc::PROT_EXEC).ok()?;
    let mut rules: std::collections::BTreeMap<i64, Vec<SeccompRule>> =
        CALLS.into_iter().map(|call| (call, Vec::new())).collect();
    rules.insert(libc::SYS_read, only(0, 0, SeccompCmpOp::Eq)?);
    rules.insert(libc::SYS_write, only(0, 1, SeccompCmpOp::Eq)?);
    // No memory becomes code.
    rules.insert(libc::SYS_mprotect, only(2, 0, SeccompCmpOp::MaskedEq(executable))?);
    rules.insert(libc::SYS_mmap, only(2, 0, SeccompCmpOp::MaskedEq(executable))?);
    // Its own processor time and its own priority, which an unprivileged process can make worse only.
    let processor = u64::from(libc::RLIMIT_CPU);
    rules
        .insert(libc::SYS_prlimit64, rule(vec![when(0, 0, SeccompCmpOp::Eq)?, when(1, processor, SeccompCmpOp::Eq)?])?);
    rules.insert(libc::SYS_setpriority, rule(vec![when(0, 0, SeccompCmpOp::Eq)?, when(1, 0, SeccompCmpOp::Eq)?])?);
    let denied = SeccompAction::Errno(u32::try_from(libc::EPERM).ok()?);
    let filter =
        SeccompFilter::new(rules, denied, SeccompAction::Allow, std::env::consts::ARCH.try_into().ok()?).ok()?;
    let program: BpfProgram = filter.try_into().ok()?;
    seccompiler::apply_filter_all_threads(&program).ok()
}
