//! Rules and Actions in a login at this endpoint (`rules-and-actions.md` §2.4, §2.10, §3.6): whether they are due, running them,
//! and what they changed about the tokens.

use keywright_app::{
    AppError, Facts, Interruption, LoginVerdict, Progress, PromptValue, Protocol, RequestFacts, Return, ScriptRecord,
    ScriptStage, Session, SessionFacts, TokenChanges,
};
use keywright_web::Parameters;
use keywright_web::tenancy::shell;
use serde_json::{Map, Value};

use super::call::Call;
use super::checks::CheckedRequest;
use super::session::Visitor;

/// Parameters that scripts are not told, and that are not kept: they prove who somebody is.
pub(super) const CREDENTIALS: [&str; 4] = ["client_secret", "client_assertion", "password", "id_token_hint"];

/// How the scripts of this login stand.
pub(super) enum Standing<'a> {
    /// There are none.
    None,
    /// They have to run.
    Due,
    /// They sent the user elsewhere.
    Away(&'a Interruption),
    /// They have run.
    Passed(&'a TokenChanges),
}

impl<'a> Standing<'a> {
    /// `scripted`: whether the tenant has any. What was recorded about another user, session or organization says nothing.
    pub(super) fn of(
        scripted: bool,
        progress: &'a Progress,
        session: &Session,
        organization: Option<&str>,
    ) -> Standing<'a> {
        let record = progress.scripts.as_ref().filter(|record| record.is_about(session, organization));
        match record.map(|record| &record.stage) {
            Some(ScriptStage::Passed(changes)) => Standing::Passed(changes),
            // All of them were removed meanwhile.
            _ if !scripted => Standing::None,
            Some(ScriptStage::Away(interruption)) => Standing::Away(interruption),
            None => Standing::Due,
        }
    }

    /// The changes of tokens that may be made now.
    ///
    /// # Errors
    /// When scripts have a say that they have not had: nothing may be issued.
    pub(super) fn changes(self) -> Result<TokenChanges, AppError> {
        match self {
            Self::None => Ok(TokenChanges::default()),
            Self::Passed(changes) => Ok(changes.clone()),
            Self::Due | Self::Away(_) => {
                Err(AppError::internal("an answer before the scripts of the login have ended"))
            }
        }
    }
}

/// The request that scripts are told of at `/authorize`. R §2.4, of devices: "query-string parameters of the request are not
/// available".
fn request_facts(call: &Call<'_>, checked: &CheckedRequest) -> RequestFacts {
    let request = &checked.request;
    let query = if request.device.is_some() { Map::new() } else { members(request.sent.clone()) };
    let language = shell(call.app, call.tenant, request.ui_locales.as_deref()).language.tag().to_owned();
    RequestFacts { method: "GET".to_owned(), query, body: Map::new(), language: Some(language) }
}

/// The request with which the user comes back.
pub(super) fn returning_facts(
    call: &Call<'_>,
    checked: &CheckedRequest,
    query: &Parameters,
    body: &Parameters,
) -> RequestFacts {
    let named = |parameters: &Parameters| members(parameters.pairs());
    RequestFacts {
        method: call.method.to_string(),
        query: named(query),
        body: named(body),
        ..request_facts(call, checked)
    }
}

fn members(pairs: impl IntoIterator<Item = (String, String)>) -> Map<String, Value> {
    pairs.into_iter().map(|(name, value)| (name, Value::String(value))).collect()
}

/// Parameters of a request that are kept for scripts.
pub(super) fn sent(parameters: &Parameters) -> std::collections::BTreeMap<String, String> {
    parameters.pairs().into_iter().filter(|(name, _)| !CREDENTIALS.contains(&name.as_str())).collect()
}

/// Runs the scripts and notes in `progress` what they said; `decide` knows what comes of it.
pub(super) async fn run(
    call: &Call<'_>,
    checked: &CheckedRequest,
    visitor: &Visitor,
    progress: &mut Progress,
    returning: Option<(&RequestFacts, Return<'_>)>,
) -> Result<(), AppError> {
    let Some((session, user)) = &visitor.login else { return Err(AppError::internal("scripts about nobody")) };
    let request = &checked.request;
    let connections = call.app.connections(&call.tenant.id).await?;
    let here = progress.login.as_ref().is_some_and(|login| login.session_id == session.session_id);
    let session_facts = SessionFacts {
        id: session.session_id.clone(),
        authenticated_at: session.authenticated_at,
        reused: !here,
        ends: Some((session.idle_expires_at, session.expires_at)),
    };
    let (own, scope) = (request_facts(call, checked), checked.effective_scopes(visitor));
    let facts = Facts {
        tenant: call.tenant,
        client: &checked.client.client,
        caller: &call.caller,
        user_id: &user.user_id,
        connection: connections.iter().find(|own| own.name == session.connection),
        protocol: Protocol::of(request),
        request: returning.map_or(&own, |(request, _)| request),
        authorization: Some(request),
        audience: request.audience.as_deref(),
        is_system_api: checked.api.as_ref().is_some_and(|record| record.api.is_system),
        scope: &scope,
        organization: checked.organization.as_ref().map(|record| &record.organization),
        session: Some(&session_facts),
        refresh_token: None,
        uncounted: false,
        silent: request.prompts(PromptValue::None),
    };
    let stage = match call.app.run_login_scripts(&facts, returning.map(|(_, back)| back)).await? {
        LoginVerdict::Passed(changes) => ScriptStage::Passed(changes),
        LoginVerdict::Away(interruption) => ScriptStage::Away(interruption),
        LoginVerdict::Denied(denial) => {
            progress.denial = Some(denial);
            return Ok(());
        }
    };
    progress.scripts = Some(ScriptRecord {
        user_id: session.user_id.clone(),
        session_id: session.session_id.clone(),
        organization: request.organization.clone(),
        stage,
    });
    Ok(())
}
