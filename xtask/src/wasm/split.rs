//! A program in two: what a first load runs, and the rest, which the first part fetches when one of the rest's functions
//! is called. Binaryen calls this module splitting; its tool is in no package that can be had everywhere, so it is done
//! here, for modules as wasm-bindgen leaves them.
//!
//! Both parts share memory, tables and globals. A function of the rest that the first part knows of has a slot in the
//! table of functions. The first part calls it through the slot, where at first a stand-in lies, which has the page load
//! the rest, and then calls what lies in the slot by then: the rest, as it starts, puts its own functions there.

use super::read::{Module, Run};
use anyhow::{Context, Result, anyhow, ensure};
use std::collections::{BTreeMap, BTreeSet};
use wasm_encoder::{
    CodeSection, ConstExpr, DataCountSection, DataSection, ElementSection, Elements, EntityType, ExportKind,
    ExportSection, Function, FunctionSection, GlobalSection, ImportSection, Instruction, MemorySection,
    Module as Output, StartSection, TableSection, TypeSection,
    reencode::{self, Reencode},
};
use wasmparser::{ExternalKind, FunctionBody, Operator};

/// What the page gives to the first part: a function that starts the rest, unless it has.
pub(super) const LOAD: (&str, &str) = ("rest", "load");

/// The name under which the rest imports what the first part exports.
pub(super) const FIRST: &str = "first";

/// A program in two.
pub(crate) struct Parts {
    pub(crate) first: Vec<u8>,
    pub(crate) rest: Vec<u8>,
}

/// Splits a program into the functions that stay and the others.
///
/// # Errors
/// When it does what no program of ours does.
pub(super) fn split(module: &Module<'_>, stays: &BTreeSet<u32>) -> Result<Parts> {
    let plan = Plan::new(module, stays)?;
    Ok(Parts { first: first(module, &plan)?, rest: rest(module, &plan)? })
}

/// Who goes where, and by what number.
struct Plan {
    /// The functions that stay, and those that go, as the program counts.
    stay: Vec<u32>,
    go: Vec<u32>,
    runs: Vec<Run>,
    /// The table that functions are called through, and how many slots it has in the end.
    table: u32,
    slots: u32,
    /// The slots of those that go and that the first part knows.
    slot: BTreeMap<u32, u32>,
    /// Those among them that the browser calls.
    exported: Vec<u32>,
    /// The browser's functions that the first part uses.
    imported: Vec<u32>,
    /// What the rest uses: functions of the first part, the browser's functions, tables and globals.
    used: Uses,
}

#[derive(Default)]
struct Uses {
    functions: BTreeSet<u32>,
    tables: BTreeSet<u32>,
    globals: BTreeSet<u32>,
}

impl Plan {
    fn new(module: &Module<'_>, stays: &BTreeSet<u32>) -> Result<Self> {
        let (stay, go): (Vec<u32>, Vec<u32>) =
            module.defined().map(|(function, _)| function).partition(|function| stays.contains(function));
        let gone: BTreeSet<u32> = go.iter().copied().collect();
        let runs = module.runs()?;
        let table = runs.first().context("no function is ever called through a table")?.table;
        ensure!(runs.iter().all(|run| run.table == table), "functions lie in more than one table");
        let kind = module.tables[table as usize].ty;
        ensure!(kind.maximum == Some(kind.initial), "the table of functions grows");
        let mut slots = u32::try_from(kind.initial)?;

        let mut slot = BTreeMap::new();
        for run in &runs {
            for (at, function) in (run.first_slot..).zip(&run.functions) {
                if gone.contains(function) {
                    slot.entry(*function).or_insert(at);
                }
            }
        }
        let exported = module.exports.iter().filter(|export| export.kind == ExternalKind::Func);
        let exported: Vec<u32> =
            exported.map(|export| export.index).filter(|function| gone.contains(function)).collect();
        let mut used = Uses::default();
        let mut of_first = Uses::default();
        for (function, body) in module.defined() {
            if gone.contains(&function) {
                used.add(body)?;
            } else {
                of_first.add(body)?;
            }
        }
        used.functions.retain(|function| !gone.contains(function));
        used.tables.insert(table);
        let called = of_first.functions.intersection(&gone).chain(&exported);
        for function in called {
            slot.entry(*function).or_insert_with(|| {
                slots += 1;
                slots - 1
            });
        }
        if let Some(start) = module.start {
            ensure!(!gone.contains(&start), "the function that starts the program stays");
        }
        let pointed = runs.iter().flat_map(|run| &run.functions);
        let handed = module.exports.iter().filter(|export| export.kind == ExternalKind::Func);
        of_first.functions.extend(pointed.copied().chain(handed.map(|export| export.index)));
        let imported =
            (0..module.imported()).filter(|function| of_first.functions.contains(function)).collect();
        Ok(Self { stay, go, runs, table, slots, slot, exported, imported, used })
    }
}

