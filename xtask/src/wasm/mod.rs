//! Programs for the browser, after the compiler and wasm-bindgen are done with them: made small, parted into what a
//! first load runs and the rest, or made to tell which functions run. Bytes in, bytes out; what becomes of them in the
//! bundle is `programs`' matter.

mod names;
mod read;
mod split;
mod watch;

pub(crate) use names::{Kept, keys};
pub(crate) use split::Parts;
pub(crate) use watch::watched;

use anyhow::{Result, anyhow};
use std::{collections::BTreeMap, convert::Infallible};
use wasm_encoder::{
    ExportSection,
    reencode::{Error, Reencode},
};
use wasmparser::{CustomSectionReader, Export, Parser};

/// Parts a program: what `kept` names, and what is as small as the stand-in for it would be, stays in the first part.
///
/// # Errors
/// When it is no program of ours.
pub(crate) fn split(bytes: &[u8], kept: &Kept) -> Result<Parts> {
    let module = read::Module::read(bytes)?;
    let mut stays = names::stays(&module, kept);
    let tiny = module.defined().filter(|(_, body)| body.as_bytes().len() <= STAND_IN_BYTES);
    stays.extend(tiny.map(|(function, _)| function));
    split::split(&module, &stays)
}

/// What a stand-in takes in the code of the first part, about.
const STAND_IN_BYTES: usize = 12;

/// The program without the names of its functions and whatever else does not run.
///
/// # Errors
/// When it is no program.
pub(crate) fn stripped(bytes: &[u8]) -> Result<Vec<u8>> {
    reencoded(bytes, &mut Stripper)
}

/// The program with other names for some of what it exports.
///
/// # Errors
/// When it is no program.
pub(crate) fn renamed(bytes: &[u8], names: &BTreeMap<String, String>) -> Result<Vec<u8>> {
    reencoded(bytes, &mut Renamer(names))
}

/// The program as it comes out of an encoder that changes something on the way.
fn reencoded(bytes: &[u8], encoder: &mut impl Reencode<Error = Infallible>) -> Result<Vec<u8>> {
    let mut output = wasm_encoder::Module::new();
    let parsed = encoder.parse_core_module(&mut output, Parser::new(0), bytes);
    parsed.map_err(|error| anyhow!("cannot read the program: {error}"))?;
    Ok(output.finish())
}

struct Renamer<'a>(&'a BTreeMap<String, String>);

impl Reencode for Renamer<'_> {
    type Error = Infallible;

    fn parse_export(&mut self, exports: &mut ExportSection, export: Export<'_>) -> Result<(), Error> {
        let name = self.0.get(export.name).map_or(export.name, String::as_str);
        exports.export(name, self.export_kind(export.kind)?, self.external_index(export.kind, export.index)?);
        Ok(())
    }
}

struct Stripper;

impl Reencode for Stripper {
    type Error = Infallible;

    fn parse_custom_section(
        &mut self,
        _: &mut wasm_encoder::Module,
        _: CustomSectionReader<'_>,
    ) -> Result<(), Error> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{
        CodeSection, ConstExpr, ElementSection, Elements, ExportKind, ExportSection, Function,
        FunctionSection, GlobalSection, GlobalType, ImportSection, Instruction, MemorySection, MemoryType,
        NameMap, NameSection, RefType, TableSection, TableType, TypeSection, ValType,
    };

