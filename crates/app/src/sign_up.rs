//! Sign-ups by the public (§7.1): counted by network, logged, and then a user like any other.

use keywright_store::{StoreError, Tx, logs};
use keywright_types::{Client, Connection, Tenant, TenantId, User};

use crate::attack_protection::{Counted, PasswordProof};
use crate::mail::{AccountMail, MAIL, Mail};
use crate::{
    App, Authenticated, AuthorizationRequest, BrowserId, Caller, LogEvent, LogType, NewUser, RegistrationFacts,
    RegistrationVerdict, RequestFacts, SignUpError,
};

/// Somebody signs up.
pub struct SignUp<'a> {
    /// Where.
    pub tenant: &'a Tenant,
    /// Among whose users.
    pub connection: &'a Connection,
    /// For which application.
    pub client: &'a Client,
    /// From where.
    pub caller: &'a Caller,
    /// In which browser, if it is one.
    pub browser: Option<&'a BrowserId>,
    /// As whom.
    pub new: NewUser,
    /// In which organization.
    pub organization_id: Option<&'a str>,
    /// Language of the request, a BCP 47 tag.
    pub language: Option<&'a str>,
    /// The request without the password, for Actions.
    pub request: &'a RequestFacts,
    /// The login in which it happens, for Actions.
    pub authorization: Option<&'a AuthorizationRequest>,
}

impl App {
    /// Creates a user after the connection's rules, who has thereby proved who they are. Refusals are logged.
    pub async fn sign_up(&self, attempt: SignUp<'_>) -> Result<Authenticated, SignUpError> {
        let SignUp { tenant, connection, client, caller, browser, new, .. } = attempt;
        let (request, authorization) = (attempt.request, attempt.authorization);
        if connection.options.disable_signup || !connection.is_database() {
            return Err(SignUpError::Disabled);
        }
        let event = |kind| LogEvent::new(kind, caller).client(client).connection(connection);
        let entered = new.email.trim().to_lowercase();
        let counting = self.counting_sign_ups(tenant, caller);
        let (id, blocked) = (tenant.id.clone(), self.log_row(event(LogType::BlockedAddress).user_name(&entered)));
        let counted = self.store().write(move |tx: &mut Tx<'_>| {
            let counted = counting.count(tx, &id, None)?;
            if let Counted::NetworkBlocked(_) = counted {
                logs::insert(tx, &id, &blocked)?;
            }
            Ok::<_, StoreError>(counted)
        });
        if let Counted::NetworkBlocked(until) = counted.await.map_err(|error| SignUpError::App(error.into()))? {
            return Err(SignUpError::AddressBlocked { until });
        }
        let detection = &tenant.settings.attack_protection.breached_password_detection;
        if detection.blocks_sign_ups() && self.is_breached(&new.password).await {
            self.log(&tenant.id, event(LogType::BreachedPasswordSignup).user_name(&entered)).await?;
            return Err(SignUpError::PasswordLeaked);
        }
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let mail = AccountMail {
            user_id: None,
            ticket: self.random().identifier(32),
            client_id: Some(client.client_id.clone()),
            organization_id: owned(attempt.organization_id),
            language: owned(attempt.language),
        };
        let created = async {
            let mut row = self.new_user_row(connection, new).await?;
            let client = Some(client);
            let facts = RegistrationFacts { tenant, connection, client, caller, request, authorization };
            if let RegistrationVerdict::Denied { reason, user_message } =
                self.run_registration_scripts(&facts, &mut row).await?
            {
                return Err(SignUpError::Denied { reason, user_message });
            }
            let actions = self.registration_actions(&facts, &row).await?;
            let (app, success) = (self.clone(), event(LogType::SuccessSignup));
            let also = move |tx: &mut Tx<'_>, tenant: &TenantId, user: &User| {
                logs::insert(tx, tenant, &app.log_row(success.user(user)))?;
                // §7.1: "A verification email is sent when enabled", which is decided when it is written.
                let mail = AccountMail { user_id: Some(user.user_id.clone()), ..mail };
                app.enqueue(tx, tenant, &MAIL, &Mail::SignUp(mail))?;
                app.queue_actions(tx, tenant, actions.as_ref())
            };
            self.insert_user(&tenant.id, row, also).await
        };
        match created.await {
            Ok(user) => {
                self.wake_jobs();
                let device = browser.map(|browser| self.browser_digest(&tenant.id, browser));
                let proof = PasswordProof::of_new_user(&user.user_id, device);
                let event = event(LogType::SuccessLogin).user(&user);
                Ok(Authenticated { user, proof, event })
            }
            Err(error @ SignUpError::App(_)) => Err(error),
            Err(refused) => {
                let failed = event(LogType::FailedSignup).user_name(&entered).description(refused.to_string());
                self.log(&tenant.id, failed).await?;
                Err(refused)
            }
        }
    }
}