impl Uses {
    fn add(&mut self, body: &FunctionBody<'_>) -> Result<()> {
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            match operators.read()? {
                Operator::Call { function_index } => self.functions.insert(function_index),
                Operator::GlobalGet { global_index } | Operator::GlobalSet { global_index } => {
                    self.globals.insert(global_index)
                }
                Operator::CallIndirect { table_index: table, .. }
                | Operator::TableGet { table }
                | Operator::TableSet { table }
                | Operator::TableGrow { table }
                | Operator::TableSize { table }
                | Operator::TableFill { table } => self.tables.insert(table),
                other @ (Operator::RefFunc { .. }
                | Operator::ReturnCall { .. }
                | Operator::ReturnCallIndirect { .. }
                | Operator::TableCopy { .. }
                | Operator::TableInit { .. }
                | Operator::MemoryInit { .. }
                | Operator::DataDrop { .. }
                | Operator::ElemDrop { .. }) => {
                    return Err(anyhow!("a function does what no function of ours does: {other:?}"));
                }
                _ => false,
            };
        }
        Ok(())
    }
}

/// How one part numbers what the program has.
struct Numbers<'a> {
    functions: BTreeMap<u32, u32>,
    tables: BTreeMap<u32, u32>,
    globals: BTreeMap<u32, u32>,
    /// Those that are called through a slot of this table instead, as the part counts tables.
    slots: (&'a BTreeMap<u32, u32>, u32),
}

impl Reencode for Numbers<'_> {
    type Error = Missing;

    fn function_index(&mut self, function: u32) -> Result<u32, reencode::Error<Missing>> {
        self.functions
            .get(&function)
            .copied()
            .ok_or(reencode::Error::UserError(Missing("function", function)))
    }

    fn table_index(&mut self, table: u32) -> Result<u32, reencode::Error<Missing>> {
        self.tables.get(&table).copied().ok_or(reencode::Error::UserError(Missing("table", table)))
    }

    fn global_index(&mut self, global: u32) -> Result<u32, reencode::Error<Missing>> {
        self.globals.get(&global).copied().ok_or(reencode::Error::UserError(Missing("global", global)))
    }
}

impl Numbers<'_> {
    fn body(&mut self, module: &Module<'_>, body: &FunctionBody<'_>) -> Result<Function> {
        let mut function = self.new_function_with_parsed_locals(body)?;
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let operator = operators.read()?;
            if let Operator::Call { function_index } = operator
                && let (Some(slot), None) =
                    (self.slots.0.get(&function_index), self.functions.get(&function_index))
            {
                function.instruction(&Instruction::I32Const(*slot as i32));
                function.instruction(&through(module, function_index, self.slots.1));
                continue;
            }
            function.instruction(&self.instruction(operator)?);
        }
        Ok(function)
    }
}

/// What a part was to refer to and does not have.
#[derive(Debug)]
struct Missing(&'static str, u32);

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the part has no {} {}", self.0, self.1)
    }
}

impl std::error::Error for Missing {}

