//! What a program is made of, read once: the parts that splitting and watching look at. Nothing is written here.

use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeMap;
use wasmparser::{
    CompositeInnerType, Data, Element, ElementItems, ElementKind, Export, FuncType, FunctionBody, Global,
    Import, KnownCustom, MemoryType, Name, Operator, Parser, Payload, Table, TypeRef,
};

/// A core module as the compiler and wasm-bindgen make them: one memory, functions imported first.
#[derive(Default)]
pub(super) struct Module<'a> {
    pub(super) types: Vec<FuncType>,
    pub(super) imports: Vec<Import<'a>>,
    /// The type of each function, the imported ones first.
    pub(super) functions: Vec<u32>,
    pub(super) tables: Vec<Table<'a>>,
    pub(super) memories: Vec<MemoryType>,
    pub(super) globals: Vec<Global<'a>>,
    pub(super) exports: Vec<Export<'a>>,
    pub(super) start: Option<u32>,
    pub(super) elements: Vec<Element<'a>>,
    pub(super) bodies: Vec<FunctionBody<'a>>,
    pub(super) data_count: Option<u32>,
    pub(super) data: Vec<Data<'a>>,
    /// What the functions are called, where that is known.
    pub(super) names: BTreeMap<u32, &'a str>,
}

/// Functions that stand one after the other in a table.
pub(super) struct Run {
    pub(super) table: u32,
    pub(super) first_slot: u32,
    pub(super) functions: Vec<u32>,
}

impl<'a> Module<'a> {
    /// Reads a module.
    ///
    /// # Errors
    /// When it is none, or has what no program of ours has.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self> {
        let mut module = Self::default();
        for payload in Parser::new(0).parse_all(bytes) {
            module.add(payload?)?;
        }
        ensure!(module.memories.len() == 1, "a program has one memory, this one {}", module.memories.len());
        Ok(module)
    }

    fn add(&mut self, payload: Payload<'a>) -> Result<()> {
        match payload {
            Payload::Version { .. } | Payload::CodeSectionStart { .. } | Payload::End(_) => {}
            Payload::TypeSection(types) => {
                for group in types {
                    for kind in group?.into_types() {
                        match kind.composite_type.inner {
                            CompositeInnerType::Func(it) => self.types.push(it),
                            other => bail!("a type that is not a function's: {other:?}"),
                        }
                    }
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let import = import?;
                    match import.ty {
                        TypeRef::Func(kind) => self.functions.push(kind),
                        other => bail!("it imports something else than a function: {other:?}"),
                    }
                    self.imports.push(import);
                }
            }
            Payload::FunctionSection(functions) => {
                for kind in functions {
                    self.functions.push(kind?);
                }
            }
            Payload::TableSection(tables) => self.tables = tables.into_iter().collect::<Result<_, _>>()?,
            Payload::MemorySection(memories) => {
                self.memories = memories.into_iter().collect::<Result<_, _>>()?;
            }
            Payload::GlobalSection(globals) => {
                self.globals = globals.into_iter().collect::<Result<_, _>>()?
            }
            Payload::ExportSection(exports) => {
                self.exports = exports.into_iter().collect::<Result<_, _>>()?
            }
            Payload::StartSection { func, .. } => self.start = Some(func),
            Payload::ElementSection(elements) => {
                self.elements = elements.into_iter().collect::<Result<_, _>>()?;
            }
            Payload::DataCountSection { count, .. } => self.data_count = Some(count),
            Payload::DataSection(data) => self.data = data.into_iter().collect::<Result<_, _>>()?,
            Payload::CodeSectionEntry(body) => self.bodies.push(body),
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(names) = section.as_known() {
                    for name in names {
                        if let Name::Function(functions) = name? {
                            for function in functions {
                                let function = function?;
                                self.names.insert(function.index, function.name);
                            }
                        }
                    }
                }
            }
            other => bail!("a section that no program has: {other:?}"),
        }
        Ok(())
    }

    /// How many functions are imported: those have no body.
    pub(super) fn imported(&self) -> u32 {
        self.imports.len() as u32
    }

    /// The functions that have a body, and it.
    pub(super) fn defined(&self) -> impl Iterator<Item = (u32, &FunctionBody<'a>)> {
        (self.imported()..).zip(&self.bodies)
    }

    /// The type of a function.
    pub(super) fn type_of(&self, function: u32) -> u32 {
        self.functions[function as usize]
    }

    /// The functions in the tables.
    ///
    /// # Errors
    /// When the tables are filled in another way than at the start, from functions.
    pub(super) fn runs(&self) -> Result<Vec<Run>> {
        self.elements.iter().filter_map(|element| run(element).transpose()).collect()
    }
}

/// `None` for what is only declared.
fn run(element: &Element<'_>) -> Result<Option<Run>> {
    let (table, offset) = match &element.kind {
        ElementKind::Active { table_index, offset_expr } => (table_index.unwrap_or(0), offset_expr),
        ElementKind::Declared => return Ok(None),
        ElementKind::Passive => bail!("a table is filled while the program runs"),
    };
    let first_slot = match offset.get_operators_reader().read()? {
        Operator::I32Const { value } => u32::try_from(value).context("a table's slot")?,
        other => bail!("a table's slot is computed: {other:?}"),
    };
    let functions = match &element.items {
        ElementItems::Functions(functions) => functions.clone().into_iter().collect::<Result<_, _>>()?,
        ElementItems::Expressions(..) => bail!("a table holds computed functions"),
    };
    Ok(Some(Run { table, first_slot, functions }))
}
