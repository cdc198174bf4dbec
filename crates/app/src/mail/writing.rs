//! From a job to a mail: who gets it, with which link, in the tenant's words or in ours.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::SignedDuration;
use keywright_store::tickets::{self, TicketRow};
use keywright_store::{StoreError, Tx, users};
use keywright_types::{Tenant, TenantId, User};
use serde_json::{Map, Value, json};

use super::built_in::{Letter, Look, one_line};
use super::liquid::{Place, TemplateError, render};
use super::plain_text::plain_text;
use super::templates::{EmailTemplate, LINK_LIFETIME};
use super::variables::{Subject, variables};
use super::{AccountMail, Mail, Message};
use crate::account_links::{LinkDocument, NewTicket, Purpose};
use crate::attack_protection::UNBLOCK;
use crate::jobs::Job;
use crate::sessions::later;
use crate::{App, AppError, ClientRecord, OrganizationRecord, user_from_row};

/// Characters of a subject.
const LONGEST_SUBJECT: usize = 255;

/// Which mail it is, and what the tenant says of it.
struct Draft {
    name: &'static str,
    template: Option<EmailTemplate>,
    about: AccountMail,
    ip: Option<IpAddr>,
}

/// Everything that a mail is written from.
struct Context {
    tenant: Tenant,
    user: User,
    client: Option<Arc<ClientRecord>>,
    organization: Option<Arc<OrganizationRecord>>,
    look: Look,
    /// The link in it; empty for a mail without one.
    link: String,
}

/// Subject, HTML, text, and the sender where the tenant names one.
struct Content {
    subject: String,
    html: String,
    text: String,
    from: Option<String>,
}

impl App {
    /// The mail of a job; `None` when there is nobody to send it to, or the tenant does not send such mails.
    pub(super) async fn message(&self, tenant: &TenantId, job: &Job) -> Result<Option<Message>, AppError> {
        let Some(tenant) = self.tenant(tenant).await? else { return Ok(None) };
        let Some(draft) = self.draft(&tenant, job.payload()?).await? else { return Ok(None) };
        let Some(context) = self.context(tenant, job, &draft).await? else { return Ok(None) };
        let Some(to) = context.user.email.clone() else { return Ok(None) };
        let content = content(&draft, &context).await?;
        Ok(Some(Message {
            to,
            from: content.from,
            template: draft.name,
            subject: content.subject,
            text: content.text,
            html: content.html,
            date: self.now(),
        }))
    }

    /// Which mail it is; `None` when it is switched off.
    async fn draft(&self, tenant: &Tenant, mail: Mail) -> Result<Option<Draft>, AppError> {
        let (names, about, ip): (&[&'static str], _, _) = match mail {
            Mail::BlockedAccount(about) => {
                let own = AccountMail {
                    user_id: about.user_id,
                    ticket: about.ticket,
                    client_id: about.client_id,
                    organization_id: None,
                    language: None,
                };
                (&["blocked_account"], own, about.ip)
            }
            Mail::VerifyEmail(about) => (&["verify_email"], about, None),
            // "If you turn off the verification mail, the welcome mail is sent at the sign-up."
            Mail::SignUp(about) => (&["verify_email", "welcome_email"], about, None),
            Mail::ResetPassword(about) => (&["reset_email"], about, None),
            Mail::Welcome(about) => (&["welcome_email"], about, None),
        };
        for name in names {
            let template = self.email_template(&tenant.id, name).await?;
            // Only the welcome is nothing that anybody waits for.
            if template.as_ref().map_or(*name != "welcome_email", |template| template.enabled) {
                return Ok(Some(Draft { name, template, about, ip }));
            }
        }
        Ok(None)
    }

    /// Finds everybody and everything that the mail is about, and writes the link's ticket down.
    async fn context(&self, tenant: Tenant, job: &Job, draft: &Draft) -> Result<Option<Context>, AppError> {
        let about = &draft.about;
        let Some(user_id) = about.user_id.clone() else { return Ok(None) };
        // The mail is about an account, whose address need not be that of the user it is linked to.
        let (id, account) = (tenant.id.clone(), user_id.clone());
        let found = self.store().read(move |tx| users::find_account(tx, &id, &account)).await?;
        let Some(row) = found.filter(|row| row.email.is_some()) else { return Ok(None) };
        let user = user_from_row(&row)?;
        let purpose = draft.purpose();
        if purpose == Some(Purpose::EmailVerification) && user.email_verified {
            return Ok(None);
        }
        let client = match &about.client_id {
            Some(client_id) => self.client(&tenant.id, client_id).await?,
            None => None,
        };
        let organization = match &about.organization_id {
            Some(id) => self.organization(&tenant.id, id).await?,
            None => None,
        };
        let look = Look::of(&tenant);
        let link = match purpose {
            Some(purpose) => purpose.link(&tenant, &about.ticket),
            None if draft.name == "blocked_account" => tenant.url(&format!("/u/unblock?ticket={}", about.ticket)),
            None => String::new(),
        };
        let context = Context { tenant, user, client, organization, look, link };
        if context.link.is_empty() {
            return Ok(Some(context));
        }
        let result_url = match draft.template.as_ref().and_then(|template| template.result_url.as_deref()) {
            Some(source) => rendered_line(source, &all_variables(draft, &context)).await.ok(),
            None => None,
        };
        let document = LinkDocument {
            result_url: result_url.filter(|url| !url.is_empty()),
            client_id: about.client_id.clone(),
            organization_id: about.organization_id.clone(),
            include_email: draft.template.as_ref().is_some_and(|template| template.include_email_in_redirect),
            // Who opens the link reads the address.
            mark_email_as_verified: true,
        };
        let (app, id, ticket) = (self.clone(), context.tenant.id.clone(), about.ticket.clone());
        let (made_at, expires_at) = (job.queued_at, later(job.queued_at, SignedDuration::from_secs(draft.lifetime())));
        let insert = move |tx: &mut Tx<'_>| {
            // The address may have changed since the job was queued; the mail goes where the ticket is good.
            let Some(row) = users::find_account(tx, &id, &user_id)? else { return Ok(None) };
            if let Some(purpose) = purpose {
                let email = row.email.clone();
                let new = NewTicket { secret: &ticket, purpose, user_id: &user_id, email, about: &document };
                app.insert_ticket(tx, &id, new, made_at, expires_at)?;
            } else {
                let row = TicketRow {
                    ticket_digest: app.ticket_digest(&id, &ticket).as_bytes().to_vec(),
                    kind: UNBLOCK.to_owned(),
                    user_id: user_id.clone(),
                    email: None,
                    document: None,
                    created_at: made_at,
                    expires_at,
                };
                tickets::insert(tx, &id, &row)?;
            }
            Ok::<_, StoreError>(Some(row))
        };
        let Some(row) = self.store().write(insert).await? else { return Ok(None) };
        Ok(Some(Context { user: user_from_row(&row)?, ..context }))
    }
}