fn first(module: &Module<'_>, plan: &Plan) -> Result<Vec<u8>> {
    // Imported, then `load`, those that stay, the stand-ins, and those that the browser calls.
    let load = plan.imported.len() as u32;
    let mut functions: BTreeMap<u32, u32> = plan.imported.iter().copied().zip(0..).collect();
    functions.extend(plan.stay.iter().copied().zip(load + 1..));
    let stand_ins = load + 1 + plan.stay.len() as u32;
    let stand_in: BTreeMap<u32, u32> = plan.slot.keys().copied().zip(stand_ins..).collect();
    let callers = stand_ins + stand_in.len() as u32;
    let caller: BTreeMap<u32, u32> = plan.exported.iter().copied().zip(callers..).collect();
    let same = |count: usize| (0..count as u32).map(|index| (index, index)).collect();
    let mut numbers = Numbers {
        functions,
        tables: same(module.tables.len()),
        globals: same(module.globals.len()),
        slots: (&plan.slot, plan.table),
    };

    let mut types = types(module, &mut numbers)?;
    let nothing = types.len();
    types.ty().function([], []);

    let mut imports = ImportSection::new();
    for function in &plan.imported {
        numbers.parse_import(&mut imports, module.imports[*function as usize])?;
    }
    imports.import(LOAD.0, LOAD.1, EntityType::Function(nothing));

    let mut functions = FunctionSection::new();
    let mut code = CodeSection::new();
    let bodies: BTreeMap<u32, &FunctionBody<'_>> = module.defined().collect();
    for function in &plan.stay {
        functions.function(module.type_of(*function));
        code.function(&numbers.body(module, bodies[function])?);
    }
    let call = |function: u32, before: Option<u32>| {
        let mut body = Function::new([]);
        if let Some(before) = before {
            body.instruction(&Instruction::Call(before));
        }
        let parameters = module.types[module.type_of(function) as usize].params().len() as u32;
        (0..parameters).for_each(|parameter| {
            body.instruction(&Instruction::LocalGet(parameter));
        });
        body.instruction(&Instruction::I32Const(plan.slot[&function] as i32));
        body.instruction(&through(module, function, plan.table));
        body.instruction(&Instruction::End);
        body
    };
    for function in stand_in.keys() {
        functions.function(module.type_of(*function));
        code.function(&call(*function, Some(load)));
    }
    for function in &plan.exported {
        functions.function(module.type_of(*function));
        code.function(&call(*function, None));
    }

    let mut tables = TableSection::new();
    for (index, table) in (0..).zip(&module.tables) {
        let mut kind = numbers.table_type(table.ty)?;
        if index == plan.table {
            kind.minimum = plan.slots.into();
            kind.maximum = Some(plan.slots.into());
        }
        tables.table(kind);
    }
    let mut memories = MemorySection::new();
    for memory in &module.memories {
        memories.memory(numbers.memory_type(*memory)?);
    }
    let mut globals = GlobalSection::new();
    for global in &module.globals {
        numbers.parse_global(&mut globals, global.clone())?;
    }

    let mut exports = ExportSection::new();
    for export in &module.exports {
        match (export.kind, caller.get(&export.index)) {
            (ExternalKind::Func, Some(caller)) => {
                exports.export(export.name, ExportKind::Func, *caller);
            }
            _ => numbers.parse_export(&mut exports, *export)?,
        }
    }
    exports.export(&name('m', 0), ExportKind::Memory, 0);
    for table in &plan.used.tables {
        exports.export(&name('t', *table), ExportKind::Table, *table);
    }
    for global in &plan.used.globals {
        exports.export(&name('g', *global), ExportKind::Global, *global);
    }
    for function in plan.used.functions.iter().filter(|function| **function >= module.imported()) {
        exports.export(&name('f', *function), ExportKind::Func, numbers.function_index(*function)?);
    }

    // Where the rest's functions will be, their stand-ins lie at first.
    let mut elements = ElementSection::new();
    let number = |function: &u32| numbers.functions.get(function).or_else(|| stand_in.get(function)).copied();
    for run in &plan.runs {
        let functions: Option<Vec<u32>> = run.functions.iter().map(number).collect();
        let functions = functions.context("a function in the table is in no part")?;
        fill(&mut elements, plan.table, run.first_slot, &functions);
    }
    let added =
        plan.slot.iter().filter(|slot| u64::from(*slot.1) >= module.tables[plan.table as usize].ty.initial);
    let added: BTreeMap<u32, u32> = added.map(|(function, slot)| (*slot, stand_in[function])).collect();
    fill_runs(&mut elements, plan.table, &added);

    let mut output = Output::new();
    output.section(&types).section(&imports).section(&functions).section(&tables).section(&memories);
    output.section(&globals).section(&exports);
    if let Some(start) = module.start {
        output.section(&StartSection { function_index: numbers.function_index(start)? });
    }
    output.section(&elements);
    if let Some(count) = module.data_count {
        output.section(&DataCountSection { count });
    }
    output.section(&code);
    let mut data = DataSection::new();
    for segment in &module.data {
        numbers.parse_data(&mut data, segment.clone())?;
    }
    output.section(&data);
    Ok(output.finish())
}

