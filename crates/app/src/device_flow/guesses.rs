//! Guessed user codes (DV-01; RFC 8628 §5.1): how many wrong ones are taken, from one address and from all together.
//!
//! RFC 8628 §5.1: "it is RECOMMENDED that the authorization server rate-limit user code attempts". An attempt is taken before
//! the code is looked up and given back when it was right, each by a conditional write, so that any number of nodes together
//! take no more. Honest people, who are right, use nothing up.
//!
//! All guesses together are so few that within the life of a code at most one in 2^20 codes is tried. They are in two shares:
//! one for addresses that have been wrong lately, one for those that have not. Whoever wants to use up the second, and so to
//! keep others from entering their codes, needs a new address for every single guess.

use jiff::Timestamp;
use keywright_store::network_attempts::{self, Allowance};
use keywright_store::{StoreError, Tx};
use keywright_types::{TenantId, UserCodeFormat};

use super::LIFETIME;
use crate::{App, Caller, network_of};

/// DV-01: "≥20 bits live entropy after rate limit".
const BITS: u32 = 20;
/// Wrong codes from one address: ten at once, and one more every half minute.
const OF_ADDRESS: Allowance = Allowance { burst: 10, rate: 30_000 };
/// Where they are counted.
const STAGE: &str = "device-code";
/// The shares of all guesses, in the place of an address.
const REPEATED: &str = "all, repeated";
const FIRST: &str = "all, first";

/// One attempt to enter a code, before it is known whether it is right.
#[derive(Clone)]
pub(super) struct Guess {
    /// Empty where nobody knows it.
    network: String,
    share: Allowance,
    now: Timestamp,
    counts: bool,
}

impl App {
    pub(super) fn guess(&self, format: &UserCodeFormat, caller: &Caller) -> Guess {
        Guess {
            network: network_of(caller.ip),
            share: share(format),
            now: self.now(),
            counts: self.rate_limits().is_enabled(),
        }
    }
}

/// Half of the guesses that may be made in the life of a code. Half of those at once, half one by one.
fn share(format: &UserCodeFormat) -> Allowance {
    let guesses = i64::try_from(format.space() >> BITS).unwrap_or(i64::MAX);
    let lifetime = i64::try_from(LIFETIME.as_millis()).unwrap_or(i64::MAX);
    // No more than a thousand a second, whatever the space.
    let burst = (guesses / 4).clamp(1, lifetime);
    // Rounded up: not one guess more.
    Allowance { burst, rate: (lifetime + burst - 1) / burst }
}

impl Guess {
    /// Takes the attempt. `Some`: there is none before that time, and nothing has changed.
    pub(super) fn take(&self, tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Option<Timestamp>, StoreError> {
        if !self.counts {
            return Ok(None);
        }
        let first = self.is_first(tx, tenant)?;
        if let Some(until) = network_attempts::take(tx, tenant, STAGE, &self.network, OF_ADDRESS, self.now)? {
            return Ok(Some(until));
        }
        let share = if first { FIRST } else { REPEATED };
        let refused = network_attempts::take(tx, tenant, STAGE, share, self.share, self.now)?;
        if refused.is_some() {
            network_attempts::give_back(tx, tenant, STAGE, &self.network, OF_ADDRESS)?;
        }
        Ok(refused)
    }

    /// The code was right: no guess.
    pub(super) fn give_back(&self, tx: &mut Tx<'_>, tenant: &TenantId) -> Result<(), StoreError> {
        if !self.counts {
            return Ok(());
        }
        network_attempts::give_back(tx, tenant, STAGE, &self.network, OF_ADDRESS)?;
        let share = if self.is_first(tx, tenant)? { FIRST } else { REPEATED };
        network_attempts::give_back(tx, tenant, STAGE, share, self.share)
    }

    /// Whether this address has not been wrong lately.
    fn is_first(&self, tx: &mut Tx<'_>, tenant: &TenantId) -> Result<bool, StoreError> {
        Ok(!self.network.is_empty() && network_attempts::is_full(tx, tenant, STAGE, &self.network, self.now)?)
    }
}

#[cfg(test)]
mod tests {
    use keywright_types::UserCodeCharset;

    use super::*;

    #[test]
    fn dv_01_twenty_bits_are_left_whatever_the_format() {
        for (charset, mask) in [
            (UserCodeCharset::Base20, "****-****"),
            (UserCodeCharset::Digits, "***-***-***"),
            (UserCodeCharset::Digits, "****-****-****"),
            (UserCodeCharset::Base20, "********************"),
            (UserCodeCharset::Digits, "***"),
        ] {
            let format = UserCodeFormat { charset, mask: mask.to_owned() }.in_force();
            let Allowance { burst, rate } = share(&format);
            let lifetime = i64::try_from(LIFETIME.as_millis()).unwrap();
            assert!(burst >= 200 && rate >= 1, "{mask}: {burst} and one in {rate} ms");
            let guesses = u64::try_from(2 * (burst + lifetime / rate)).unwrap();
            assert!(format.space() / guesses >= 1 << BITS, "{mask}: {guesses} guesses");
        }
    }
}