impl Draft {
    /// Seconds that the link is good.
    fn lifetime(&self) -> i64 {
        self.template.as_ref().map_or(LINK_LIFETIME, EmailTemplate::lifetime)
    }

    /// What the link in the mail is for; `None` for one that unblocks, and for none.
    fn purpose(&self) -> Option<Purpose> {
        [Purpose::EmailVerification, Purpose::PasswordChange].into_iter().find(|own| own.template() == self.name)
    }
}

fn all_variables(draft: &Draft, context: &Context) -> Value {
    let mut more = Map::new();
    if !context.link.is_empty() {
        more.insert("url".to_owned(), json!(context.link));
    }
    if let Some(ip) = draft.ip {
        more.insert("user".to_owned(), json!({ "source_ip": ip }));
    }
    let subject = Subject {
        tenant: &context.tenant,
        user: &context.user,
        client: context.client.as_ref().map(|record| &record.client),
        organization: context.organization.as_ref().map(|record| &record.organization),
        language: draft.about.language.as_deref(),
    };
    variables(&subject, more)
}

/// The tenant's words where it has any that can be rendered, else ours.
async fn content(draft: &Draft, context: &Context) -> Result<Content, AppError> {
    let letter = built_in(draft, context);
    let (html, text) = letter.render(&context.look)?;
    let built_in = Content { subject: letter.subject, html, text, from: None };
    let Some(template) = &draft.template else { return Ok(built_in) };
    let variables = all_variables(draft, context);
    let part = async |source: Option<&str>, place| match source.filter(|source| !source.trim().is_empty()) {
        Some(source) => render(source.to_owned(), place, variables.clone()).await.map(Some),
        None => Ok(None),
    };
    let own = async {
        let html = part(template.body.as_deref(), Place::Html).await?;
        let subject = part(template.subject.as_deref(), Place::Text).await?;
        let from = part(template.from.as_deref(), Place::Text).await?;
        Ok::<_, TemplateError>((html, subject, from))
    };
    let (html, subject, from) = match own.await {
        Ok(own) => own,
        Err(cause) => {
            // Who has forgotten a password must not pay for it.
            tracing::warn!(tenant = context.tenant.id.as_str(), template = draft.name, %cause, "the built-in mail is sent");
            return Ok(built_in);
        }
    };
    let (html, text) = match html {
        Some(html) => {
            let text = plain_text(&html);
            (html, text)
        }
        None => (built_in.html, built_in.text),
    };
    // Headers are one line, whatever a profile holds.
    let subject = subject.map(|subject| one_line(&subject)).filter(|subject| !subject.is_empty());
    let subject = subject.unwrap_or(built_in.subject).chars().take(LONGEST_SUBJECT).collect();
    Ok(Content { subject, html, text, from: from.map(|from| one_line(&from)).filter(|from| super::is_sender(from)) })
}

fn built_in(draft: &Draft, context: &Context) -> Letter {
    let Context { look, link, user, client, .. } = context;
    let (email, lifetime) = (user.email.as_deref().unwrap_or_default(), draft.lifetime());
    match draft.name {
        "blocked_account" => Letter::blocked_account(look, link, draft.ip, lifetime),
        "reset_email" => Letter::password_reset(look, link, lifetime),
        "welcome_email" => Letter::welcome(look, client.as_ref().map(|record| record.client.name.as_str())),
        _ => Letter::verification(look, email, link, lifetime),
    }
}

async fn rendered_line(source: &str, variables: &Value) -> Result<String, TemplateError> {
    Ok(one_line(&render(source.to_owned(), Place::Text, variables.clone()).await?))
}
