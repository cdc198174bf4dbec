//! Files of prompts that lie like no others (`management-api.md` §18.1): partials, each a file with a list that leads to it in
//! folders, and settings of screens, each a file in both layouts.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::files::{self, Folder, failure, file_name};
use super::kind::SCREENS;
use super::reading::json as read_json;
use super::tree::object;
use crate::Failure;

/// Folder of the prompts.
const PROMPTS: &str = "prompts";

/// Settings of screens of `tenant.yaml`: a list of prompts, whose screens lead to files.
pub(super) fn screens(folder: &Folder<'_>, path: &Path, all: &[Value]) -> Result<Vec<Map<String, Value>>, Failure> {
    let mut entries = Vec::new();
    for prompt in all {
        let named = prompt.as_object().into_iter().flat_map(Map::values).filter_map(Value::as_object);
        for address in named.flat_map(Map::values) {
            let address = address.as_str().unwrap_or_default();
            let missing = || failure(&folder.root.join(address), "there is no such file");
            let file = folder.file("", address)?.ok_or_else(missing)?;
            entries.push(object(&file, "the file", read_json(folder, &file)?)?);
        }
        if prompt.as_object().is_none_or(|own| !own.values().all(Value::is_object)) {
            return Err(failure(
                path,
                "an entry of prompts.screenRenderers is not an object of screens with their files",
            ));
        }
    }
    Ok(entries)
}

/// The list of `tenant.yaml`, for screens whose files are written.
pub(super) fn screens_list(names: &[(String, String, String)]) -> Value {
    let mut prompts: Vec<(String, Map<String, Value>)> = Vec::new();
    for (prompt, screen, file) in names {
        let address = Value::from(format!("./{SCREENS}/{file}.json"));
        match prompts.iter_mut().find(|(own, _)| own == prompt) {
            Some((_, screens)) => drop(screens.insert(screen.clone(), address)),
            None => prompts.push((prompt.clone(), Map::from_iter([(screen.clone(), address)]))),
        }
    }
    prompts.into_iter().map(|(prompt, screens)| json!({ prompt: screens })).collect()
}

/// Partials of `partials.json`, whose lists lead to files: `{prompt: [{screen: [{name, template}]}]}`.
pub(super) fn partials(
    folder: &Folder<'_>,
    path: &Path,
    prompts: Map<String, Value>,
) -> Result<Map<String, Value>, Failure> {
    let mut all = Map::new();
    for (prompt, lists) in prompts {
        let mut screens = Map::new();
        let wrong = || failure(path, format!("{prompt} is not a list of screens"));
        for screen in lists.as_array().ok_or_else(wrong)? {
            for (screen, points) in screen.as_object().ok_or_else(wrong)? {
                let mut found = Map::new();
                for point in points.as_array().ok_or_else(wrong)? {
                    let text = |name: &str| point.get(name).and_then(Value::as_str).unwrap_or_default();
                    let missing =
                        || failure(&folder.root.join(PROMPTS).join(text("template")), "there is no such file");
                    let file = folder.file(PROMPTS, text("template"))?.ok_or_else(missing)?;
                    found.insert(text("name").to_owned(), Value::from(folder.text(&file)?.trim()));
                }
                screens.insert(screen.clone(), Value::Object(found));
            }
        }
        all.insert(prompt, Value::Object(screens));
    }
    Ok(all)
}

/// Writes partials as files; `partials.json`, and how many files that are without it.
pub(super) fn write_partials(root: &Path, prompts: &Map<String, Value>) -> Result<(Value, usize), Failure> {
    let (mut all, mut count) = (Map::new(), 0);
    for (prompt, screens) in prompts {
        let mut lists = Map::new();
        for (screen, points) in screens.as_object().into_iter().flatten() {
            let mut found = Vec::new();
            for (point, text) in points.as_object().into_iter().flatten() {
                let names = [prompt, screen, point].map(|name| file_name(name));
                let address = format!("partials/{}.liquid", names.join("/"));
                files::write(root, &format!("{PROMPTS}/{address}"), text.as_str().unwrap_or_default())?;
                found.push(json!({ "name": point, "template": address }));
                count += 1;
            }
            lists.insert(screen.clone(), Value::Array(found));
        }
        all.insert(prompt.clone(), json!([lists]));
    }
    Ok((Value::Object(all), count))
}
