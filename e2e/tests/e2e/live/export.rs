//! What is handed on of a live cluster: a link, a picture, tables, a recording.

use super::page::{cluster_page, has_members, set_in_page, show_table, there_is};
use crate::axe::{check_in_all_looks, with_axe};
use crate::lab::page::{Downloads, click};
use rumormill_core::{TraceEvent, TraceRecord};
use serde_json::Value;
use std::fs;

#[tokio::test]
async fn a_link_a_picture_tables_and_a_recording_are_handed_on() {
    let (_cluster, server, browser) = cluster_page(3).await;
    with_axe(&browser).await;
    let downloads = Downloads::of(&browser, "live-export").await;
    show_table(&browser).await;
    has_members(&browser, "alive", 3).await;
    set_in_page(&browser, "color", "teal").await;
    there_is(&browser, "[data-testid=live-fate][data-fate=done]").await;
    browser.click("[data-testid=live-member-n2]").await;
    click(&browser, "live-share").await;
    there_is(&browser, "[data-testid=save-picture]:disabled").await;
    let link = "return document.querySelector('[data-testid=share-link]').value";
    let link = browser.script(link, vec![]).await;
    let link = link.as_str().expect("a field has text");
    assert!(link.starts_with(&format!("{}#/live?node=", server.url())), "{link}");
    assert!(link.ends_with("&view=table&sel=n2"), "{link}");
    check_in_all_looks(&browser, "live-export").await;

    click(&browser, "save-members").await;
    let table = fs::read_to_string(downloads.file(".members.csv").await).expect("text");
    for member in ["\nn1,alive,ws://", "\nn2,alive,ws://", "\nn3,alive,ws://"] {
        assert!(table.contains(member), "{table}");
    }
    click(&browser, "save-traffic").await;
    let table = fs::read_to_string(downloads.file(".traffic.csv").await).expect("text");
    assert!(table.starts_with("second,sent_messages,") && table.lines().count() > 1, "{table}");
    click(&browser, "save-recording").await;
    let recording = fs::read_to_string(downloads.file(".jsonl").await).expect("text");
    let mut lines = recording.lines();
    let header: Value = serde_json::from_str(lines.next().expect("a header")).expect("JSON");
    assert!(header["of"].as_str().is_some_and(|of| of.contains("3 of 3 members")), "{header}");
    let records: Vec<TraceRecord> = lines.map(|line| serde_json::from_str(line).expect("a record")).collect();
    let is_write = |record: &TraceRecord| matches!(&record.event, TraceEvent::Wrote { key, .. } if key.as_str() == "color");
    assert!(records.iter().any(is_write), "the write is in it");
    click(&browser, "live-export-close").await;

    browser.script("document.querySelector('[data-testid=live-show-ring]').click()", vec![]).await;
    there_is(&browser, "[data-testid=live-ring]").await;
    click(&browser, "live-share").await;
    click(&browser, "save-picture").await;
    let picture = fs::read(downloads.file(".png").await).expect("a file");
    assert!(picture.starts_with(b"\x89PNG") && picture.len() > 2_000, "{} bytes", picture.len());
    browser.assert_quiet_console().await;
}
