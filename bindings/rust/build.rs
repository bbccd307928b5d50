//! Finds libstator: in STATOR_LIB_DIR, else with pkg-config.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=STATOR_LIB_DIR");
    println!("cargo:rerun-if-env-changed=PKG_CONFIG_PATH");
    if let Ok(folder) = std::env::var("STATOR_LIB_DIR") {
        println!("cargo:rustc-link-search=native={folder}");
        println!("cargo:rustc-link-lib=stator");
        return;
    }
    let said = Command::new("pkg-config")
        .args(["--libs", "stator"])
        .output()
        .expect("pkg-config, or STATOR_LIB_DIR, says where libstator is");
    assert!(
        said.status.success(),
        "no libstator: {}",
        String::from_utf8_lossy(&said.stderr)
    );
    for word in String::from_utf8_lossy(&said.stdout).split_whitespace() {
        if let Some(folder) = word.strip_prefix("-L") {
            println!("cargo:rustc-link-search=native={folder}");
        } else if let Some(library) = word.strip_prefix("-l") {
            println!("cargo:rustc-link-lib={library}");
        }
    }
}
