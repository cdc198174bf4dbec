//! The operations of the API inside of this process, for the command line: the same table, the same checks after the token,
//! the same entries in the tenant log. In the place of the token stands whoever may open the database.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Path;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use keywright_app::{App, AppError, Caller};
use keywright_types::{ScopeSet, Tenant};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::authentication::{Bearer, Principal};
use crate::error::ApiError;
use crate::operation::{BASE, Operation};
use crate::resources::{self, UserImport};
use crate::routes::{self, Incoming};
use crate::schema::Schema;
use crate::scopes::SCOPES;

/// What the tenant log says of who made a change.
const SUBJECT: &str = "keywright command line";

/// Administers one tenant.
pub struct Administration {
    app: App,
    tenant: Arc<Tenant>,
    operations: Vec<Operation>,
}

/// What an operation answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Administered {
    /// Status of the answer.
    pub status: StatusCode,
    /// Its body; `Null` where there is none.
    pub body: Value,
}

impl Administered {
    /// Whether it was done.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// Why it was refused.
    #[must_use]
    pub fn refusal(&self) -> &str {
        self.body.get("message").and_then(Value::as_str).unwrap_or_default()
    }
}

impl Administration {
    /// Administers this tenant. Background jobs of this surface are done where `App::run_due_jobs` is called.
    #[must_use]
    pub fn new(app: &App, tenant: Arc<Tenant>) -> Self {
        routes::handle_jobs(app);
        let operations = resources::all().into_iter().flat_map(|resource| resource.operations).collect();
        Self { app: app.clone(), tenant, operations }
    }

    /// Whether this version has an operation: `offers(&Method::GET, "/clients/{id}")`, or with what stands for `{id}`.
    #[must_use]
    pub fn offers(&self, method: &Method, path: &str) -> bool {
        self.operation(method, path).is_some()
    }

    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    pub(crate) fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// Members of the body of an operation, in the order of its description; `None` where there is no such operation, and none
    /// where its body has no description by members.
    #[must_use]
    pub fn members(&self, method: &Method, path: &str) -> Option<Vec<&'static str>> {
        let (operation, _) = self.operation(method, path)?;
        let members = operation.body.as_ref().map(Schema::members).unwrap_or_default();
        Some(members.iter().map(|member| member.name).collect())
    }

    /// Calls an operation: `call(&Method::PATCH, "/clients/abc", None, Some(&body))`. Parameters of the path are
    /// percent-encoded.
    ///
    /// # Errors
    /// When it is not the caller's fault: the database, or a defect. What is refused is an answer.
    pub async fn call(
        &self,
        method: &Method,
        path: &str,
        query: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Administered, AppError> {
        let Some((operation, parameters)) = self.operation(method, path) else {
            return answered(&ApiError::unknown_path());
        };
        let incoming = self.incoming(path, query, parameters)?;
        match incoming.run_for(operation, &bearer(), sent(body)).await {
            Ok(reply) => {
                let status = reply.status.unwrap_or(operation.success);
                Ok(Administered { status, body: reply.body.unwrap_or_default() })
            }
            Err(error) => answered(&error),
        }
    }

    /// What an operation would say of this request before it looks at the database; nothing is changed.
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    pub async fn check(&self, method: &Method, path: &str, body: Option<&Value>) -> Result<Administered, AppError> {
        let Some((operation, parameters)) = self.operation(method, path) else {
            return answered(&ApiError::unknown_path());
        };
        let incoming = self.incoming(path, None, parameters)?;
        match incoming.check(operation, &bearer(), sent(body)).await {
            Ok(()) => Ok(Administered { status: operation.success, body: Value::Null }),
            Err(error) => answered(&error),
        }
    }

    /// An import of users into the database connection of this name; `None` when there is none.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn user_import(&self, connection: &str, upsert: bool) -> Result<Option<UserImport>, AppError> {
        UserImport::into_connection(&self.app, &self.tenant, connection, upsert).await
    }

    fn incoming(
        &self,
        path: &str,
        query: Option<&str>,
        parameters: Vec<(String, String)>,
    ) -> Result<Incoming, AppError> {
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let uri: Uri = format!("{BASE}{path}{query}").parse().map_err(AppError::internal)?;
        let json = HeaderValue::from_static("application/json");
        Ok(Incoming {
            app: self.app.clone(),
            tenant: self.tenant.clone(),
            caller: Caller { hostname: self.tenant.domain.clone(), ..Caller::default() },
            path: Ok(Path(parameters)),
            uri,
            headers: HeaderMap::from_iter([(header::CONTENT_TYPE, json)]),
        })
    }

    /// The operation of a path, and the parameters that stand in it. A name goes before a parameter.
    fn operation(&self, method: &Method, path: &str) -> Option<(&Operation, Vec<(String, String)>)> {
        let found = self.operations.iter().filter(|operation| operation.method == *method);
        let matching = found.filter_map(|operation| Some((operation, parameters(operation.path, path)?)));
        matching.min_by_key(|(_, parameters)| parameters.len())
    }
}

/// §1.1: "Decode after routing, never before".
fn parameters(pattern: &str, path: &str) -> Option<Vec<(String, String)>> {
    let (pattern, path): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    if pattern.len() != path.len() {
        return None;
    }
    let mut found = Vec::new();
    for (expected, part) in pattern.into_iter().zip(path) {
        match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(_) if part.is_empty() => return None,
            Some(name) => {
                found.push((name.to_owned(), percent_decode_str(part).decode_utf8().ok()?.into_owned()));
            }
            None if expected == part => {}
            None => return None,
        }
    }
    Some(found)
}

fn bearer() -> Bearer {
    Bearer {
        subject: SUBJECT.to_owned(),
        client_id: String::new(),
        scopes: ScopeSet::parse(&SCOPES.join(" ")),
        is_user: false,
        principal: Principal::CommandLine,
    }
}

fn sent(body: Option<&Value>) -> Body {
    body.map_or_else(Body::empty, |body| Body::from(body.to_string()))
}

/// An error of the server is no answer to somebody who is the server.
fn answered(error: &ApiError) -> Result<Administered, AppError> {
    if error.status().is_server_error() {
        return Err(AppError::internal(error.full_cause()));
    }
    Ok(Administered { status: error.status(), body: error.body() })
}

#[cfg(test)]
mod tests {
    use super::parameters;

    #[test]
    fn parameters_are_decoded_after_the_path_is_split() {
        let found = |pattern, path| parameters(pattern, path);
        assert_eq!(found("/clients", "/clients"), Some(Vec::new()));
        assert_eq!(found("/clients/{id}", "/clients/a%2Fb"), Some(vec![("id".to_owned(), "a/b".to_owned())]));
        for (pattern, path) in [("/clients/{id}", "/clients"), ("/clients/{id}", "/clients/"), ("/a/{id}", "/b/c")] {
            assert_eq!(found(pattern, path), None, "{pattern} {path}");
        }
    }
}
