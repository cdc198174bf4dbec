//! Tokens in the authorization response itself: implicit and hybrid flow (§1.4; OpenID Connect Core §3.2.2.5, §3.3.2.5).

use keywright_app::{AppError, Session, TokenChanges};
use keywright_types::{ScopeSet, Timestamp, User};

use super::call::Call;
use super::checks::CheckedRequest;
use super::respond::Parameter;
use super::scopes::without_refresh_token;
use super::session::Visitor;
use crate::issue::{self, Issuer, Subject};

/// What the tokens of one response are made with. Loaded before anything is spent; what can fail has to fail then.
pub(super) struct FrontChannel(Issuer);

impl FrontChannel {
    /// `None` when the response bears no tokens.
    pub(super) async fn load(call: &Call<'_>, checked: &CheckedRequest) -> Result<Option<Self>, AppError> {
        let request = &checked.request;
        if !request.response_type.bears_tokens() {
            return Ok(None);
        }
        let issuer =
            Issuer::for_front_channel(call.app, call.tenant, &checked.client, request.audience.as_deref()).await;
        Ok(Some(Self(issuer.map_err(|error| AppError::internal(format!("{error:?}")))?)))
    }

    /// The parameters of the response. Never a refresh token.
    pub(super) fn parameters(
        &self,
        call: &Call<'_>,
        checked: &CheckedRequest,
        visitor: &Visitor,
        granted: &Granted<'_>,
        code: Option<&str>,
    ) -> Result<Vec<Parameter>, AppError> {
        let request = &checked.request;
        // §4.1: "Never implicit". Only the code of a hybrid response can bring a refresh token.
        let scope = without_refresh_token(granted.scope);
        let subject = Subject {
            user: granted.user,
            session_id: Some(&granted.session.session_id),
            scope: &scope,
            permissions: visitor.permissions.as_ref(),
            nonce: request.nonce.as_deref(),
            auth_time: granted.auth_time,
            claims: request.claims.as_ref(),
            organization: checked.organization.as_ref().map(|record| &record.organization),
            grant: None,
            issued_at: granted.issued_at,
            changes: granted.changes,
        };
        let said = self.0.said_scope(&subject);
        let tokens = issue::for_front_channel(
            call.app,
            call.tenant,
            &checked.client,
            &self.0,
            &subject,
            request.response_type,
            code,
        );
        let tokens = tokens.map_err(|error| AppError::internal(format!("{error:?}")))?;
        let mut parameters: Vec<Parameter> = Vec::new();
        if let Some((access_token, expires_in)) = tokens.access_token {
            parameters.push(("access_token", access_token.into()));
            if !said.is_empty() {
                parameters.push(("scope", said.to_string().into()));
            }
            parameters.push(("expires_in", expires_in.into()));
            parameters.push(("token_type", "Bearer".into()));
        }
        if let Some(id_token) = tokens.id_token {
            parameters.push(("id_token", id_token.into()));
        }
        Ok(parameters)
    }
}

/// Who gets what.
pub(super) struct Granted<'a> {
    pub(super) session: &'a Session,
    pub(super) user: &'a User,
    pub(super) scope: &'a ScopeSet,
    /// Seconds; present when ID tokens have to say it.
    pub(super) auth_time: Option<i64>,
    /// The time of the answer: what is kept of the tokens is found by it.
    pub(super) issued_at: Timestamp,
    /// What scripts changed.
    pub(super) changes: &'a TokenChanges,
}
