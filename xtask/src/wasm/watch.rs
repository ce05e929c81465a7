//! A program that tells which of its functions run: each says its index to the page before it does anything else. That
//! is how a first load is found out, and never part of a bundle.

use super::read::Module;
use anyhow::Result;
use wasm_encoder::{
    CodeSection, EntityType, ImportSection, Instruction, TypeSection, ValType,
    reencode::{Error, Reencode, utils},
};
use wasmparser::{FunctionBody, ImportSectionReader, TypeSectionReader};

/// What the page gives: a function that takes an index.
const IMPORT: (&str, &str) = ("watch", "runs");

/// The program, with every function telling.
///
/// # Errors
/// When it is none of ours.
pub(crate) fn watched(bytes: &[u8]) -> Result<Vec<u8>> {
    let module = Module::read(bytes)?;
    let mut watcher = Watcher {
        imported: module.imported(),
        kind: u32::try_from(module.types.len())?,
        next: module.imported(),
    };
    super::reencoded(bytes, &mut watcher)
}

struct Watcher {
    imported: u32,
    /// The type of the page's function.
    kind: u32,
    /// The function that comes next, as the program itself counts.
    next: u32,
}

impl Reencode for Watcher {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error> {
        Ok(function + u32::from(function >= self.imported))
    }

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: TypeSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_type_section(self, types, section)?;
        types.ty().function([ValType::I32], []);
        Ok(())
    }

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: ImportSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_import_section(self, imports, section)?;
        imports.import(IMPORT.0, IMPORT.1, EntityType::Function(self.kind));
        Ok(())
    }

    fn parse_function_body(&mut self, code: &mut CodeSection, body: FunctionBody<'_>) -> Result<(), Error> {
        let mut function = self.new_function_with_parsed_locals(&body)?;
        function.instruction(&Instruction::I32Const(self.next as i32));
        function.instruction(&Instruction::Call(self.imported));
        self.next += 1;
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            function.instruction(&self.parse_instruction(&mut operators)?);
        }
        code.function(&function);
        Ok(())
    }
}
