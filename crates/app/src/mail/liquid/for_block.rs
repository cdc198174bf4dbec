//! `{% for item in list %}…{% endfor %}`: over lists that are there, without ranges, and with all rounds of a rendering
//! counted together.

use std::io::Write;

use liquid_core::model::KString;
use liquid_core::parser::{BlockReflection, Language, ParseBlock, TagBlock, TagTokenIter};
use liquid_core::runtime::StackFrame;
use liquid_core::{Expression, Object, Renderable, Result, Runtime, Template, Value, ValueView as _};

use super::{Lenient, scope, step};

/// Reads the block.
#[derive(Clone, Copy, Debug)]
pub(super) struct ForBlock;

impl BlockReflection for ForBlock {
    fn start_tag(&self) -> &'static str {
        "for"
    }

    fn end_tag(&self) -> &'static str {
        "endfor"
    }

    fn description(&self) -> &'static str {
        "Repeats its content for each item of a list."
    }
}

impl ParseBlock for ForBlock {
    fn parse(
        &self,
        mut arguments: TagTokenIter<'_>,
        mut block: TagBlock<'_, '_>,
        language: &Language,
    ) -> Result<Box<dyn Renderable>> {
        let name = arguments.expect_next("a name is missing")?.expect_identifier().into_result()?.to_owned();
        arguments.expect_next("\"in\" is missing")?.expect_str("in").into_result_custom_msg("\"in\" is missing")?;
        let list = arguments.expect_next("a list is missing")?.expect_value().into_result()?;
        arguments.expect_nothing()?;
        let content = Template::new(block.parse_all(language)?);
        block.assert_empty();
        Ok(Box::new(For { name: name.into(), list, content }))
    }

    fn reflection(&self) -> &dyn BlockReflection {
        self
    }
}

#[derive(Debug)]
struct For {
    name: KString,
    list: Expression,
    content: Template,
}

impl Renderable for For {
    fn render_to(&self, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        let list = self.list.evaluate(runtime)?;
        // What is no list has no items.
        let Some(list) = list.as_array() else { return Ok(()) };
        let length = list.size();
        for (index, item) in (0..).zip(list.values()) {
            step(runtime)?;
            let mut position = Object::new();
            position.insert("index".into(), Value::scalar(index + 1));
            position.insert("index0".into(), Value::scalar(index));
            position.insert("first".into(), Value::scalar(index == 0));
            position.insert("last".into(), Value::scalar(index + 1 == length));
            position.insert("length".into(), Value::scalar(length));
            let variables = scope([("forloop", Value::Object(position))], (&self.name, item.to_value()));
            self.content.render_to(writer, &Lenient(StackFrame::new(runtime, &variables)))?;
        }
        Ok(())
    }
}
