//! A scenario in a file, YAML or JSON: read, and checked that it makes sense.

use rumormill_sim::Scenario;
use std::path::Path;

/// Reads a scenario. The error names the file, and what is wrong and allowed.
pub(crate) fn read(path: &Path) -> Result<Scenario, String> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot read {shown}: {error}"))?;
    parse(&text).map_err(|why| format!("{shown}: {why}"))
}

/// JSON is YAML, too. By way of JSON, faults read the same in both.
fn parse(text: &str) -> Result<Scenario, String> {
    let mut value: serde_json::Value =
        serde_saphyr::from_str(text).map_err(|error| format!("is neither YAML nor JSON: {error}"))?;
    // One by one, so that the error can say which act it is about.
    let acts = value.get_mut("acts").and_then(serde_json::Value::as_array_mut).map(std::mem::take);
    let mut scenario: Scenario = serde_json::from_value(value).map_err(|error| error.to_string())?;
    for (index, act) in acts.unwrap_or_default().into_iter().enumerate() {
        let act = serde_json::from_value(act).map_err(|error| format!("act {index}: {error}"))?;
        scenario.acts.push(act);
    }
    scenario.check().map_err(|error| error.to_string())?;
    Ok(scenario)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_and_json_read_the_same() {
        let yaml =
            "nodes: 3\nacts:\n  - at_us: 1000\n    act: {crash: {node: 1}}\n  - {at_us: 2000, act: heal}\n";
        let scenario = parse(yaml).expect("it makes sense");
        assert_eq!((scenario.nodes, scenario.acts.len()), (3, 2));
        let json = serde_json::to_string(&scenario).expect("scenarios encode");
        assert_eq!(parse(&json), Ok(scenario));
    }

    #[test]
    fn what_makes_no_sense_is_named_with_what_is_allowed() {
        for (text, expected) in [
            (
                "acts: [{at_us: 1, act: heal}, {at_us: 1, act: {quake: {node: 1}}}]",
                "act 1: unknown variant `quake`, expected one of `set`",
            ),
            ("acts: [{at_us: 1, act: {crash: {node: 9}}}]", "nodes are numbered 0 to 4"),
            ("nodes: 0", "1 to 10000 are allowed"),
            ("nods: 3", "unknown field `nods`, expected one of `name`"),
            ("nodes: [", "neither YAML nor JSON"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