    /// Two imported functions, and five: `main` calls `cold` and `hot`; `cold` calls `deep` and is exported; `deep` calls
    /// an imported one and `hot`; `pointed` lies in the table, twice.
    fn program() -> Vec<u8> {
        let mut module = wasm_encoder::Module::new();
        let mut types = TypeSection::new();
        types.ty().function([], []);
        types.ty().function([ValType::I32], [ValType::I32]);
        let mut imports = ImportSection::new();
        imports.import("page", "log", wasm_encoder::EntityType::Function(0));
        imports.import("page", "unused", wasm_encoder::EntityType::Function(0));
        let mut functions = FunctionSection::new();
        [0, 1, 1, 1, 0].into_iter().for_each(|kind| {
            functions.function(kind);
        });
        let mut tables = TableSection::new();
        let (minimum, maximum) = (3, Some(3));
        tables.table(TableType {
            element_type: RefType::FUNCREF,
            table64: false,
            minimum,
            maximum,
            shared: false,
        });
        let mut memories = MemorySection::new();
        memories.memory(MemoryType {
            minimum: 1,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        let mut globals = GlobalSection::new();
        let global = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
        globals.global(global, &ConstExpr::i32_const(7));
        let mut exports = ExportSection::new();
        exports.export("main", ExportKind::Func, 2).export("cold", ExportKind::Func, 4);
        let mut elements = ElementSection::new();
        elements.active(None, &ConstExpr::i32_const(1), Elements::Functions((&[6, 6]).into()));
        let padding = |count| std::iter::repeat_n(Instruction::Nop, count);
        let mut code = CodeSection::new();
        for body in [
            vec![Instruction::I32Const(1), Instruction::Call(4), Instruction::Call(3), Instruction::Drop],
            vec![Instruction::LocalGet(0)],
            vec![Instruction::LocalGet(0), Instruction::Call(5)],
            vec![Instruction::Call(0), Instruction::GlobalGet(0), Instruction::Call(3)],
            vec![Instruction::I32Const(9), Instruction::GlobalSet(0)],
        ] {
            let mut function = Function::new([]);
            padding(STAND_IN_BYTES).chain(body).chain([Instruction::End]).for_each(|it| {
                function.instruction(&it);
            });
            code.function(&function);
        }
        let mut names = NameMap::new();
        for (index, name) in (2..).zip(["main", "hot", "cold", "deep", "pointed"]) {
            names.append(index, name);
        }
        let mut section = NameSection::new();
        section.functions(&names);
        module.section(&types).section(&imports).section(&functions).section(&tables).section(&memories);
        module.section(&globals).section(&exports).section(&elements).section(&code).section(&section);
        module.finish()
    }

    fn kept(names: &[&str]) -> Kept {
        let bytes = program();
        let module = read::Module::read(&bytes).unwrap();
        let indices = module.names.iter().filter(|(_, name)| names.contains(name)).map(|(index, _)| *index);
        let mut kept = Kept::default();
        kept.extend(keys(&bytes, indices).unwrap());
        kept
    }

    fn is_valid(bytes: &[u8]) {
        wasmparser::Validator::new().validate_all(bytes).unwrap();
    }

    #[test]
    fn both_parts_are_programs_and_each_has_its_functions() {
        let parts = split(&program(), &kept(&["main", "hot"])).unwrap();
        is_valid(&parts.first);
        is_valid(&parts.rest);
        let first = read::Module::read(&parts.first).unwrap();
        // Those that stay, a stand-in for `cold` and one for `pointed`, and the way in to `cold`.
        assert_eq!(first.bodies.len(), 5);
        assert_eq!(first.tables[0].ty.initial, 4, "`cold` got a slot");
        let exports: Vec<&str> = first.exports.iter().map(|export| export.name).collect();
        assert_eq!(exports, ["main", "cold", "m0", "t0", "g0", "f3"]);
        assert_eq!(first.imports.len(), 1, "nothing that stays calls the browser");
        let imports = |module: &wasmparser::Import<'_>| (module.module.to_owned(), module.name.to_owned());
        assert_eq!(
            first.imports.last().map(imports),
            Some((split::LOAD.0.to_owned(), split::LOAD.1.to_owned()))
        );
    }

    #[test]
    fn what_everything_stays_of_has_nothing_left() {
        let parts = split(&program(), &kept(&["main", "hot", "cold", "deep", "pointed"])).unwrap();
        is_valid(&parts.first);
        is_valid(&parts.rest);
        assert_eq!(read::Module::read(&parts.first).unwrap().bodies.len(), 5);
    }

    #[test]
    fn a_stripped_program_does_the_same_without_names() {
        let stripped = stripped(&program()).unwrap();
        is_valid(&stripped);
        assert!(stripped.len() < program().len());
        assert!(keys(&stripped, [2]).unwrap().is_empty());
    }

    #[test]
    fn what_is_exported_can_be_called_otherwise() {
        let names = BTreeMap::from([("cold".to_owned(), "c".to_owned())]);
        let renamed = renamed(&program(), &names).unwrap();
        is_valid(&renamed);
        let module = read::Module::read(&renamed).unwrap();
        assert_eq!(module.exports.iter().map(|export| export.name).collect::<Vec<_>>(), ["main", "c"]);
    }

    #[test]
    fn every_function_of_a_watched_program_tells() {
        let watched = watched(&program()).unwrap();
        is_valid(&watched);
        let module = read::Module::read(&watched).unwrap();
        assert_eq!((module.imports.len(), module.bodies.len()), (3, 5));
    }

    #[test]
    fn what_is_no_program_is_refused() {
        assert!(split(b"no program", &Kept::default()).is_err());
        assert!(watched(b"").is_err());
    }
}
