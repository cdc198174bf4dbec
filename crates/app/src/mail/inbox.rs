//! A mailer that keeps mails instead of sending them: the inbox of `keywright dev` and of tests.

use std::collections::VecDeque;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{MailFuture, Mailer, Message};

/// Mails that are kept; older ones go.
const CAPACITY: usize = 200;

/// A mail that would have been sent.
#[derive(Clone)]
pub struct ReceivedMail {
    /// Number in the order of arrival, from 1.
    pub id: u64,
    /// The mail.
    pub message: Message,
}

/// The inbox of everybody. Clones share it. Gone when the process ends.
#[derive(Clone, Default)]
pub struct Inbox(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    count: u64,
    mails: VecDeque<ReceivedMail>,
}

impl Inbox {
    /// All mails, the newest first.
    #[must_use]
    pub fn mails(&self) -> Vec<ReceivedMail> {
        self.kept().mails.iter().rev().cloned().collect()
    }

    /// One mail.
    #[must_use]
    pub fn mail(&self, id: u64) -> Option<ReceivedMail> {
        self.kept().mails.iter().find(|mail| mail.id == id).cloned()
    }

    /// Throws everything away.
    pub fn clear(&self) {
        self.kept().mails.clear();
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mailer for Inbox {
    fn send<'a>(&'a self, message: &'a Message) -> MailFuture<'a> {
        let mut kept = self.kept();
        kept.count += 1;
        let mail = ReceivedMail { id: kept.count, message: message.clone() };
        kept.mails.push_back(mail);
        if kept.mails.len() > CAPACITY {
            kept.mails.pop_front();
        }
        Box::pin(ready(Ok(())))
    }

    fn check(&self) -> MailFuture<'_> {
        Box::pin(ready(Ok(())))
    }

    fn takes_all(&self) -> bool {
        true
    }
}
