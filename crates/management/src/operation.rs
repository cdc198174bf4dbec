//! One operation of the API, said once: the router, the OpenAPI document, the reference and the tests of authorization are
//! made from it.

use std::pin::Pin;
use std::sync::Arc;

use http::{Method, StatusCode};

use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::query::Parameter;
use crate::schema::Schema;

/// Where the API begins; the paths of operations are below it.
pub(crate) const BASE: &str = "/api/v2";

/// What a handler answers.
pub(crate) type Outcome = Result<Reply, ApiError>;

type Future = Pin<Box<dyn std::future::Future<Output = Outcome> + Send>>;

/// What answers an operation. Everything that the table says has been checked before.
pub(crate) type Handler = Arc<dyn Fn(Call) -> Future + Send + Sync>;

/// One operation.
#[derive(Clone)]
pub(crate) struct Operation {
    pub(crate) method: Method,
    /// Below [`BASE`], with names of parameters in braces: `/clients/{id}`.
    pub(crate) path: &'static str,
    /// One line, also the description of its entries in the tenant log.
    pub(crate) summary: &'static str,
    /// The token needs one of these.
    pub(crate) scopes: &'static [&'static str],
    /// The token needs one of these as well; empty for no more.
    pub(crate) further_scopes: &'static [&'static str],
    /// With one of these a user's token is enough, when the path names that user (§1.3).
    pub(crate) own_scopes: &'static [&'static str],
    /// Members of the body without scopes of their own need one of these; empty for no more than the operation.
    pub(crate) member_scopes: &'static [&'static str],
    pub(crate) query: Vec<Parameter>,
    pub(crate) body: Option<Schema>,
    /// Whether a request without a body is refused.
    pub(crate) body_required: bool,
    /// The part with a file, for operations whose body is `multipart/form-data`; the other parts are those of `body`.
    pub(crate) file: Option<&'static str>,
    pub(crate) success: StatusCode,
    /// The body of the answer; `None` for an empty one.
    pub(crate) answer: Option<Schema>,
    pub(crate) handler: Handler,
}

impl Operation {
    fn new(method: Method, path: &'static str, summary: &'static str) -> Self {
        Self {
            method,
            path,
            summary,
            scopes: &[],
            further_scopes: &[],
            own_scopes: &[],
            member_scopes: &[],
            query: Vec::new(),
            body: None,
            body_required: false,
            file: None,
            success: StatusCode::OK,
            answer: None,
            // An operation without a handler answers as if it were not there.
            handler: Arc::new(|_| Box::pin(async { Err(ApiError::unknown_path()) })),
        }
    }

    pub(crate) fn get(path: &'static str, summary: &'static str) -> Self {
        Self::new(Method::GET, path, summary)
    }

    pub(crate) fn post(path: &'static str, summary: &'static str) -> Self {
        Self { success: StatusCode::CREATED, ..Self::new(Method::POST, path, summary) }
    }

    pub(crate) fn patch(path: &'static str, summary: &'static str) -> Self {
        Self::new(Method::PATCH, path, summary)
    }

    pub(crate) fn put(path: &'static str, summary: &'static str) -> Self {
        Self::new(Method::PUT, path, summary)
    }

    pub(crate) fn delete(path: &'static str, summary: &'static str) -> Self {
        Self { success: StatusCode::NO_CONTENT, ..Self::new(Method::DELETE, path, summary) }
    }

    /// The token needs one of these scopes.
    pub(crate) fn scopes(self, scopes: &'static [&'static str]) -> Self {
        Self { scopes, ..self }
    }

    /// The token needs one of these scopes too.
    pub(crate) fn and_scopes(self, further_scopes: &'static [&'static str]) -> Self {
        Self { further_scopes, ..self }
    }

    /// A user's own token with one of these scopes is enough for what the path says of that user.
    pub(crate) fn own_scopes(self, own_scopes: &'static [&'static str]) -> Self {
        Self { own_scopes, ..self }
    }

    /// Members of the body without scopes of their own need one of these (TN-03).
    pub(crate) fn member_scopes(self, member_scopes: &'static [&'static str]) -> Self {
        Self { member_scopes, ..self }
    }

    /// Adds parameters of the query.
    pub(crate) fn query(mut self, parameters: impl IntoIterator<Item = Parameter>) -> Self {
        self.query.extend(parameters);
        self
    }

    /// The body, which has to be there.
    pub(crate) fn body(self, schema: Schema) -> Self {
        Self { body: Some(schema), body_required: true, ..self }
    }

    /// The body is a form with this file.
    pub(crate) fn with_file(self, part: &'static str) -> Self {
        Self { file: Some(part), ..self }
    }

    /// The body, which may be left out.
    pub(crate) fn optional_body(self, schema: Schema) -> Self {
        Self { body: Some(schema), body_required: false, ..self }
    }

    /// The answer.
    pub(crate) fn answers(self, schema: Schema) -> Self {
        Self { answer: Some(schema), ..self }
    }

    /// Another status of success than the method's usual one.
    pub(crate) fn status(self, success: StatusCode) -> Self {
        Self { success, ..self }
    }

    /// The function that answers.
    pub(crate) fn handled_by<H, F>(self, handler: H) -> Self
    where
        H: Fn(Call) -> F + Send + Sync + 'static,
        F: std::future::Future<Output = Outcome> + Send + 'static,
    {
        Self { handler: Arc::new(move |call| Box::pin(handler(call))), ..self }
    }

    /// Names of the parameters in the path, in their order.
    pub(crate) fn path_parameters(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }

    /// Whether it changes anything.
    pub(crate) fn changes(&self) -> bool {
        self.method != Method::GET
    }
}

/// What belongs together: a part of the reference.
pub(crate) struct Resource {
    /// Name in paths and of its page in the reference: `clients`.
    pub(crate) name: &'static str,
    /// Heading of its page.
    pub(crate) title: &'static str,
    /// What it is, and what of it has an effect: Markdown, for the reference.
    pub(crate) about: &'static str,
    /// Its operations, in the order of the reference.
    pub(crate) operations: Vec<Operation>,
}
