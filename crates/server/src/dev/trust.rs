//! How each ecosystem is told to trust the development certificate authority.
//!
//! A table, shown by `keywright dev ca` and kept the same as `docs/guides/trust-the-development-ca.md` by a test.

/// What to do for one ecosystem. `{ca}` stands for the path of the certificate.
pub(crate) struct Instruction {
    /// Who it is for.
    pub(crate) ecosystem: &'static str,
    /// The lines to run or to write.
    pub(crate) lines: &'static [&'static str],
}

/// In the order in which developers need them: for one process first, for the whole machine last.
pub(crate) const INSTRUCTIONS: &[Instruction] = &[
    Instruction { ecosystem: "curl", lines: &["export CURL_CA_BUNDLE=\"{ca}\""] },
    Instruction { ecosystem: "Node.js", lines: &["export NODE_EXTRA_CA_CERTS=\"{ca}\""] },
    Instruction {
        ecosystem: "Python: requests, Authlib, auth0-python",
        lines: &["export REQUESTS_CA_BUNDLE=\"{ca}\""],
    },
    Instruction {
        ecosystem: "Python: httpx and ssl, Ruby, PHP, Go on Linux",
        lines: &["export SSL_CERT_FILE=\"{ca}\""],
    },
    Instruction {
        ecosystem: "Rust: reqwest",
        lines: &["Client::builder().add_root_certificate(Certificate::from_pem(&std::fs::read(\"{ca}\")?)?)"],
    },
    Instruction {
        ecosystem: "Go",
        lines: &[
            "pem, _ := os.ReadFile(\"{ca}\"); roots, _ := x509.SystemCertPool(); roots.AppendCertsFromPEM(pem)",
            "client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}",
        ],
    },
    Instruction {
        ecosystem: "Java",
        lines: &["keytool -importcert -cacerts -noprompt -storepass changeit -alias keywright-dev -file \"{ca}\""],
    },
    Instruction {
        ecosystem: ".NET",
        lines: &["uses the system's store: see your system below; on Linux also: export SSL_CERT_FILE=\"{ca}\""],
    },
    Instruction {
        ecosystem: "Debian, Ubuntu",
        lines: &["sudo cp \"{ca}\" /usr/local/share/ca-certificates/keywright-dev.crt && sudo update-ca-certificates"],
    },
    Instruction {
        ecosystem: "Fedora, RHEL",
        lines: &["sudo cp \"{ca}\" /etc/pki/ca-trust/source/anchors/keywright-dev.pem && sudo update-ca-trust"],
    },
    Instruction {
        ecosystem: "macOS (Safari and Chrome too)",
        lines: &["security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db \"{ca}\""],
    },
    Instruction { ecosystem: "Windows (Edge and Chrome too)", lines: &["certutil -user -addstore Root \"{ca}\""] },
    Instruction {
        ecosystem: "Chrome and Chromium on Linux (libnss3-tools)",
        lines: &["certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n keywright-dev -i \"{ca}\""],
    },
    Instruction {
        ecosystem: "Firefox",
        lines: &["Settings, Privacy & Security, Certificates, View Certificates, Authorities, Import: {ca}"],
    },
];

/// What `keywright dev ca` prints.
pub(crate) fn text(certificate: &str) -> String {
    let mut text = format!("The certificate authority of this data directory is\n\n    {certificate}\n\nTrust it:\n");
    for instruction in INSTRUCTIONS {
        let lines = instruction.lines.join("\n    ").replace("{ca}", certificate);
        text = format!("{text}\n{}\n    {lines}\n", instruction.ecosystem);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instruction_names_the_certificate() {
        for instruction in INSTRUCTIONS {
            assert!(instruction.lines.iter().any(|line| line.contains("{ca}")), "{}", instruction.ecosystem);
        }
        let text = text("/data/ca.pem");
        assert!(text.contains("export NODE_EXTRA_CA_CERTS=\"/data/ca.pem\"") && !text.contains("{ca}"), "{text}");
    }

    /// The guide shows the same lines, with the default data directory.
    #[test]
    fn the_guide_says_the_same() {
        let guide = include_str!("../../../../docs/guides/trust-the-development-ca.md");
        for instruction in INSTRUCTIONS {
            assert!(guide.contains(&format!("### {}\n", instruction.ecosystem)), "{}", instruction.ecosystem);
            for line in instruction.lines {
                let line = line.replace("{ca}", ".keywright/ca.pem");
                assert!(guide.contains(&format!("{line}\n")), "{line}");
            }
        }
    }
}
