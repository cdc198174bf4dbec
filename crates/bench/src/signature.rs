//! S: CPU time of one raw RS256 signature (RSA-2048, aws-lc-rs), without a token around it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::RSA_PKCS1_SHA256;

use crate::processor;

const RUN: Duration = Duration::from_secs(2);

/// S in seconds.
#[derive(Clone, Copy)]
pub(crate) struct Signature {
    /// While every core signs. The ratios go by this one, because the requests are measured on a machine that is just as
    /// busy: cores that share a unit are slower together.
    pub(crate) busy: f64,
    /// While one core signs and the others rest.
    pub(crate) alone: f64,
}

/// Signs for four seconds.
pub(crate) fn measure() -> Signature {
    Signature { alone: on(1), busy: on(processor::cores()) }
}

fn on(threads: usize) -> f64 {
    let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let count = AtomicU64::new(0);
    let before = processor::time(std::process::id());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let (start, random) = (Instant::now(), SystemRandom::new());
                let mut signature = vec![0; key.public_modulus_len()];
                while start.elapsed() < RUN {
                    key.sign(&RSA_PKCS1_SHA256, &random, &[7; 512], &mut signature).unwrap();
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    let spent = processor::time(std::process::id()) - before;
    spent / report_count(count.into_inner())
}

/// A count as a divisor.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
pub(crate) fn report_count(count: u64) -> f64 {
    count.max(1) as f64
}