fn rest(module: &Module<'_>, plan: &Plan) -> Result<Vec<u8>> {
    let mut functions = BTreeMap::new();
    let mut imports = ImportSection::new();
    let same: BTreeMap<u32, u32> = (0..module.globals.len() as u32).map(|index| (index, index)).collect();
    let tables: BTreeMap<u32, u32> = plan.used.tables.iter().copied().zip(0..).collect();
    let table = tables[&plan.table];
    let none = BTreeMap::new();
    let mut numbers = Numbers { functions: BTreeMap::new(), tables, globals: same, slots: (&none, table) };
    for function in &plan.used.functions {
        functions.insert(*function, imports.len());
        match module.imports.get(*function as usize) {
            Some(import) => numbers.parse_import(&mut imports, *import)?,
            None => {
                let kind = EntityType::Function(module.type_of(*function));
                imports.import(FIRST, &name('f', *function), kind);
            }
        }
    }
    functions.extend(plan.go.iter().copied().zip(imports.len()..));
    numbers.functions = functions;
    let memory = numbers.memory_type(module.memories[0])?;
    imports.import(FIRST, &name('m', 0), memory);
    for table in &plan.used.tables {
        let mut kind = numbers.table_type(module.tables[*table as usize].ty)?;
        if *table == plan.table {
            kind.minimum = plan.slots.into();
            kind.maximum = Some(plan.slots.into());
        }
        imports.import(FIRST, &name('t', *table), kind);
    }
    for global in &plan.used.globals {
        let kind = numbers.global_type(module.globals[*global as usize].ty)?;
        imports.import(FIRST, &name('g', *global), kind);
    }
    numbers.globals = plan.used.globals.iter().copied().zip(0..).collect();

    let types = types(module, &mut numbers)?;
    let mut signatures = FunctionSection::new();
    let mut code = CodeSection::new();
    let bodies: BTreeMap<u32, &FunctionBody<'_>> = module.defined().collect();
    for function in &plan.go {
        signatures.function(module.type_of(*function));
        code.function(&numbers.body(module, bodies[function])?);
    }

    // A function may have several slots.
    let mut slots = BTreeMap::new();
    let gone: BTreeSet<u32> = plan.go.iter().copied().collect();
    for run in &plan.runs {
        for (slot, function) in (run.first_slot..).zip(&run.functions) {
            if gone.contains(function) {
                slots.insert(slot, numbers.function_index(*function)?);
            }
        }
    }
    for (function, slot) in &plan.slot {
        slots.insert(*slot, numbers.function_index(*function)?);
    }
    let mut elements = ElementSection::new();
    fill_runs(&mut elements, table, &slots);

    let mut output = Output::new();
    output.section(&types).section(&imports).section(&signatures).section(&elements).section(&code);
    Ok(output.finish())
}

fn types(module: &Module<'_>, numbers: &mut Numbers<'_>) -> Result<TypeSection> {
    let mut types = TypeSection::new();
    for kind in &module.types {
        types.ty().func_type(&numbers.func_type(kind.clone())?);
    }
    Ok(types)
}

/// A call of whatever lies in the slot on the stack, taken for this function.
fn through(module: &Module<'_>, function: u32, table_index: u32) -> Instruction<'static> {
    Instruction::CallIndirect { type_index: module.type_of(function), table_index }
}

/// What the first part exports something to the rest as.
fn name(kind: char, index: u32) -> String {
    format!("{kind}{index:x}")
}

fn fill(elements: &mut ElementSection, table: u32, first_slot: u32, functions: &[u32]) {
    let table = (table != 0).then_some(table);
    elements.active(table, &ConstExpr::i32_const(first_slot as i32), Elements::Functions(functions.into()));
}

/// Fills slots that need not stand one after the other.
fn fill_runs(elements: &mut ElementSection, table: u32, slots: &BTreeMap<u32, u32>) {
    let mut slots = slots.iter().peekable();
    while let Some((first_slot, function)) = slots.next() {
        let mut functions = vec![*function];
        while let Some((_, function)) =
            slots.next_if(|(slot, _)| **slot == first_slot + functions.len() as u32)
        {
            functions.push(*function);
        }
        fill(elements, table, *first_slot, &functions);
    }
}
