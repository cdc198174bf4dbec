//! Pages that only say how something ended: a title and a sentence, which the prompt of each has under a screen of its own.
//! Those after which a user can go on have the way to the application below.

use keywright_web::page::{LinkUrl, Sample};

/// Declares pages of a title and a sentence: their name, and the function that has their texts.
macro_rules! result_pages {
    ($($(#[$doc:meta])* $page:ident is $name:literal with $texts:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, askama::Template)]
        #[template(path = "result.html")]
        pub(crate) struct $page {
            pub(crate) shell: keywright_web::page::Shell,
        }

        impl $page {
            fn texts(&self) -> &$crate::texts::ResultTexts {
                $crate::texts::$texts(&self.shell)
            }

            fn text(&self, template: &str) -> String {
                keywright_web::page::fill(template, &[("companyName", &self.shell.branding.company)])
            }
        }

        impl keywright_web::page::Page for $page {
            const NAME: &'static str = $name;
            const FORMS: keywright_web::page::Forms = keywright_web::page::Forms::None;

            fn shell(&self) -> &keywright_web::page::Shell {
                &self.shell
            }

            fn samples(sample: &keywright_web::page::Sample) -> Vec<(&'static str, Self)> {
                vec![("plain", Self { shell: sample.shell.clone() })]
            }
        }
    )+};
}

/// The same for pages from which a user can go on to the application, where there is one.
macro_rules! continued_pages {
    ($($(#[$doc:meta])* $page:ident is $name:literal with $texts:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, askama::Template)]
        #[template(path = "continued.html")]
        pub(crate) struct $page {
            pub(crate) shell: keywright_web::page::Shell,
            pub(crate) continuation: Option<$crate::pages::Continuation>,
        }

        impl $page {
            fn texts(&self) -> &$crate::texts::ContinuedTexts {
                $crate::texts::$texts(&self.shell)
            }

            fn text(&self, template: &str) -> String {
                let client = self.continuation.as_ref().map_or("", |next| next.name.as_str());
                let values = [("clientName", client), ("companyName", &self.shell.branding.company)];
                keywright_web::page::fill(template, &values)
            }
        }

        impl keywright_web::page::Page for $page {
            const NAME: &'static str = $name;
            const FORMS: keywright_web::page::Forms = keywright_web::page::Forms::None;

            fn shell(&self) -> &keywright_web::page::Shell {
                &self.shell
            }

            fn samples(sample: &keywright_web::page::Sample) -> Vec<(&'static str, Self)> {
                let plain = Self { shell: sample.shell.clone(), continuation: None };
                let next = $crate::pages::Continuation::sample(sample);
                vec![("application", Self { continuation: next, ..plain.clone() }), ("plain", plain)]
            }
        }
    )+};
}

pub(super) use {continued_pages, result_pages};

/// Where a user may go on.
#[derive(Clone, Debug)]
pub(crate) struct Continuation {
    /// Name of the application.
    pub(crate) name: String,
    /// Where a login to it begins.
    pub(crate) address: LinkUrl,
}

impl Continuation {
    /// One with everything.
    pub(crate) fn sample(sample: &Sample) -> Option<Self> {
        let address = sample.link("https://calendar.example/login")?;
        Some(Self { name: sample.text("A calendar with quite a long name"), address })
    }
}
